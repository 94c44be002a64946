"""A submission about a program that is judged as judges do → its problem, or what it breaks.

Problems of a family take the tests of its suite; programs composed of skills keep what their statement promises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from agentprop.agent.clauses import with_ablation
from agentprop.agent.submissions import (
    Violation,
    answer_verdict,
    calling,
    form_violation,
    problem_of,
    values_verdict,
)
from agentprop.composition import families, program_tasks, promises, suites
from agentprop.composition.program_tasks import Asked
from agentprop.composition.promises import Promises
from agentprop.composition.solution import solved_program
from agentprop.composition.suites import Setting
from agentprop.composition.terms import Apply, Program, from_json, skills
from agentprop.grading.family_problems import SECONDS, brute_at_edge
from agentprop.grading.judged_tests import TOO_SLOW, remembered
from agentprop.grading.shown_programs import fault_of_shown, gives_itself_away
from agentprop.records import MadeBy, Problem, Submission, Task, TestCase
from agentprop.sandbox import OUTSIDE, Job
from agentprop.sandbox.executor import Executor
from agentprop.skills import Judged, Package, origin_of

MOST_TICKS = 10_000_000
"""Ticks that a reference may use on all tests together."""


class Posed(NamedTuple):
    """The family and the setting that a submission poses a problem of, and what it asks."""

    package: Package
    values: Mapping[str, Any]
    setting: Setting
    judged: Judged
    asked: Asked


def posed_by(submission: Submission, active: Mapping[str, Package]) -> Posed | None:
    """What a submission poses of a family; None for any other."""
    if submission.composition is None:
        return None
    try:
        term = from_json(submission.composition)
        package = families.family(term, active)
        if package is None or package.spec.judged is None or not isinstance(term, Apply):
            return None
        values = families.parameters(term, package)
        found = suites.setting(package, values)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # a model may have written it
        return None
    _, asked = program_tasks.asked(submission.statement)
    return None if found is None else Posed(package, values, found, package.spec.judged, asked)


async def at_edge(
    submission: Submission,
    posed: Posed,
    task: Task,
    active: Mapping[str, Package],
    executor: Executor,
    made_by: MadeBy,
) -> Problem | Violation:
    """The problem that asks what an input at the edge of a family's limits gives."""
    own = families.program(posed.package, posed.values)
    if posed.asked.program != own or posed.asked.given not in program_tasks.edge_inputs(posed.judged, posed.setting):
        return Violation("unfit_program", "the program or the input shown is not one of the family")
    written = families.edge_certificate(posed.package, posed.values, posed.asked.given)
    result, brute = await asyncio.gather(
        executor.run(Job(written, posed.package.sources, returns="answer", origin=origin_of([posed.package]))),
        executor.run(brute_at_edge(posed.package, posed.values, posed.asked.given)),
    )
    violation = form_violation(submission) or answer_verdict(submission, result)
    if violation is None and brute.status == "error":
        violation = Violation("unfit_program", "the brute force does not come to an end on the input shown")
    return violation or problem_of(submission, task, active, tuple(active), result.isolation, made_by)


async def judged(
    submission: Submission,
    posed: Posed,
    task: Task,
    active: Mapping[str, Package],
    executor: Executor,
    made_by: MadeBy,
) -> Problem | Violation:
    """The problem of a family with the tests of its setting; its reference must pass them within the budget.

    The tests are the family's own: they were made against wrong and slow programs, and none is taken from a proposer.
    """
    submission = submission.model_copy(update={"tests": posed.setting.tests})
    judging, asked = families.judging(posed.package, posed.values, posed.setting), posed.asked
    shown = {"repair": program_tasks.faulty, "optimise": program_tasks.slow}.get(asked.task)
    if shown is not None and asked.program not in shown(posed.package, posed.values):
        return Violation("unfit_program", "the program shown is not one of the family's wrong or slow ones")
    violation = form_violation(submission)
    if violation is not None:
        return violation
    found = problem_of(submission, task, active, tuple(active), executor.sandbox.isolation.level, made_by)
    if isinstance(found, Violation):
        return found
    point = families.ENTRY_POINT if judging.form == "function" else None
    found = found.model_copy(update={"judging": judging, "entry_point": point})
    own = origin_of([posed.package]) if found.answer == families.program(posed.package, posed.values) else None
    verdict = await asyncio.to_thread(remembered, found, found.answer, executor.sandbox, SECONDS, own)
    if verdict.status == "same":
        term = from_json(found.certificate.composition or "")  # _posed read it
        told = solved_program(term, active, found.answer)
        return found.model_copy(update={"solution": told})
    code = TOO_SLOW if verdict.rule == TOO_SLOW else "tests_fail" if verdict.status == "different" else verdict.rule
    return Violation(code.replace("-", "_"), verdict.why, verdict.rule in OUTSIDE)


