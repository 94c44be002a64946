"""A row's tests of a program and its own programs → whether the tests are any good, and how to judge by them.

Tests that a row's own program fails say nothing about another one, and neither do tests that a program passes which
does nothing but raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agentprop.answers.outcome import Equivalence
from agentprop.grading.judged_tests import program_tests
from agentprop.grading.probers import PROGRAM_S, ProgramJudge
from agentprop.grading.program_tests import BoundTests, CodeTests, ProgramTests, stub
from agentprop.records import Problem
from agentprop.sandbox import Sandbox

FAILS, UNDECIDED, FORGIVING = "reference-fails", "reference-undecided", "tests-pass-anything"
TOLD = {
    FAILS: "the row's own reference program fails its tests",
    UNDECIDED: "the row's own reference program is not shown to pass its tests",
    FORGIVING: "the tests pass a program that does nothing but raise",
}
"""Reason codes and their sentences."""


def program_judge(
    tests: Mapping[str, ProgramTests], sandbox: Sandbox, problem: Problem, seconds: float
) -> ProgramJudge:
    """How programs for a problem are judged: by its row's tests, or by those that it carries itself."""
    found = tests.get(problem.id)
    return program_tests(problem, sandbox, seconds) if found is None else BoundTests(found, sandbox, seconds)


class RowFault(NamedTuple):
    """Why the tests of a row cannot be relied on."""

    code: str
    """Reason code."""
    verdict: Equivalence
    """What the tests say of the program that shows it."""


def row_fault(
    problem: Problem,
    tests: ProgramTests | None,
    references: Sequence[str],
    sandbox: Sandbox,
    seconds: float = PROGRAM_S,
) -> RowFault | None:
    """What is wrong with a row; None if one of its references passes, or there is none. It blocks."""
    judge = program_judge({} if tests is None else {problem.id: tests}, sandbox, problem, seconds)
    if isinstance(tests, CodeTests) and tests.forgiving:
        verdict = judge.passes(stub(tests.plan.target))
        if verdict.status == "same":
            return RowFault(FORGIVING, verdict)
    fault: RowFault | None = None
    for program in references:
        verdict = judge.passes(program)
        if verdict.status == "same":
            return None
        fault = RowFault(FAILS if verdict.status == "different" else UNDECIDED, verdict)
    return fault
