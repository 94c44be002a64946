"""Values in pieces whose conditions pair off: compared piece by piece. Other pairs are left to `Scalars.piecewise`."""

from __future__ import annotations

from collections.abc import Callable

from agentprop.answers.outcome import Equivalence, all_same, different
from agentprop.answers.reading.nodes import Cases, Node, Operation, Relational, Symbol, is_scalar, substitute, symbols

Compare = Callable[[Node, Node], Equivalence]
MAX_PIECES = 12


def pieces(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Decide where every condition of one side is one of the other, or one side cannot have pieces."""
    match gold, pred:
        case Cases(left), Cases(right) if max(len(left), len(right)) <= MAX_PIECES:
            pairs = _paired(left, right, compare) if len(left) == len(right) else None
            return all_same((_values(a, b, when, compare) for a, b, when in pairs), "pieces") if pairs else None
        case (Cases(), other) | (other, Cases()) if not (is_scalar(other) or isinstance(other, Cases | Relational)):
            return different("kind", "one is a value in pieces, the other is not")
        case (Cases(), Relational("=", left, other)) if _names(left, other):
            return compare(gold, other)
        case (Relational("=", left, other), Cases()) if _names(left, other):
            return compare(other, pred)
    return None


def _names(left: Node, value: Node) -> bool:
    """The left side names the value: `y`, or `f(x)` of the x in it."""
    call = isinstance(left, Operation) and left.head == "call" and all(isinstance(arg, Symbol) for arg in left.args)
    return call or not symbols(left) & symbols(value)


def _paired(
    left: tuple[tuple[Node, Node | None], ...], right: tuple[tuple[Node, Node | None], ...], compare: Compare
) -> list[tuple[Node, Node, Node | None]] | None:
    """Values with the condition they share; one condition that finds no partner may pair with `otherwise`."""
    pairs: list[tuple[Node, Node, Node | None]] = []
    rest = list(right)
    alone: list[tuple[Node, Node | None]] = []
    for value, when in left:
        found = next((k for k, (_, other) in enumerate(rest) if _same_condition(when, other, compare)), None)
        if found is None:
            alone.append((value, when))
        else:
            pairs.append((value, rest.pop(found)[0], when))
    if not alone:
        return pairs
    if len(alone) == 1 == len(rest) and (alone[0][1] is None or rest[0][1] is None):
        return None if not _covers(left, right) else [*pairs, (alone[0][0], rest[0][0], alone[0][1] or rest[0][1])]
    return None


def _covers(left: tuple[tuple[Node, Node | None], ...], right: tuple[tuple[Node, Node | None], ...]) -> bool:
    """Even and odd are all there is, so that one of them may be called `otherwise`."""
    conditions = [when for _, when in (*left, *right) if when is not None]
    return len(left) == 2 and all(isinstance(when, Relational) and when.op == "~" for when in conditions)


def _same_condition(left: Node | None, right: Node | None, compare: Compare) -> bool:
    if left is None or right is None:
        return left is right
    return symbols(left) == symbols(right) and compare(left, right).status == "same"


def _values(gold: Node, pred: Node, when: Node | None, compare: Compare) -> Equivalence:
    """Two values under one condition; where it fixes a variable, that value is put in."""
    if isinstance(when, Relational) and when.op == "=" and isinstance(when.left, Symbol):
        fixed = {when.left.name: when.right}
        return compare(substitute(gold, fixed), substitute(pred, fixed))
    return compare(gold, pred)