class Promising(NamedTuple):
    """The composed program that a submission poses a problem of, what it promises, and what it asks."""

    term: Program
    promised: Promises
    asked: Asked


def promising(submission: Submission, active: Mapping[str, Package]) -> Promising | None:
    """What the statement of a composed program promises; None if it promises nothing.

    Raises ValueError if that is not what the composition's data are.
    """
    try:
        term = from_json(submission.composition or "")
        if not isinstance(term, Program) or set(skills(term)) - set(active):
            return None
        promisable = promises.can_promise(term, active)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError):  # a model wrote it
        return None
    statement, asked = program_tasks.asked(submission.statement)
    found = promises.promised(statement)
    if found is None:
        return None
    least = promises.least(found.limits, term, active) if promisable else None
    if least is None:
        raise ValueError("the limits are not those of the data")
    data, wide = [test.values()[0] for test in submission.tests], promises.are_wide(found.limits, term, active)
    if any(len(one) != 1 or not promises.fits(one[0], least, term, active, wide=wide) for one in data):
        raise ValueError("a test breaks the limits of the statement")
    return Promising(term, found, asked)


async def with_promises(
    submission: Submission,
    posed: Promising,
    task: Task,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    made_by: MadeBy,
    origin: str | None,
) -> Problem | Violation:
    """The problem of a composed program, with large tests and a budget beside the tests of the proposer."""
    term, promised, asked = posed
    shown = [(list(arguments), value) for arguments, value in (*promised.edge, *promised.examples)]
    given = [test.values() for test in submission.tests] + shown
    wide = promises.are_wide(promised.limits, term, active)
    large = promises.large(term, active, Random(submission.statement), wide=wide)
    calls = [arguments for arguments, _ in given] + [[value] for value in large]
    result = await executor.run(replace(calling(submission, calls), origin=origin, ticks=MOST_TICKS))
    violation = values_verdict(given, result)
    if violation is not None:
        return violation
    assert isinstance(result.value, list)  # by `values_verdict`
    added = tuple(TestCase.of([value], out) for value, out in zip(large, result.value[len(given) :], strict=True))
    submission = submission.model_copy(update={"tests": (*submission.tests, *added)})
    found = problem_of(submission, task, active, tuple(active), result.isolation, made_by)
    if isinstance(found, Violation):
        return found
    edges = {repr(value) for value in promises.edges(term, active)}
    tags = ["edge" if repr(arguments[0]) in edges else "small" for arguments, _ in given[: -len(shown)]]
    judging = promises.judging(term, active, promised, result.ticks, (*tags, *("large" for _ in added)))
    found = found.model_copy(update={"judging": judging})
    unfit = await _unfit_program(found, asked, term, active, executor)
    return unfit or await with_ablation(found, active, tools, executor, origin)


async def _unfit_program(
    found: Problem, asked: Asked, term: Program, active: Mapping[str, Package], executor: Executor
) -> Violation | None:
    """What is wrong with the program that a composed program's statement shows; None if it shows none."""
    own = origin_of(active[name] for name in skills(term))
    if asked.task == "repair" and await gives_itself_away(found, asked.program, executor, own):
        told = "the program shown breaks off on the example or comes to no end, which gives its fault away"
        return Violation("unfit_program", told)
    if asked.task == "optimise" and found.judging is not None and found.judging.ticks > promises.MOST_TICKS:
        return Violation("unfit_program", "the reference itself takes long, so no program is shown to be too slow")
    fault = await fault_of_shown(found, asked, term, active, executor, own)
    return Violation("unfit_program", fault.why) if fault is not None else None
