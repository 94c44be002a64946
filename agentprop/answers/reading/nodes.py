"""The few kinds of node that an answer is read into: plain data, nothing that could run.

`Operation` covers arithmetic, functions and set operations by the name of its head; the others are leaves and shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from agentprop.answers.reading.units import Unit

MAX_DEPTH = 80
"""Deepest tree that is built: keeps every later recursion far from the interpreter's limit."""

SET_OPERATIONS = frozenset(("and", "union", "intersection", "minus"))


class UnreadableAnswer(Exception):
    """The text is not in the grammar of answers, or is beyond its size limits."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact rational literal; decimals are exact too."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Symbol:
    """A free real variable, with its subscript if any."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """One of pi, e, i, inf, reals, integers, naturals, rationals, complexes, ellipsis."""

    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words, or the exact content of a quoted string."""

    value: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes or no, true or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Quantity:
    """A closed value with the unit it was written in."""

    value: Node
    unit: Unit
    certain: bool
    """False where the unit is a lone letter glued to its number, which may as well be a variable (5m)."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Several values: kind is tuple ( ), list [ ], set { }, bare (commas only), vector, dict or ratio."""

    kind: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A real interval whose brackets say that it is one."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """A rectangular table of values."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Relational:
    """left op right, with op one of = != < <= > >= in ~ (congruent)."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation or white-listed function on its arguments."""

    head: str
    args: tuple[Node, ...]
    depth: int = field(default=0, compare=False, repr=False)


Node = Number | Symbol | Constant | Words | Truth | Quantity | Collection | Interval | Matrix | Relational | Operation


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Operation(_, args) | Collection(_, args):
            return args
        case Quantity(value, _, _):
            return (value,)
        case Interval(low, high, _, _) | Relational(_, low, high):
            return (low, high)
        case Matrix(rows):
            return tuple(entry for row in rows for entry in row)
        case _:
            return ()


def depth_of(node: Node) -> int:
    if isinstance(node, Operation):
        return node.depth
    return 1 + max(map(depth_of, children(node)), default=0)


def apply(head: str, *args: Node) -> Node:
    """Build an operation, sums and products flattened; refuses trees too deep, and arithmetic on what is no number."""
    if head not in SET_OPERATIONS and not all(isinstance(arg, Number | Symbol | Constant | Operation) for arg in args):
        return _scaled_matrix(head, args)
    if head in ("+", "*") and isinstance(args[0], Operation) and args[0].head == head:
        depth = max(args[0].depth, 1 + depth_of(args[-1]))
        args = (*args[0].args, *args[1:])
    else:
        depth = 1 + max(map(depth_of, args), default=0)
    if depth > MAX_DEPTH:
        raise UnreadableAnswer(f"nested deeper than {MAX_DEPTH}")
    return Operation(head, args, depth)


def _scaled_matrix(head: str, args: tuple[Node, ...]) -> Node:
    match head, args:
        case "det", (Matrix(),):
            return Operation(head, args, 1 + depth_of(args[0]))
        case "*", (Number() | Symbol() | Constant() | Operation() as factor, Matrix(rows)):
            return Matrix(tuple(tuple(apply("*", factor, entry) for entry in row) for row in rows))
        case "neg", (Matrix(rows),):
            return Matrix(tuple(tuple(apply("neg", entry) for entry in row) for row in rows))
    raise UnreadableAnswer("arithmetic on something that is no number")


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(children(current))


def symbols(node: Node) -> frozenset[str]:
    return frozenset(part.name for part in walk(node) if isinstance(part, Symbol))


def is_closed(node: Node) -> bool:
    """A single number without free variables: what a unit can stand behind."""
    return all(
        isinstance(part, Number | Operation) or (isinstance(part, Constant) and part.name in ("pi", "e", "i"))
        for part in walk(node)
    )


def substitute(node: Node, values: dict[str, Node]) -> Node:
    """The same tree with free variables replaced."""
    match node:
        case Symbol(name):
            return values.get(name, node)
        case Operation(head, args):
            return Operation(head, tuple(substitute(arg, values) for arg in args), node.depth + 1)
        case Collection(kind, items):
            return Collection(kind, tuple(substitute(item, values) for item in items))
        case Relational(op, left, right):
            return Relational(op, substitute(left, values), substitute(right, values))
        case _:
            return node
