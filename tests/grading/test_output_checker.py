"""Problems with several right outputs: the checker decides, in the sandbox, and goes where the problem goes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from stored_runs import store
from test_judged_programs import LIBRARY, problem_of

from agentprop.composition import families
from agentprop.composition.suite_building import settings
from agentprop.export.formats import FORMATS
from agentprop.export.formats.base import DATASETS, Format
from agentprop.export.problems import problem_row
from agentprop.export.reward import grade
from agentprop.export.solver import hidden_tests, question_answer
from agentprop.grading.builtin_verifier import judge
from agentprop.grading.judged_tests import JudgedTests
from agentprop.records import Certificate, Judging, Problem, TestCase, Verdict
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.common.accepted import join
from agentprop.stages.export.items import CHECKED, items

DIVISOR = """
def accepts(arguments, found, expected):
    [n] = map(int, arguments)
    found = int(found) if str(found).strip().isdecimal() else 0
    return 1 < found < n and n % found == 0 if int(expected) else found == 0
"""
"""Any proper divisor will do."""
WITH_CHECKER = [
    name
    for name, package in LIBRARY.items()
    if package.spec.judged is not None and families.checker(package, next(settings(package))) is not None
]


@pytest.fixture(scope="module")
def sandbox(executor: Executor) -> Sandbox:
    return executor.sandbox


def divisor_problem(form: str, checker: str | None = DIVISOR) -> Problem:
    called = form == "function"
    cases = [TestCase.of([n if called else f"{n}\n"], d if called else f"{d}\n") for n, d in ((12, 2), (35, 5), (7, 0))]
    return Problem(
        statement=f"Find a divisor, as a {form} program.",
        answer="",
        answer_type="program",
        domain="coding",
        category="coding-judge",
        skills=(),
        skill_ids=(),
        entry_point="solve" if called else None,
        tests=tuple(cases),
        judging=Judging(
            form="function" if called else "stdio",
            signature="solve(n: int) -> int" if called else "",
            ticks=10_000,
            checker=checker,
        ),
        certificate=Certificate(form="none"),
    )


def divisor_program(form: str, values: str) -> str:
    if form == "function":
        return f"def solve(n):\n    return {values}[n]"
    return f"print({values}[int(input())])"


@pytest.mark.parametrize("form", ["function", "stdio"])
@pytest.mark.parametrize(
    ("values", "status"),
    [
        ("{12: 2, 35: 5, 7: 0}", "same"),
        ("{12: 6, 35: 7, 7: 0}", "same"),
        ("{12: 5, 35: 7, 7: 0}", "different"),
        ("{12: 6, 35: 7, 7: 7}", "different"),
        ("{12: 6, 35: 'seven', 7: 0}", "different"),
        ("{12: 6, 35: 7}", "different"),
    ],
)
def test_any_output_that_the_checker_accepts_is_right(form: str, values: str, status: str, sandbox: Sandbox) -> None:
    found = JudgedTests(divisor_problem(form), sandbox, 10.0).passes(divisor_program(form, values))
    assert found.status == status, found.why


@pytest.mark.parametrize("form", ["function", "stdio"])
@pytest.mark.parametrize(
    "checker", ["def accepts(*_):\n    return 1 / 0", "def accepts(*_):\n    return 1", "accepts ="]
)
def test_a_checker_that_says_nothing_decides_nothing(form: str, checker: str, sandbox: Sandbox) -> None:
    program = divisor_program(form, "{12: 2, 35: 5, 7: 0}")
    assert JudgedTests(divisor_problem(form, checker), sandbox, 10.0).passes(program).status == "undetermined"


def test_all_outputs_of_a_skill_s_own_program_are_checked_in_one_call(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "n = int(input())\nprint(next((d for d in range(2, n) if n % d == 0), 0))"
    calls: list[int] = []
    call = sandbox.call

    def counted(source: str, function: str, arguments: Any, **rest: Any) -> Any:
        calls.append(len(arguments))
        return call(source, function, arguments, **rest)

    monkeypatch.setattr(sandbox, "call", counted)
    assert JudgedTests(divisor_problem("stdio"), sandbox, 10.0, origin="ours").passes(program).status == "same"
    assert calls == [3]
    wrong = program.replace("% d == 0", "% d == 1")
    assert JudgedTests(divisor_problem("stdio"), sandbox, 10.0, origin="ours").passes(wrong).status == "different"
    assert JudgedTests(divisor_problem("stdio"), sandbox, 10.0).passes(program).status == "same"
    assert calls == [3, 3, 1, 1, 1]


def test_a_value_that_cannot_leave_its_process_is_not_judged(sandbox: Sandbox) -> None:
    program = "def solve(n):\n    return object()"
    assert JudgedTests(divisor_problem("function"), sandbox, 10.0).passes(program).status == "undetermined"


def test_a_program_does_not_see_the_checker(sandbox: Sandbox) -> None:
    program = "import sys\ndef solve(n):\n    return 6 if 'accepts' in dir(sys.modules['__main__']) else 0"
    assert JudgedTests(divisor_problem("function"), sandbox, 10.0).passes(program).status == "different"


def test_some_families_have_a_checker_of_each_form() -> None:
    forms = {LIBRARY[name].spec.judged.form for name in WITH_CHECKER}  # type: ignore[union-attr]
    assert len(WITH_CHECKER) >= 2 and forms == {"function", "stdio"}


def test_the_verifier_refuses_another_checker(sandbox: Sandbox) -> None:
    package = LIBRARY["coding-judge-guides"]
    problem = problem_of(package, next(settings(package)))
    assert problem.judging is not None
    for checker in (None, "def accepts(*_):\n    return True"):
        changed = problem.model_copy(update={"judging": problem.judging.model_copy(update={"checker": checker})})
        found = asyncio.run(judge(changed, LIBRARY, {}, Executor(sandbox)))
        assert (found.value, found.code) == ("invalid", "mismatch")


def test_exported_rows_carry_the_checker_and_rewards_use_it() -> None:
    problem = divisor_problem("function")
    answer = question_answer(problem).answer
    back = hidden_tests(answer)
    assert back is not None and back.judging is not None and back.judging.checker == DIVISOR
    for values, reward in (("{12: 6, 35: 7, 7: 0}", 1.0), ("{12: 5, 35: 7, 7: 0}", 0.0)):
        assert grade(f"```python\n{divisor_program('function', values)}\n```", answer) == reward
    assert json.loads(problem_row(problem, None, None, None).judging)["checker"] == DIVISOR
    assert "checker" not in json.loads(question_answer(divisor_problem("function", None)).answer)["judging"]


def test_a_format_that_cannot_carry_a_checker_leaves_such_problems_out(tmp_path: Path) -> None:
    problems = [divisor_problem("function"), divisor_problem("stdio", None)]
    verdicts = [Verdict(problem_id=one.id, value="valid", code="agrees") for one in problems]
    joined = join([str(store(tmp_path / "run", "propose", [*problems, *verdicts]))])
    assert [one.problem for one in joined.problems()] == problems
    plain = Format(FORMATS["trl-grpo"].row, "jsonl", DATASETS, ("questions",))
    assert len(list(items("questions", FORMATS["trl-grpo"], joined, None))) == 2 and not joined.left_out
    assert len(list(items("questions", plain, joined, None))) == 1 and joined.left_out == {CHECKED: 1}
    assert len(list(items("problems", FORMATS["jsonl"], joined, None))) == 2
