"""What is asked of the programs that statements show, before anybody is asked to mend them."""

from __future__ import annotations

import asyncio

import pytest

from agentprop.grading.shown_programs import gives_itself_away
from agentprop.records import Judging, Problem, TestCase
from agentprop.sandbox.executor import Executor

HALVES = "def solve(n):\n    found = 0\n    while n > 1:\n        n //= 2\n        found += 1\n    return found"


@pytest.fixture
def problem() -> Problem:
    """A problem about powers of two, with an example, two small tests and one that is large."""
    example = TestCase.of([8], 3)
    tags = ("small", "small", "large")
    judging = Judging(form="function", signature="solve(n: int) -> int", ticks=10**6, examples=(example,), tags=tags)
    tests = (TestCase.of([1], 0), TestCase.of([5], 2), TestCase.of([10**6], 19))
    made = {"statement": "Count the halvings.", "answer": HALVES, "answer_type": "program", "domain": "coding"}
    return Problem.model_construct(**made, tests=tests, judging=judging)


@pytest.mark.parametrize(
    ("old", "new", "away"),
    [
        ("n //= 2", "n //= 3", False),
        ("found = 0", "found = n // (n - 5)", False),  # breaks off on a test, and not on the example
        ("found = 0", "found = n // (n - 8)", True),
        ("n //= 2", "n *= 2**61 - 1", True),
        ("n //= 2", "n -= n % 2", True),
    ],
)
def test_a_program_that_breaks_off_on_the_example_or_comes_to_no_end_gives_its_fault_away(
    old: str, new: str, away: bool, problem: Problem, executor: Executor
) -> None:
    assert old in HALVES
    assert asyncio.run(gives_itself_away(problem, HALVES.replace(old, new), executor, "bundled")) is away
