"""Which conditions of a question never matter: without them every setting has the same answer.

Such a condition may be true and needless (`a positive number x with 2x = 10`), or misread so that no number shows it.
It is no reason to refuse a question that was read whole, but it is counted, and lowers what the question is worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agentprop.extraction.mining.question.execute import FAILURES, NotComputed, call, compiled
from agentprop.extraction.mining.question.latex.tree import Node, Tree, Unreadable, rewrite, walk
from agentprop.extraction.mining.question.program import program, slot_names
from agentprop.extraction.mining.question.reading import QuestionReading
from agentprop.extraction.mining.question.vary import Kind

MOST_SETTINGS = 6


def conditions(tree: Tree) -> Iterator[tuple[Node, int]]:
    """(node, which of its arguments) of every condition on unknowns or on the members of a set."""
    for one in walk(tree):
        if not isinstance(one, Node):
            continue
        if one.head == "where" and isinstance(one.args[2], Node):
            yield from ((one.args[2], place) for place in range(len(one.args[2].args)))
        elif one.head == "integers" and len(one.args) > 1:
            yield from ((one, place) for place in range(len(one.args)))


def idle_conditions(
    reading: QuestionReading, settings: Sequence[tuple[tuple[Any, ...], Any]], kind: Kind
) -> tuple[int, int]:
    """(how many conditions never matter, how many there are), over settings of all numerals with their answers."""
    found = [(owner, place) for owner, place in conditions(reading.tree) if not _is_guard(owner.args[place])]
    tried = settings[:: max(1, len(settings) // MOST_SETTINGS)][:MOST_SETTINGS]
    return sum(_is_idle(reading, place, tried, kind) for place in found), len(found)


def _is_guard(condition: Tree) -> bool:
    """Whether a condition is none of the question's, but only keeps the ends of a range from mattering."""
    return isinstance(condition, Node) and condition.head == "apart"


def _is_idle(
    reading: QuestionReading, place: tuple[Node, int], settings: Sequence[tuple[tuple[Any, ...], Any]], kind: Kind
) -> bool:
    owner, index = place
    without = Node(owner.head, (*owner.args[:index], *owner.args[index + 1 :]))
    tree = rewrite(reading.tree, lambda one: without if one is owner else None)
    try:
        function = compiled(program(tree, slot_names(reading.count)).solve, reading.count)
    except Unreadable:
        return False
    return all(_answer(function, setting, kind) == answer for setting, answer in settings)


def _answer(function: Any, setting: tuple[Any, ...], kind: Kind) -> Any:
    try:
        return kind.of(call(function, setting))
    except (NotComputed, *FAILURES):
        return None
