"""A problem about a program that its statement shows → what is wrong with that program, by running it.

A program to be repaired must fail a test; one to be sped up must be right, and over the budget on a large test, while a
right one of another style keeps it. The contract and the built-in verifier ask the same, often of the same problem, so
what was found last is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from agentprop.composition.listing import listing
from agentprop.composition.program_tasks import Asked, changed, slowed
from agentprop.composition.promises import LEAST
from agentprop.composition.returned import agrees
from agentprop.composition.terms import Program
from agentprop.grading.judged_tests import OVER
from agentprop.grading.judgement import Value
from agentprop.records import Problem, TestCase
from agentprop.sandbox.executor import Executor
from agentprop.sandbox.records import Job
from agentprop.skills import Package

ENTRY_POINT = "solve"
"""Name of the function that every statement of the grammar asks for."""
ENDS_TICKS = 30_000
"""Ticks within which a program to be repaired comes to an end on all small data together."""
KEPT = 512
"""Findings that are kept."""


class Fault(NamedTuple):
    """What is wrong with a program shown, as a verifier says it."""

    value: Value
    """Undetermined, unless it speaks against the problem."""
    code: str
    """Short reason code."""
    why: str
    """Sentence."""


async def fault_of_shown(
    problem: Problem, shown: Asked, term: Program, library: Mapping[str, Package], executor: Executor, origin: str
) -> Fault | None:
    """What is wrong with the program that a composed program's statement shows; None if nothing is, or none is shown.

    `origin` is whose code the programs are that agentprop composes of the library.
    """
    if shown.task == "write":
        return None
    if shown.task == "optimise":
        alternatives = slowed(term, library).get(shown.program)
        if alternatives is None:
            why = "the program shown is not the reference with a step done by brute force"
            return Fault("undetermined", "not_in_grammar", why)
        slow = await _is_too_slow(problem, shown.program, alternatives, executor, origin)
        why = "the program shown is not right and too slow, or the budget fails right programs of another style too"
        return _fault(slow, "budget", why)
    own = listing(term.body, library, entry=(ENTRY_POINT, term.variable))
    if shown.task != "repair" or shown.program not in changed(own):
        return Fault("undetermined", "not_in_grammar", "the program shown is not the reference with one change")
    fails = await _fails_a_test(problem, shown.program, executor, origin)
    return _fault(fails, "tests", "the program that is to be repaired passes every test")


async def gives_itself_away(problem: Problem, program: str, executor: Executor, origin: str | None) -> bool:
    """True if a program raises an exception on an example, or comes to no end on small data."""
    examples = problem.judging.examples if problem.judging is not None else ()
    shown, small = ([test.values()[0] for test in tests] for tests in (examples, _by_size(problem)[0]))
    code = _GIVING_AWAY.format(program=program, entry=ENTRY_POINT, shown=shown, small=small)
    return (await executor.run(Job(code, origin=origin, ticks=ENDS_TICKS))).status != "ok"


_GIVING_AWAY = """{program}

for arguments in {shown!r}:
    {entry}(*arguments)
for arguments in {small!r}:
    try:
        {entry}(*arguments)
    except Exception:
        pass
"""


def _fault(proved: bool | None, code: str, why: str) -> Fault | None:
    if proved is None:
        return Fault("undetermined", "tests", "it could not be found out whether the program shown is as the task says")
    return None if proved else Fault("invalid", code, why)


def _by_size(problem: Problem) -> tuple[list[TestCase], list[TestCase]]:
    """The tests on small data, and those on large."""
    tags = problem.judging.tags if problem.judging is not None else ()
    tagged = list(zip_longest(problem.tests, tags))
    return [test for test, tag in tagged if tag != "large"], [test for test, tag in tagged if tag == "large"]


def _calling(program: str, tests: Sequence[TestCase], ticks: int, origin: str | None) -> Job:
    calls = ", ".join(f"{ENTRY_POINT}(*{arguments!r})" for arguments, _ in (test.values() for test in tests))
    return Job(f"{program}\n\noutputs = [{calls}]", returns="outputs", origin=origin, ticks=ticks)


_FOUND: OrderedDict[object, bool] = OrderedDict()


async def _fails(
    problem: Problem, tests: Sequence[TestCase], program: str, executor: Executor, origin: str | None
) -> bool | None:
    """True if a program fails one of some tests, by its values or its ticks; None if that cannot be said."""
    ticks = problem.judging.ticks if problem.judging is not None else LEAST
    key = (program, tuple(tests), ticks)
    if key in _FOUND:
        return _FOUND[key]
    ran = await executor.run(_calling(program, tests, ticks, origin))
    if ran.status not in ("ok", "error") or (ran.status == "ok" and not isinstance(ran.value, list)):
        return None
    _FOUND[key] = ran.status == "error" or agrees(ran.value, [test.values()[1] for test in tests]) is not True
    if len(_FOUND) > KEPT:
        _FOUND.popitem(last=False)
    return _FOUND[key]


async def _fails_a_test(problem: Problem, program: str, executor: Executor, origin: str | None) -> bool | None:
    """The same for all tests of a problem: the large ones only if the small ones tell nothing, which cost less."""
    small, large = _by_size(problem)
    fails = await _fails(problem, small, program, executor, origin)
    return await _fails(problem, large, program, executor, origin) if fails is False and large else fails


async def _is_too_slow(
    problem: Problem, program: str, alternatives: Sequence[str], executor: Executor, origin: str
) -> bool | None:
    """True if a program is right and exceeds the budget on a large test, and a right one of another style keeps it.

    None if that cannot be said. What the program gives for large data within the budget must be right as well.
    """
    small, large = _by_size(problem)
    wrong = await _fails(problem, small, program, executor, origin)
    if wrong is not False:
        return None if wrong is None else False
    over = await _goes_over(problem, large, program, executor, origin)
    if over is not True:
        return over
    unsure = False
    for other in alternatives:
        fails = await _fails_a_test(problem, other, executor, origin)
        if fails is False:
            return True
        unsure |= fails is None
    return None if unsure else False


async def _goes_over(
    problem: Problem, large: Sequence[TestCase], program: str, executor: Executor, origin: str
) -> bool | None:
    """True if a program exceeds the budget on a test, and is right on those before; None if that cannot be said."""
    assert problem.judging is not None  # it has limits
    key = ("over", program, tuple(large), problem.judging.ticks)
    if key in _FOUND:
        return _FOUND[key]
    found = False
    for test in large:
        ran = await executor.run(_calling(program, [test], problem.judging.ticks, origin))
        if (ran.error or "").startswith(OVER):
            found = True
            break
        if ran.status != "ok":
            return None
        if agrees(ran.value, [test.values()[1]]) is not True:
            break
    _FOUND[key] = found
    return found
