"""A draft that asks for a program → the submission: what its statement promises, what it asks, and its tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from agentprop.composition import draft_code, families, promises, suites
from agentprop.composition.answer_text import read_value
from agentprop.composition.listing import listing
from agentprop.composition.program_tasks import (
    Asked,
    ProgramTask,
    asking,
    edge_answer,
    faulty,
    slow,
    slowed,
    telling_edges,
)
from agentprop.composition.slips import subtle
from agentprop.composition.terms import Apply, Program, Term, to_json
from agentprop.records import Submission, TestCase
from agentprop.skills import Package

PROGRAM_TASKS: dict[ProgramTask, float] = {"write": 0.7, "repair": 0.2, "optimise": 0.1}
"""Shares of what is asked about composed programs; one that has no such task is to be written."""
FAMILY_TASKS: dict[ProgramTask, float] = {"write": 0.35, "repair": 0.2, "optimise": 0.2, "edge": 0.25}
"""The same for families of judged programs: only they have inputs at the edge whose result is worth a question."""
COMPOSED_OPTIMISE = 0.2
"""Share of composed programs to be sped up among those for which it is drawn: each takes millions of ticks to prove."""


def drawn_task(term: Term, library: Mapping[str, Package], rng: Random) -> ProgramTask:
    """Draw what is asked about a program."""
    shares = PROGRAM_TASKS if families.family(term, library) is None else FAMILY_TASKS
    return rng.choices([*shares], [*shares.values()])[0]


def of_family(package: Package, term: Apply, task: str, wanted: ProgramTask, rng: Random) -> Submission:
    """The problem of a family; the environment adds the tests of the family's suite."""
    values, judged = families.parameters(term, package), package.spec.judged
    found = suites.setting(package, values)
    assert judged is not None and found is not None  # the planner takes no other
    own = families.program(package, values)
    asked = Asked("write")
    if wanted == "repair":
        asked = Asked("repair", rng.choice(subtle(faulty(package, values))))
    elif wanted == "optimise":
        asked = Asked("optimise", rng.choice(slow(package, values)))
    elif wanted == "edge" and (inputs := telling_edges(judged, found)):
        asked = Asked("edge", own, rng.choice(inputs))
    edge = asked.task == "edge"
    text = families.statement(task, judged, found.examples, None if edge else found.ticks, edge_rule=not edge)
    answer = edge_answer(judged, found, asked.given) if edge else own
    certificate = families.edge_certificate(package, values, asked.given) if edge else families.certificate(package)
    return _submission(asking(text, asked), answer, "integer" if edge else "program", certificate, term, ())


def of_program(
    term: Program,
    library: Mapping[str, Package],
    task: str,
    inputs: str,
    printed: Sequence[str],
    wanted: ProgramTask,
    slip: str | None,
    rng: Random,
) -> Submission:
    """The problem of a composed program, from the data that it was tried on and the values that were printed.

    `slip` is the program with a slip that is shown if one is to be repaired.
    """
    own = listing(term.body, library, entry=("solve", term.variable))
    too_slow = [*slowed(term, library)] if wanted == "optimise" and rng.random() < COMPOSED_OPTIMISE else []
    text, tests = _promising(term, library, task, inputs, printed, wide=bool(too_slow))
    asked = Asked("write")
    if wanted == "repair" and text != task and slip is not None:
        asked = Asked("repair", slip)
    elif too_slow and text != task:
        asked = Asked("optimise", rng.choice(too_slow))
    return _submission(asking(text, asked), own, "program", draft_code.certificate(term, library), term, tests)


def _submission(
    statement: str,
    answer: str,
    kind: Any,
    certificate: str,
    term: Apply | Program,
    tests: tuple[TestCase, ...],
) -> Submission:
    return Submission.model_construct(
        statement=statement,
        answer=answer,
        answer_type=kind,
        unit=None,
        figures=None,
        certificate=certificate,
        composition=to_json(term),
        tests=tests,
    )


def _sameness(value: Any) -> int:
    """How little a list or a string tells: 2 if it repeats one element or has none, 1 if all but one are the same."""
    if not isinstance(value, list | str):
        return 0
    most = max(Counter(value).values(), default=0)
    return 2 if most == len(value) != 1 else 1 if most > 1 and most == len(value) - 1 else 0


def _promising(
    term: Program, library: Mapping[str, Package], task: str, inputs: str, printed: Sequence[str], *, wide: bool
) -> tuple[str, tuple[TestCase, ...]]:
    """A statement with what it promises, and the tests for it: data that were drawn, and data at the edge.

    The shortest of the data that give something telling, which the empty ones do not give, is shown as the example.
    """
    drawn = read_value(inputs)
    calls = [(value, read_value(line)) for value, line in zip(drawn, printed, strict=False)]
    if not promises.can_promise(term, library):
        return task, tuple(TestCase.of([value], found) for value, found in calls)
    edges = [
        (value, read_value(line))
        for value, line in zip(promises.edges(term, library), printed[len(drawn) :], strict=True)
        if line != draft_code.NOTHING
    ]
    empty = tuple(((value,), found) for value, found in edges if not value)
    dull = [*(found for _, found in empty), 0, -1]
    shown = min(calls, key=lambda call: (call[1] in dull, _sameness(call[1]), len(repr(call[0]))))
    least = promises.smallest(term, library, [value for value, _ in edges])
    limits = promises.limits(term, library, least, wide=wide)
    told = promises.Promises(limits, empty, (((shown[0],), shown[1]),))
    tests = [TestCase.of([value], found) for value, found in calls + edges if value != shown[0]]
    return promises.written(task, told), tuple({test.arguments: test for test in tests}.values())
