"""Expressions of one real variable that are made of pieces (cases, absolute values, maxima), proved cell by cell.

The places where a piece may change cut the line into points and open stretches. On each of them every piece is decided
by one sample, what is left has no pieces, and the two sides are compared there. A worked miniature: |x| beside
{x for x >= 0, -x for x < 0} is cut at 0 into x < 0 (-x beside -x), x = 0 (0 beside 0) and x > 0 (x beside x).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

from agentprop.answers.algebra.rationals import UndefinedValue, rational
from agentprop.answers.reading.nodes import (
    Cases,
    Collection,
    Node,
    Number,
    Operation,
    Relational,
    Symbol,
    apply,
    mapped,
    substitute,
    symbols,
    walk,
)

PIECED = frozenset(("abs", "max", "min", "sgn", "floor", "ceil", "mod", "gcd", "lcm"))
"""Heads by which an expression is made of pieces."""

_FOLDED = frozenset(("abs", "max", "min", "sgn"))
MAX_CELLS = 60


class NoCells(Exception):
    """A piece changes where this method cannot tell."""


def is_pieced(node: Node) -> bool:
    """The expression is made of pieces."""
    return any(isinstance(part, Cases) or (isinstance(part, Operation) and part.head in PIECED) for part in walk(node))


def cells(gold: Node, pred: Node) -> Iterator[tuple[Node, Node]]:
    """The two sides on every point and open stretch, without pieces; points are put in. Raises `NoCells`."""
    names = symbols(gold) | symbols(pred)
    if len(names) != 1:
        raise NoCells
    [name] = names
    cuts = sorted({cut for side in (gold, pred) for cut in _cuts(side, name)})
    if len(cuts) > MAX_CELLS:
        raise NoCells
    for cut in cuts:
        at: dict[str, Node] = {name: Number(cut)}
        left, right = (resolved(side, name, cut) for side in (gold, pred))
        if (left is None) != (right is None):
            raise NoCells
        if left is not None and right is not None:
            yield substitute(left, at), substitute(right, at)
    for sample in _between(cuts):
        left, right = (resolved(side, name, sample) for side in (gold, pred))
        if (left is None) != (right is None):
            raise NoCells
        if left is not None and right is not None:
            yield left, right


def samples(gold: Node, pred: Node) -> Iterator[tuple[Node, Node]]:
    """The values of both sides at whole numbers and between them, where a piece of each holds."""
    names = symbols(gold) | symbols(pred)
    if len(names) != 1:
        return
    [name] = names
    for at in (Fraction(k, 2) for k in range(-12, 25)):
        try:
            left, right = (resolved(side, name, at) for side in (gold, pred))
        except NoCells:
            continue
        if left is not None and right is not None:
            yield substitute(left, {name: Number(at)}), substitute(right, {name: Number(at)})


def _between(cuts: list[Fraction]) -> Iterator[Fraction]:
    if not cuts:
        yield Fraction(1)
        return
    yield cuts[0] - 1
    for low, high in itertools.pairwise(cuts):
        yield (low + high) / 2
    yield cuts[-1] + 1


def _cuts(node: Node, name: str) -> Iterator[Fraction]:
    """Where a piece may change: bounds of conditions, and zeros of what is folded, all linear in the variable."""
    for part in walk(node):
        match part:
            case Cases(branches):
                for _, when in branches:
                    if when is not None:
                        yield from _bounds(when, name)
            case Operation("abs" | "sgn", (inner,)):
                yield from _zero(inner, name)
            case Operation("max" | "min", args):
                for number, one in enumerate(args):
                    for other in args[number + 1 :]:
                        yield from _zero(apply("+", one, apply("neg", other)), name)
            case Operation(head, _) if head in PIECED - _FOLDED and symbols(part):
                raise NoCells


def _bounds(when: Node, name: str) -> Iterator[Fraction]:
    match when:
        case Relational(op, left, right) if op in ("<", "<=", ">", ">=", "=", "!="):
            yield from _zero(apply("+", left, apply("neg", right)), name)
        case Operation("and" | "comma", args):
            for arg in args:
                yield from _bounds(arg, name)
        case Collection("bare", items):
            for item in items:
                yield from _bounds(item, name)
        case _:
            raise NoCells


def _zero(inner: Node, name: str) -> Iterator[Fraction]:
    """The zero of an expression that is linear in the variable with rational coefficients."""
    if not symbols(inner):
        return
    line = linear(inner, name)
    if line is None:
        raise NoCells
    slope, start = line
    if slope:
        yield -start / slope


def linear(inner: Node, name: str) -> tuple[Fraction, Fraction] | None:
    """Slope and value at zero of a·x + b with rational a and b; None where the tree is no such thing."""
    if _degree(inner, name) > 1:
        return None
    try:
        values = [rational(substitute(inner, {name: Number(Fraction(k))})) for k in (0, 1)]
    except UndefinedValue:
        return None
    if values[0] is None or values[1] is None:
        return None
    return values[1] - values[0], values[0]


def _degree(node: Node, name: str) -> int:
    """A bound on the degree in the variable; 9 for what is no polynomial."""
    match node:
        case Symbol(found):
            return int(found == name)
        case Operation("+", args):
            return max(_degree(arg, name) for arg in args)
        case Operation("*", args):
            return sum(_degree(arg, name) for arg in args)
        case Operation("neg", (arg,)):
            return _degree(arg, name)
        case Operation("/", (top, bottom)) if name not in symbols(bottom):
            return _degree(top, name)
        case _:
            return 9 if name in symbols(node) else 0


def resolved(node: Node, name: str, at: Fraction) -> Node | None:
    """The expression without pieces, as it is around a place; None where no piece holds there."""
    match node:
        case Cases(branches):
            for value, when in branches:
                if when is None or holds(when, name, at):
                    return resolved(value, name, at)
            return None
        case Operation("abs" | "sgn" as head, (inner,)):
            inside = resolved(inner, name, at)
            return None if inside is None else _folded(head, inside, name, at)
        case Operation("max" | "min" as head, args):
            found = [resolved(arg, name, at) for arg in args]
            kept = [arg for arg in found if arg is not None]
            if len(kept) < len(args):
                return None
            order = sorted(kept, key=lambda arg: value_at(arg, name, at))
            return order[-1] if head == "max" else order[0]
        case Operation():
            parts = [resolved(arg, name, at) for arg in node.args]
            if any(part is None for part in parts):
                return None
            replaced = iter(part for part in parts if part is not None)
            return mapped(node, lambda _: next(replaced))
        case _:
            return node


def _folded(head: str, inside: Node, name: str, at: Fraction) -> Node:
    value = value_at(inside, name, at)
    if head == "sgn":
        return Number(Fraction((value > 0) - (value < 0)))
    return inside if value >= 0 else apply("neg", inside)


def value_at(node: Node, name: str, at: Fraction) -> Fraction:
    """The exact value at a place; raises `NoCells` where it is not rational."""
    try:
        value = rational(substitute(node, {name: Number(at)}))
    except UndefinedValue:
        raise NoCells from None
    if value is None:
        raise NoCells
    return value


def holds(when: Node, name: str, at: Fraction) -> bool:
    """Whether a condition is fulfilled at a place."""
    match when:
        case Relational("~", Symbol(), Operation("class", (rest, modulus))):
            gap = at - value_at(rest, name, at)
            return (gap / value_at(modulus, name, at)).denominator == 1
        case Relational(op, left, right):
            a, b = value_at(left, name, at), value_at(right, name, at)
            compared = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "=": a == b, "!=": a != b}
            if op not in compared:
                raise NoCells
            return compared[op]
        case Operation("and" | "comma", args):
            return all(holds(arg, name, at) for arg in args)
        case Collection("bare", items):
            return any(holds(item, name, at) for item in items)
    raise NoCells
