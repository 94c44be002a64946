"""Sets of real numbers, written as intervals, unions or inequalities, compared point by point and gap by gap.

All endpoints of both sets, sorted, cut the line into points and gaps; two sets are equal when they hold the same ones.
Conditions joined by commas hold together (`x >= 0, x <= 5`); where nothing fulfils all of them, each was meant alone
(`x < -3, x > 3`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key

from agentprop.answers.outcome import Equivalence, different, same
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Interval,
    Node,
    Operation,
    Relational,
    Symbol,
    apply,
    is_scalar,
    mapped,
    operation,
    symbols,
    walk,
)

Order = Callable[[Node, Node], int]
_OPERATIONS = frozenset(("union", "intersection", "minus", "and", "comma", "set"))
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=", "=": "="}
INFINITY = Constant("inf")
MINUS_INFINITY = apply("neg", INFINITY)
REALS = Constant("reals")


def is_condition(node: Node) -> bool:
    """An inequality, a conjunction, or a list of alternatives with an inequality among them."""
    match node:
        case Relational(op, _, _):
            return op in ("<", "<=", ">", ">=", "!=") or (op == "in" and could_be_set(node.right))
        case Operation("and" | "comma", args):
            return any(is_condition(arg) for arg in args)
        case Collection("bare", items):
            return any(is_condition(item) for item in items) and not any(
                is_scalar(item) and symbols(item) for item in items
            )
    return False


def is_set(node: Node) -> bool:
    """Something that can only be a set of reals."""
    if isinstance(node, Interval) or node == REALS or is_condition(node):
        return True
    if isinstance(node, Operation):
        return node.head in _OPERATIONS
    return (
        isinstance(node, Collection)
        and node.kind in ("tuple", "list")
        and len(node.items) == 2
        and any(item in (INFINITY, MINUS_INFINITY) for item in node.items)
    )


def could_be_set(node: Node) -> bool:
    """Something that may be read as a set of reals beside one."""
    return (
        is_set(node)
        or (isinstance(node, Relational) and node.op == "=")
        or node == Constant("integers")
        or (
            isinstance(node, Collection)
            and (node.kind in ("set", "bare") or (node.kind in ("tuple", "list") and len(node.items) == 2))
        )
    )


def variables(node: Node) -> frozenset[str]:
    """The variables that conditions are about; none for an interval."""
    return frozenset(name for part in walk(node) if isinstance(part, Relational) for name in symbols(part))


def variable(node: Node) -> str | None:
    """The one variable a condition is about; None for an interval."""
    names = variables(node)
    return next(iter(names)) if len(names) == 1 else None


def is_plain(node: Node) -> bool:
    """Only intervals and comparisons of one variable with closed values: no inequality left to solve."""
    match node:
        case Relational("in", Symbol(), right):
            return is_plain(right)
        case Relational(_, Symbol(), bound) | Relational(_, bound, Symbol()):
            return not symbols(bound)
        case Relational():
            return False
        case Operation(head, args) if head in _OPERATIONS:
            return all(is_plain(arg) for arg in args) and len({variable(arg) for arg in args} - {None}) <= 1
        case Constant(name):
            return name not in (
                "integers",
                "naturals",
                "rationals",
                "positive integers",
                "naturals from 0",
                "complexes",
            )
        case Collection(_, items):
            return all(
                is_plain(item) if is_condition(item) or isinstance(item, Relational) else not symbols(item)
                for item in items
            )
        case _:
            return not symbols(node)


def compare(gold: Node, pred: Node, order: Order) -> Equivalence:
    """Decide two plain sets."""
    gold, pred = settled(gold, order), settled(pred, order)
    line = _line((gold, pred), order)
    for position in range(-1, 2 * len(line.points) + 2):
        if line.holds(gold, position) != line.holds(pred, position):
            where = "an endpoint" if position % 2 else "an open stretch"
            return different("real-set", f"{where} belongs to one set and not to the other")
    return same("real-set", "the same set of real numbers")


def settled(node: Node, order: Order) -> Node:
    """The set with its comma-joined conditions conjoined, or taken each alone where nothing fulfils all of them."""
    if not any(isinstance(part, Operation) and part.head == "comma" for part in walk(node)):
        return node
    if isinstance(node, Operation) and node.head == "comma":
        together = operation("and", *node.args)
        line = _line((together,), order)
        if any(line.holds(together, position) for position in range(-1, 2 * len(line.points) + 2)):
            return together
        return Collection("bare", node.args)
    return mapped(node, lambda part: settled(part, order))


def _line(nodes: tuple[Node, ...], order: Order) -> _Line:
    ends: list[Node] = []
    for node in nodes:
        _collect(node, ends)
    return _Line(ends, order)


def _bounds(node: Node) -> tuple[Node, ...]:
    match node:
        case Interval(low, high, _, _):
            return (low, high)
        case Relational("in", _, _):
            return ()
        case Relational(_, Symbol(), bound) | Relational(_, bound, Symbol()):
            return (bound,)
        case Collection(_, items):
            return tuple(item for item in items if not isinstance(item, Relational | Interval) and not is_set(item))
        case _:
            return ()


def _collect(node: Node, ends: list[Node]) -> None:
    ends.extend(end for end in _bounds(node) if end not in (INFINITY, MINUS_INFINITY))
    match node:
        case Operation(head, args) if head in _OPERATIONS:
            for arg in args:
                _collect(arg, ends)
        case Collection(_, items):
            for item in items:
                if isinstance(item, Relational | Interval) or is_set(item):
                    _collect(item, ends)
        case Relational("in", _, right):
            _collect(right, ends)


class _Line:
    """Position 2k+1 is the k-th endpoint, position 2k the gap before it; -1 and 2n+1 stand for the infinities."""

    def __init__(self, ends: list[Node], order: Order) -> None:
        self.points: list[Node] = []
        self.positions: dict[Node, int] = {MINUS_INFINITY: -1}
        for end in sorted(ends, key=cmp_to_key(order)):
            if not self.points or order(self.points[-1], end) != 0:
                self.points.append(end)
            self.positions[end] = 2 * len(self.points) - 1
        self.positions[INFINITY] = 2 * len(self.points) + 1

    def holds(self, node: Node, position: int) -> bool:
        """Whether the point or gap at a position belongs to the set."""
        match node:
            case Interval(low, high, low_closed, high_closed):
                return self._within(low, high, low_closed, high_closed, position)
            case Collection(("tuple" | "list") as kind, (low, high)):
                return self._within(low, high, kind == "list", kind == "list", position)
            case Collection(_, items):
                return any(self._member(item, position) for item in items)
            case Relational("in", _, right):
                return self.holds(right, position)
            case Relational(op, Symbol(), bound):
                return self._satisfies(op, position, self.positions[bound])
            case Relational(op, bound, _):
                return self._satisfies(_FLIPPED[op], position, self.positions[bound])
            case Operation("union", args):
                return any(self.holds(arg, position) for arg in args)
            case Operation("minus", (left, *rest)):
                return self.holds(left, position) and not any(self.holds(arg, position) for arg in rest)
            case Operation(_, args):
                return all(self.holds(arg, position) for arg in args)
            case _:
                return node == REALS and self._finite(position)

    def _finite(self, position: int) -> bool:
        return 0 <= position <= 2 * len(self.points)

    def _member(self, item: Node, position: int) -> bool:
        if isinstance(item, Relational | Interval) or is_set(item):
            return self.holds(item, position)
        return self.positions[item] == position

    def _within(self, low: Node, high: Node, low_closed: bool, high_closed: bool, position: int) -> bool:
        bottom, top = self.positions[low], self.positions[high]
        return (bottom < position < top) or (low_closed and position == bottom) or (high_closed and position == top)

    def _satisfies(self, op: str, position: int, bound: int) -> bool:
        return (
            self._finite(position)
            and {
                "<": position < bound,
                "<=": position <= bound,
                ">": position > bound,
                ">=": position >= bound,
                "!=": position != bound,
                "=": position == bound,
            }[op]
        )
