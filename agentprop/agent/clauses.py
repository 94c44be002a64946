"""A problem with a composition → the same with its difficulty and solution, unless one of its clauses does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from agentprop.agent.submissions import Violation
from agentprop.composition import ablation, families
from agentprop.composition.ablation import ClauseCounts
from agentprop.composition.difficulty import declare
from agentprop.composition.solution import modules as solution_modules
from agentprop.composition.solution import solved, solved_program, traceable, tracing
from agentprop.composition.terms import from_json
from agentprop.composition.terms import modules as composed_modules
from agentprop.records import Ablation, Problem, Solution
from agentprop.sandbox import OUTSIDE, Job
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

INERT = "inert:"
"""Beginning of the code of a submission with a clause that does nothing; the clause follows."""


async def with_ablation(
    found: Problem | Violation,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    origin: str | None,
    *,
    solutions: bool = True,
) -> Problem | Violation:
    """The problem with its difficulty and the figures of its clauses, or the violation that one does nothing.

    Without `solutions` no solution is traced, and what can be traced has none.
    """
    if isinstance(found, Violation) or found.certificate.composition is None:
        return found
    tried = await tried_clauses(found, active, tools, executor, origin, solutions=solutions)
    if isinstance(tried, Violation):
        return tried
    if tried is None:
        return found
    if tried.clauses is None:
        return found.model_copy(update={"solution": tried.solution})
    if tried.clauses.inert:
        inert = tried.clauses.inert[0]
        told = f"{inert} does nothing: the answer is the same without it; change it or leave it out"
        return Violation(f"{INERT}{inert}", told)
    found = _with_difficulty(found, active, tried.clauses)
    return found.model_copy(update={"ablation": Ablation(**tried.clauses.counts), "solution": tried.solution})


class Tried(NamedTuple):
    """What came of running a composition once more, part by part."""

    clauses: ClauseCounts | None
    """What became of its clauses; None if it has none that can be tried."""
    solution: Solution | None
    """Its solution in words."""


def _with_difficulty(found: Problem, active: Mapping[str, Package], clauses: ClauseCounts) -> Problem:
    """The problem with its declared difficulty, if its composition can be looked through."""
    try:
        term = from_json(found.certificate.composition or "")
        declared = declare(term, active, families.task(found.statement), clauses)
    except (ValueError, LookupError, AttributeError, TypeError):  # a model may have written it
        return found
    return found.model_copy(update={"difficulty": declared})


def _drawn(problem: Problem) -> list[Any]:
    """The data of a program's tests that were drawn at random: any clause may do nothing for the others."""
    tags = problem.judging.tags if problem.judging is not None else ()
    return [test.values()[0][0] for test, tag in zip_longest(problem.tests, tags) if tag in (None, "small")]


async def tried_clauses(
    problem: Problem,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    origin: str | None,
    *,
    solutions: bool = True,
) -> Tried | Violation | None:
    """Try the clauses of a problem's composition, and trace its solution in the same job; None if it has no terms."""
    try:
        term = from_json(problem.certificate.composition or "")
        inputs = _drawn(problem)
        code = ablation.program(term, active, inputs)
        traced = code is not None and traceable(term, active)
        trace = f"\n{tracing(term, active)}" if traced and solutions else ""
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # a model may have written it
        return None
    if code is None:
        return Tried(None, solved_program(term, active, problem.answer))
    modules = {**tools, **ablation.modules(), **solution_modules(), **composed_modules(term, active)}
    result = await executor.run(Job(code + trace, modules, returns="found", origin=origin))
    if result.status in OUTSIDE:
        return Violation(result.status.replace("-", "_"), result.detail or "the sandbox did not answer", True)
    values = result.value if result.has_value and isinstance(result.value, list) else []
    clauses = ablation.read(values[:3])
    if clauses is None:
        told = result.error or result.detail or result.status
        return Violation("clauses_untried", f"it could not be found out whether every clause matters: {told}")
    if traced and not solutions:
        return Tried(clauses, None)
    if not trace:
        return Tried(clauses, solved_program(term, active, problem.answer))
    return Tried(clauses, solved(term, active, problem.statement, problem.answer, values[3] if values[3:] else None))
