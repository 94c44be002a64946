"""Answers to a problem are compared by its answer type; programs by the hidden tests, in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from toy_problems import doubling, problem

from agentprop.grading.comparison import ComparisonLimits, HiddenTests, comparison_of, unfenced
from agentprop.sandbox import Sandbox

SECRET = 918273645918273645
SPY = """
import gc, re
found_elsewhere = [{given}]

def double(n):
    for box in gc.get_objects():
        values = list(box.values()) if isinstance(box, dict) else box if isinstance(box, (list, tuple, set)) else ()
        for value in values:
            numbers = re.findall(r"\\d{{18}}", value) if isinstance(value, str) else [value]
            for number in numbers:
                if (type(number) is int or isinstance(number, str)) and int(number) % 1000003 == {hint}:
                    return int(number)
"""
"""A program that looks for a number of known remainder in every container and text that it can reach."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=(), slots=1, allow_weak=True) as found:
        yield found


@pytest.mark.parametrize(
    ("kind", "gold", "pred", "status"),
    [
        ("integer", "1000", "1,000", "same"),
        ("integer", "1000", "$10^3$", "same"),
        ("integer", "5", "-5", "different"),
        ("rational", "1/2", "0.5", "same"),
        ("boolean", "Yes", "true", "same"),
        ("boolean", "Yes", "No", "different"),
        ("string", "0101", "101", "different"),
        ("string", "0101", "'0101'", "same"),
        ("string", "abc", "The answer is abc.", "same"),
        ("string", "abc", "abd", "different"),
        ("list", "['a', 'b']", '["a","b"]', "same"),
        ("list", "[1, 2]", "[2, 1]", "different"),
        ("list", "[1, 2]", "1, 2", "same"),
        ("expression", "(x+1)^2", "x^2+2x+1", "same"),
    ],
)
def test_texts_meet_as_their_kind_asks_for(kind: str, gold: str, pred: str, status: str, sandbox: Sandbox) -> None:
    one = problem(answer=gold, answer_type=kind)
    assert comparison_of(one, sandbox, ComparisonLimits(comparison_s=30.0))(gold, pred).status == status


def test_the_statements_unit_and_precision_count(sandbox: Sandbox) -> None:
    one = problem(answer="3.40", answer_type="quantity", unit="m", figures=3)
    compare = comparison_of(one, sandbox, ComparisonLimits())
    assert [compare("3.40", pred).status for pred in ("340 cm", "3.404 m", "3.41 m")] == ["same", "same", "different"]


@pytest.mark.parametrize(
    ("tolerance", "gold", "right", "wrong"),
    [
        ("5%", "50.7", "48.5 atm", "45 atm"),
        ("1e-2", "0.0333", r"\frac{1}{30}", "0.05"),
        (None, "50.7", "50.70", "50.69"),
    ],
)
def test_a_number_may_be_off_as_far_as_its_source_allows(
    tolerance: str | None, gold: str, right: str, wrong: str, sandbox: Sandbox
) -> None:
    one = problem(answer=gold, answer_type="expression", tolerance=tolerance, unit="atm" if gold == "50.7" else None)
    compare = comparison_of(one, sandbox, ComparisonLimits())
    assert [compare(gold, pred).status for pred in (right, wrong)] == ["same", "different"]


def test_a_further_answer_that_its_source_accepts_is_right(sandbox: Sandbox) -> None:
    one = problem(answer="United Kingdom", answer_type="expression", accepted=("UK", "Great Britain"))
    compare = comparison_of(one, sandbox, ComparisonLimits())
    assert compare("United Kingdom", "UK").status == compare("United Kingdom", "great Britain").status == "same"
    assert compare("United Kingdom", "France").status != "same"
    assert compare("France", "UK").status != "same", "two attempts that are compared are no gold"


def test_a_unit_that_only_its_proposer_knows_is_no_obstacle(sandbox: Sandbox) -> None:
    one = problem(answer="3.40", answer_type="quantity", unit="florps")
    assert comparison_of(one, sandbox, ComparisonLimits())("3.40", "3.4").status == "same"


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("def double(n):\n    return n + n", "same"),
        ("```python\ndef double(n):\n    return n + n\n```", "same"),
        ("def double(n):\n    return n + 1", "different"),
        ("def double(n):\n    return float(2 * n)", "different"),
        ("def double(n):\n    raise ValueError", "different"),
        ("def triple(n):\n    return 3 * n", "different"),
        ("def double(n", "different"),
        ("", "different"),
        ("def double(n):\n    while True: pass", "undetermined"),
        ("import os\ndef double(n):\n    os._exit(0)", "different"),
    ],
)
def test_a_program_is_right_where_it_passes_the_hidden_tests(program: str, status: str, sandbox: Sandbox) -> None:
    one = doubling()
    compare = comparison_of(one, sandbox, ComparisonLimits(program_s=2.0))
    assert compare(one.answer, program).status == status


def test_what_the_tests_expect_never_enters_the_programs_process(sandbox: Sandbox) -> None:
    """A program that looks for the expected value everywhere it can reach finds nothing."""
    one = doubling(tests=(("[1]", str(SECRET)),))
    compare = HiddenTests(one, sandbox, 20.0)
    assert compare.passes(SPY.format(hint=SECRET % 1000003, given=SECRET)).status == "same", "it finds what is there"
    assert compare.passes(SPY.format(hint=SECRET % 1000003, given=None)).status == "different"


@pytest.mark.parametrize("tests", [(), (("[1", "2"),), (("1", "2"),), (("[1]", "{"),)])
def test_tests_that_cannot_be_used_decide_nothing(tests: tuple[tuple[str, str], ...], sandbox: Sandbox) -> None:
    one = doubling(tests=tests)
    assert comparison_of(one, sandbox, ComparisonLimits())(one.answer, one.answer).status == "undetermined"


def test_each_program_is_run_once() -> None:
    class Counting(Sandbox):
        calls = 0

        def call(self, *arguments: object, **options: object) -> list[object]:  # type: ignore[override]
            self.calls += 1
            return super().call(*arguments, **options)  # type: ignore[arg-type,return-value]

    with Counting(preload=(), slots=1, allow_weak=True) as counting:
        compare = HiddenTests(doubling(), counting, 5.0)
        program = "def double(n):\n    return n + n"
        assert all(compare(doubling().answer, program).status == "same" for _ in range(3))
        assert counting.calls == 2


def test_the_last_fenced_block_is_the_program() -> None:
    assert unfenced("First\n```\na\n```\nthen\n```python\nb = 1\nc = 2\n```\ndone") == "b = 1\nc = 2"
    assert unfenced("a = '```'") == "a = '```'"
