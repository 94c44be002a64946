"""A problem that poses a lifted program → a judgement: its program against the skill's, on its tests and on others.

The statement is the skill's own description, so what a right program returns is what the skill's reference returns: on
the stored tests, on the corpus' recorded ones, and on inputs drawn anew.
"""

from __future__ import annotations

from random import Random
from typing import Any, cast

from agentprop.composition import lifted
from agentprop.composition.returned import agrees
from agentprop.grading.judgement import Judgement
from agentprop.records import Problem
from agentprop.sandbox.executor import Executor
from agentprop.sandbox.records import UNDECIDED, Job, Result
from agentprop.skills import Package, origin_of

INPUTS = 8
"""Inputs drawn beside the stored and the recorded tests."""

_OUTPUTS = """

def agentprop_outputs(function, cases):
    import copy
    found = []
    for case in cases:
        try:
            found.append((True, function(*copy.deepcopy(case))))
        except Exception as error:
            found.append((False, type(error).__name__))
    return found


outputs = agentprop_outputs({name}, {cases!r})
"""


async def judge_lifted(problem: Problem, package: Package, executor: Executor) -> Judgement:
    """Judge a problem whose statement is the description of a lifted program."""
    entry_point = package.spec.entry_point or ""
    if problem.answer_type != "program":
        return Judgement("invalid", "answer_type", f"the statement asks for a program, not {problem.answer_type}")
    if problem.entry_point != entry_point:
        return Judgement("invalid", "entry_point", f"the statement asks for `{entry_point}`, not {problem.entry_point}")
    if len({test.arguments for test in problem.tests}) < lifted.LEAST_TESTS:
        return Judgement("invalid", "tests", f"a program needs at least {lifted.LEAST_TESTS} different tests")
    try:
        stored = [test.values() for test in (*problem.tests, *lifted.recorded(package))]
    except ValueError:
        return Judgement("invalid", "tests", "the stored tests cannot be read")
    cases = [arguments for arguments, _ in stored] + lifted.inputs(package, Random(problem.id), INPUTS)
    source, origin = lifted.reference(package.script or ""), origin_of([package])
    wanted = await executor.run(_job(source, entry_point, cases, origin))
    given = await executor.run(_job(problem.answer, entry_point, cases, origin if problem.answer == source else None))
    for code, ran in (("check_fails", wanted), ("program_check_fails", given)):
        if ran.status in UNDECIDED or (ran.status == "ok" and not ran.has_value):
            return Judgement("undetermined", ran.status, ran.detail or ran.status, isolation=ran.isolation)
        if ran.status != "ok":
            return Judgement("invalid", code, ran.error or ran.status, isolation=ran.isolation)
    return _compared(problem, stored, wanted, given, len(cases))


def _job(source: str, entry_point: str, cases: list[list[Any]], origin: str | None) -> Job:
    return Job(source + _OUTPUTS.format(name=entry_point, cases=cases), returns="outputs", origin=origin)


def _compared(
    problem: Problem, stored: list[tuple[list[Any], Any]], wanted: Result, given: Result, count: int
) -> Judgement:
    decided: list[tuple[bool, Any]] = cast("list[tuple[bool, Any]]", wanted.value)
    claimed: list[tuple[bool, Any]] = cast("list[tuple[bool, Any]]", given.value)
    for (answered, value), (_, expected) in zip(decided, stored, strict=False):
        if not answered or not agrees(value, expected):
            return Judgement("invalid", "tests", "a stored test expects what the skill's program does not give")
    for (answered, value), (said, other) in zip(decided, claimed, strict=True):
        if answered and not (said and agrees(other, value)):
            return Judgement("invalid", "answer_differs", "the reference program fails on data that the skill decides")
    why = f"the reference program agrees with the skill's on {count} inputs, the corpus' own tests among them"
    return Judgement("valid", "agrees", why, problem.answer, given.isolation)
