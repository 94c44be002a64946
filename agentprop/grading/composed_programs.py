"""A problem that asks for a program composed of skills → a judgement, by the skills' independent checks.

What the statement promises is read from the statement: its limits must be those of the data, every test must keep them,
and the edge rule and the examples are computed anew as the tests are. On large data a check that tries everything does
not come to an end; there the library's own program has the last word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from agentprop.composition import promises
from agentprop.composition import solution as worked
from agentprop.composition.framing import unframed
from agentprop.composition.listing import listing
from agentprop.composition.program_tasks import asked
from agentprop.composition.promises import Promises
from agentprop.composition.returned import agrees
from agentprop.composition.terms import Apply, Program, Route, Term, body_data, expression, imports, modules, skills
from agentprop.grading.family_problems import SECONDS
from agentprop.grading.judged_tests import OVER, remembered
from agentprop.grading.judgement import Judgement, Value, failure
from agentprop.grading.shown_programs import ENTRY_POINT, fault_of_shown
from agentprop.records import Problem
from agentprop.sandbox.executor import Executor
from agentprop.sandbox.records import Job
from agentprop.skills import Package, origin_of
from agentprop.skills.values import draw

OWN_INPUTS, FOREIGN_INPUTS = 6, 64
"""Inputs that the verifier draws beside the stored tests: for a reference program that is made of the library's own
functions, and for any other, which also runs in a separate process."""
MIN_TESTS = 4
"""Different hidden tests that a program needs."""
CHECK_TICKS = 100_000
"""What the independent check may use on one large input to have a say."""
UNSOUND = "its solution does not hold"


async def judge_program(
    problem: Problem, term: Program, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
) -> Judgement:
    """Judge a problem that asks for a program of skills."""
    statement, shown = asked(unframed(problem.statement)[0])
    calls = _calls(problem, statement, term, library)
    if isinstance(calls, Judgement):
        return calls
    own = problem.answer == listing(term.body, library, entry=(ENTRY_POINT, term.variable))
    inputs = [value for value, _ in calls] + _fresh(problem, term, library, OWN_INPUTS if own else FOREIGN_INPUTS)
    outputs = await _checked(term, inputs, library, tools, executor)
    if isinstance(outputs, Judgement):
        return outputs
    if not all(agrees(output, claimed) for output, (_, claimed) in zip(outputs, calls, strict=False)):
        return Judgement("invalid", "tests", "a stored test expects what the independent check does not give")
    of = origin(term, library)
    fault = await fault_of_shown(problem, shown, term, library, executor, of)
    return Judgement(*fault) if fault else await _ran(problem, inputs, outputs, executor, of if own else None)


async def _ran(
    problem: Problem, inputs: Sequence[Any], outputs: Sequence[Any], executor: Executor, origin: str | None
) -> Judgement:
    """The judgement of the claimed program by data and their values; `origin` is the library if it is its own."""
    program = f"{problem.answer}\n\noutputs = [{problem.entry_point}(item) for item in {inputs!r}]"
    ticks = problem.judging.ticks if problem.judging is not None and origin is not None else None
    ran = await executor.run(Job(program, returns="outputs", origin=origin, ticks=ticks))
    failed = failure(ran)
    undecided = failed is None or failed.value == "undetermined"
    if problem.judging is not None and origin is None and undecided:  # ticks decide, not seconds
        passes = await asyncio.to_thread(remembered, problem, problem.answer, executor.sandbox, SECONDS)
        if passes.status != "same":
            value: Value = "invalid" if passes.status == "different" else "undetermined"
            return Judgement(value, passes.rule, passes.why, isolation=ran.isolation)
    if failed is not None:
        return replace(failed, code=f"program_{failed.code}")
    if problem.solution is not None and problem.solution.text:
        wrong = worked.recheck_program(problem.solution, problem.answer)
        if wrong is not None:
            return Judgement("invalid", "solution", f"{UNSOUND}: {wrong}", isolation=ran.isolation)
    if not agrees(ran.value, outputs):
        return Judgement("invalid", "answer_differs", "the reference program fails on data the check decides")
    why = f"the reference program agrees with the independent check on {len(inputs)} inputs"
    return Judgement("valid", "agrees", why, problem.answer, ran.isolation)


# --- what a record and its statement say ---


def _calls(
    problem: Problem, statement: str, term: Program, library: Mapping[str, Package]
) -> list[tuple[Any, Any]] | Judgement:
    """Data and claimed values of all tests and of what the statement promises; or what speaks against the record."""
    if problem.answer_type != "program":
        return Judgement("invalid", "answer_type", f"the statement asks for a program, not {problem.answer_type}")
    if problem.entry_point != ENTRY_POINT:
        return Judgement("invalid", "entry_point", f"the statement asks for `{ENTRY_POINT}`, not {problem.entry_point}")
    if len({test.arguments for test in problem.tests}) < MIN_TESTS:
        return Judgement("invalid", "tests", f"a program needs at least {MIN_TESTS} different tests")
    try:
        stored = [(argument, expected) for [argument], expected in (test.values() for test in problem.tests)]
    except ValueError:
        return Judgement("invalid", "tests", "the stored tests cannot be read")
    try:
        promised = promises.promised(statement)
    except ValueError as fault:
        return Judgement("undetermined", "not_in_grammar", str(fault))
    if promised is None:
        told = "the record has limits that the statement does not tell"
        return stored if problem.judging is None else Judgement("invalid", "mismatch", told)
    shown = [(argument, value) for (argument, *_), value in (*promised.edge, *promised.examples)]
    return _unkept(problem, term, library, promised, stored, shown) or stored + shown


def _unkept(
    problem: Problem,
    term: Program,
    library: Mapping[str, Package],
    promised: Promises,
    stored: Sequence[tuple[Any, Any]],
    shown: Sequence[tuple[Any, Any]],
) -> Judgement | None:
    """A promise of the statement that its record or its tests do not keep."""
    least = promises.least(promised.limits, term, library) if promises.can_promise(term, library) else None
    if least is None:
        return Judgement("invalid", "mismatch", "the limits are not those of the data")
    wide = promises.are_wide(promised.limits, term, library)
    if not all(promises.fits(value, least, term, library, wide=wide) for value, _ in (*stored, *shown)):
        return Judgement("invalid", "tests", "a test or an example breaks the limits of the statement")
    if promises.may_be_empty(least, term, library) != bool(promised.edge) or any(value for value, _ in shown[:-1]):
        return Judgement("invalid", "mismatch", "the edge rule is not that of the empty input")
    if shown[-1][0] in [value for value, _ in stored]:
        return Judgement("invalid", "examples", "the example is a hidden test")
    judging, wanted = problem.judging, promises.judging(term, library, promised, 0, ())
    if judging is not None and judging.model_copy(update={"ticks": wanted.ticks, "tags": ()}) != wanted:
        return Judgement("invalid", "mismatch", "the record is not judged as its statement says")
    return None


# --- the independent check ---


async def _checked(
    term: Program, inputs: Sequence[Any], library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
) -> list[Any] | Judgement:
    """Values of data by the independent check; of large ones that it has none for, by the library's own program."""
    of, sources = origin(term, library), {**tools, **modules(term, library)}
    large = [number for number, value in enumerate(inputs) if promises.is_large(value, term, library)]
    small = [value for number, value in enumerate(inputs) if number not in large]
    body = expression(term.body, library, "check")
    reference = f"{imports(term, library)}\nfrom tools import *\noutputs = [{body} for {term.variable} in {small!r}]"
    alone = [_alone(term, library, "check", inputs[number]) for number in large]
    jobs = [Job(reference, sources, returns="outputs", origin=of)]
    jobs += [Job(code, returns="output", origin=of, ticks=CHECK_TICKS) for code in alone]
    results = await asyncio.gather(*map(executor.run, jobs))
    for place, number in enumerate(large, 1):
        if (results[place].error or "").startswith(OVER):
            code = _alone(term, library, "solve", inputs[number])
            results[place] = await executor.run(Job(code, returns="output", origin=of))
    failed = next(filter(None, map(failure, results)), None)
    if failed is not None:
        return failed
    few, of_large = iter(results[0].value), iter(result.value for result in results[1:])  # type: ignore[call-overload]
    return [next(of_large if number in large else few) for number in range(len(inputs))]


def _alone(term: Program, library: Mapping[str, Package], route: Route, value: Any) -> str:
    """A program that calls a skill's functions on one input."""
    program = listing(term.body, library, entry=(ENTRY_POINT, term.variable), route=route)
    return f"{program}\n\noutput = {ENTRY_POINT}({value!r})"


def origin(term: Term, library: Mapping[str, Package]) -> str:
    """Whose code agentprop writes for a term: its own, with the skills that it calls."""
    return origin_of(library[name] for name in skills(term))


def _fresh(problem: Problem, term: Program, library: Mapping[str, Package], size: int) -> list[Any]:
    assert isinstance(term.body, Apply)  # programs are pipelines of skills
    node, name = body_data(term.body, library)
    rng = Random(problem.id)
    return [draw(library[node.skill].spec.parameters[name], rng) for _ in range(size)]
