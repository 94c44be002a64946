"""Every clause of the contract of a submission, broken once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentprop.records import StopReason, Submission, TestCase
from agentprop.records import action_text as protocol

GOOD: dict[str, Any] = {
    "statement": "Find the square of the double of 7.",
    "answer": "196",
    "answer_type": "integer",
    "certificate": "from skills import toy_square, toy_double\nanswer = toy_square.solve(n=toy_double.solve(n=7))",
}
CALLS = GOOD["certificate"]
LITERAL = "from fractions import Fraction\nanswer = Fraction(392, 2)"
TESTS = [{"arguments": json.dumps([n]), "expected": json.dumps(n * n)} for n in range(5)]
PROGRAM: dict[str, Any] = {
    "statement": "Write a Python function `square(n)` that returns the square of n.",
    "answer": "def square(n):\n    return n * n",
    "answer_type": "program",
    "certificate": "",
    "tests": TESTS,
}
COMPOSED = '{"apply":"toy-square","to":{"n":{"apply":"toy-double","to":{"n":"7"}}}}'


def outcome(play: Any, base: dict[str, Any], **fields: Any) -> str:
    submission = Submission.model_validate({**base, **fields})
    turn = play(protocol.submit(submission)).trajectory.turns[0]
    assert isinstance(turn.outcome, str)
    return turn.outcome


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"answer": "196.0"},
        {"answer": "$196$"},
        {"composition": COMPOSED},
        {"certificate": f"print('noise')\n{CALLS}"},
        {"certificate": f"{CALLS}\nassert answer == 196"},
        {"certificate": f"{CALLS}\nanswer = str(answer)"},
        {"certificate": "from skills.toy_double import solve\nanswer = solve(7) ** 2"},
        {"certificate": "from skills import toy_double as d\nfor n in [7]:\n    answer = d.check(n) ** 2"},
        {"certificate": "answer = (2 * 7) ** 2"},
        {"certificate": "from fractions import Fraction\nanswer = Fraction(7 * 56, 2)"},
        {"certificate": "answer = 7 * 1.76", "answer": "12.3 m", "answer_type": "quantity", "unit": "m", "figures": 3},
        {"certificate": "answer = 7 % 2 == 1", "answer": "Yes", "answer_type": "boolean"},
        {"certificate": "answer = [7, 2 * 7]", "answer": "[7, 14]", "answer_type": "list"},
        {"statement": "Find the square of the double of seven."},
        {"statement": "What is 1 half of the length of `abcd` in letters?", "certificate": "answer = 49 * len('abcd')"},
    ],
    ids=str,
)
def test_what_keeps_the_contract_is_accepted(fields: dict[str, Any], play: Any) -> None:
    assert outcome(play, GOOD, **fields) == "ok"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"composition": f'{{"node":"remainder","body":{COMPOSED},"modulus":1000}}'}, "inert:remainder"),
        ({"statement": "Find it."}, "statement_length"),
        ({"statement": "Find the square. " * 2000}, "statement_length"),
        ({"statement": "Find the square of 7 and \x00 more."}, "statement_text"),
        ({"answer": "  "}, "answer_missing"),
        ({"answer": "1" * 20_001}, "answer_missing"),
        ({"answer": "197"}, "certificate_differs"),
        ({"answer": "-196"}, "certificate_differs"),
        ({"answer": "about two hundred"}, "answer_form"),
        ({"answer": "196 apples"}, "answer_form"),
        ({"answer": "196", "answer_type": "boolean"}, "answer_form"),
        ({"answer": "196", "answer_type": "list"}, "answer_form"),
        ({"answer": "roughly", "answer_type": "quantity"}, "answer_form"),
        ({"statement": "Find the square of the double of 7. The answer is 196."}, "statement_tells_answer"),
        ({"statement": "Show that the square of the double of 7 is $\\boxed{196}$."}, "statement_tells_answer"),
        ({"statement": "What is the square of the double of 7? (The answer is 196.)"}, "statement_tells_answer"),
        ({"statement": "What is the square of the double of 7? **Answer:** $n = 196$."}, "statement_tells_answer"),
        ({"statement": "What is the square of the double of 7? (ans: 196)"}, "statement_tells_answer"),
        ({"statement": "What is the square of the double of 7?\n\nAnswer\n196"}, "statement_tells_answer"),
        ({"certificate": "answer = 196"}, "certificate_literal"),
        ({"certificate": "answer = '196'"}, "certificate_literal"),
        ({"certificate": "value = -(-196)\nanswer = int(str(value))"}, "certificate_literal"),
        ({"certificate": LITERAL}, "certificate_literal"),
        ({"certificate": f"{CALLS}\nanswer = 196"}, "certificate_independent"),
        ({"certificate": "from skills import toy_square, toy_double\nanswer = (2 * 7) ** 2"}, "skills_not_called"),
        ({"certificate": "answer = (2 * 7) ** 2", "composition": COMPOSED}, "skills_not_called"),
        (
            {"certificate": "from skills import toy_square\nanswer = toy_square.solve(2 * 7)", "composition": COMPOSED},
            "skills_not_called",
        ),
        ({"certificate": "answer = 14 ** 2"}, "certificate_independent"),
        ({"certificate": "answer = 195 + 7 // 7"}, "certificate_independent"),
        ({"certificate": "assert 7 == 7\nanswer = 14 ** 2"}, "certificate_independent"),
        ({"certificate": "from skills import toy_square\nanswer = toy_square.solve(14)"}, "certificate_independent"),
        ({"certificate": "  "}, "certificate_missing"),
        ({"certificate": "x = 196"}, "certificate_silent"),
        ({"certificate": "print(196)"}, "certificate_silent"),
        ({"certificate": "raise ValueError('no')"}, "certificate_error"),
        ({"certificate": "answer = ("}, "certificate_error"),
        ({"certificate": "from skills import toy_successor\nanswer = 196"}, "certificate_error"),
        ({"certificate": "answer = print"}, "certificate_error"),
        ({"certificate": "answer = float('inf')"}, "certificate_differs"),
        ({"certificate": "answer = float('nan')", "answer": "nan"}, "answer_form"),
        ({"certificate": "answer = float('nan')", "answer": "nan", "answer_type": "string"}, "certificate_differs"),
        ({"certificate": "answer = 10 ** 5000"}, "certificate_differs"),
        ({"certificate": "answer = [10 ** 5000]", "answer": "[1]", "answer_type": "list"}, "certificate_differs"),
        ({"certificate": "answer = None"}, "certificate_differs"),
        ({"certificate": "while True: pass"}, "certificate_timeout"),
        ({"certificate": "answer = bytearray(4 << 30)"}, "certificate_memory"),
        ({"composition": "nonsense"}, "composition_unreadable"),
        ({"composition": '"7"'}, "composition_unreadable"),
        ({"composition": '{"node":"least","variable":"n","low":1,"body":"3","relation":1}'}, "composition_unreadable"),
        ({"composition": '{"apply":"toy-successor","to":{"n":"7"}}'}, "inactive_skill"),
    ],
    ids=lambda x: str(x)[:60],
)
def test_a_broken_clause_is_named(fields: dict[str, Any], code: str, play: Any) -> None:
    assert outcome(play, GOOD, **fields) == f"refused:{code}"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"tests": TESTS[:3]}, "tests_missing"),
        ({"tests": TESTS[:1] * 5}, "tests_missing"),
        ({"tests": [*TESTS, {"arguments": "[9]", "expected": "80"}]}, "tests_fail"),
        ({"tests": [*TESTS, {"arguments": "[9]", "expected": "81.0"}]}, "tests_fail"),
        ({"answer": "def square(n):\n    return 10 ** 5000 + n"}, "tests_fail"),
        ({"answer": "def squared(n):\n    return n * n"}, "certificate_error"),
        ({"tests": [*TESTS, {"arguments": "[1, 2]", "expected": "1"}]}, "certificate_error"),
        ({"answer": "import sys\nsys.exit(0)"}, "certificate_error"),
    ],
    ids=lambda x: str(x)[:60],
)
def test_a_program_that_breaks_a_clause_is_refused(fields: dict[str, Any], code: str, play: Any) -> None:
    assert outcome(play, PROGRAM, **fields) == f"refused:{code}"


def test_a_program_is_tested_under_the_name_its_statement_asks_for(play: Any) -> None:
    problem = play(protocol.submit(Submission.model_validate(PROGRAM))).problem
    assert problem is not None
    assert (problem.entry_point, len(problem.tests), problem.certificate.form) == ("square", 5, "none")


@pytest.mark.parametrize(
    ("fields", "skills", "answer"),
    [
        ({}, ("toy-square", "toy-double"), "196"),
        ({"answer": "$\\boxed{196.}$"}, ("toy-square", "toy-double"), "196"),
        ({"certificate": "from skills import toy_double\nanswer = toy_double.solve(7) ** 2"}, ("toy-double",), "196"),
        ({"certificate": "answer = (2 * 7) ** 2"}, (), "196"),
        (
            {"certificate": "answer = 7 % 2 == 1", "answer": "$\\text{true}$", "answer_type": "boolean"},
            (),
            "Yes",
        ),
    ],
    ids=str,
)
def test_a_problem_names_the_skills_that_were_called_and_its_answer_is_canonical(
    fields: dict[str, Any], skills: tuple[str, ...], answer: str, play: Any
) -> None:
    problem = play(protocol.submit(Submission.model_validate({**GOOD, **fields}))).problem
    assert problem is not None
    assert (problem.skills, problem.answer) == (skills, answer)
    assert len(problem.skill_ids) == len(skills)


def test_a_certificate_that_does_not_end_with_other_numbers_depends_on_them(play: Any) -> None:
    source = "n = 7\nwhile n != 7:\n    n += 1\nfrom skills import toy_square\nanswer = toy_square.solve(2 * n)"
    assert outcome(play, GOOD, certificate=source) == "ok"


def test_what_a_problem_composes_is_what_it_names(play: Any) -> None:
    problem = play(protocol.submit(Submission.model_validate({**GOOD, "composition": COMPOSED}))).problem
    assert problem is not None
    assert problem.skills == ("toy-square", "toy-double")
    assert problem.operators == ("chain",)
    assert problem.certificate.form == "composition"
    assert problem.evidence == "independent"


def test_without_a_sandbox_the_tool_fails_and_not_the_submission(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentprop.sandbox import Result
    from agentprop.sandbox.executor import Executor

    async def gone(self: Executor, job: object) -> Result:
        return Result("sandbox-unavailable", "the zygote died")

    async def all_gone(self: Executor, jobs: object) -> list[Result]:
        return [await gone(self, jobs)]

    monkeypatch.setattr(Executor, "run", gone)
    monkeypatch.setattr(Executor, "run_in_turn", all_gone)
    for message in (protocol.submit(Submission.model_validate(GOOD)), protocol.execute("print(1)")):
        trajectory = play(message, message).trajectory
        assert (len(trajectory.turns), trajectory.stop) == (1, StopReason.TOOL_FAILURE)


def test_test_cases_travel_as_json() -> None:
    assert TestCase.model_validate(TESTS[2]).expected == "4"
