"""The few kinds of node that an answer is read into: plain data, nothing that could run.

`Operation` covers arithmetic, functions, set operations and big operators by the name of its head; the others are
leaves and shapes. The big operators (sum, prod, integral, union over an index) bind a name: their arguments are the
body, the bound symbol, and the lower and the upper bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from agentprop.answers.reading.units import Unit

MAX_DEPTH = 80
"""Deepest tree that is built: keeps every later recursion far from the interpreter's limit."""

SET_OPERATIONS = frozenset(
    ("and", "or", "comma", "set", "union", "intersection", "minus", "bigunion", "space", "class", "approx")
)
BINDERS = frozenset(("sum", "prod", "integral", "bigunion"))
"""Heads whose second argument is a symbol bound in the first one."""


class UnreadableAnswer(Exception):
    """The text is not in the grammar of answers, or is beyond its size limits."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact rational literal; decimals are exact too."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Symbol:
    """A free real variable, with its subscript if any; or the name of a value, such as `f(x)` or `mean`."""

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
    """Several values: kind is tuple ( ), list [ ], set { }, bare (commas only), vector, dict, ratio, parts or chain.

    A chain is one value written several times, as in `2·3 = 6` or `1/6 ≈ 0.17`; all its links must agree.
    """

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


@dataclass(frozen=True, slots=True)
class Cases:
    """A value in pieces: each with its condition, None for `otherwise`."""

    branches: tuple[tuple[Node, Node | None], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """All values of the body as its bound names run through their conditions: `3k+1` for k in the integers."""

    body: Node
    conditions: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A part of an answer and its label: `(b) 5`, `B) 42`."""

    label: str
    content: Node


@dataclass(frozen=True, slots=True)
class Formula:
    """A chemical formula: its groups in order, its charge, and how often it occurs."""

    groups: tuple[tuple[str, int], ...]
    charge: int
    count: Fraction = Fraction(1)
    other_charge: int | None = None
    """Where plain digits leave it open (Fe3+), the charge of the other reading; its last index is one then."""
    state: str = ""
    """`s`, `l`, `g` or `aq`, where it is written."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """Formulas on both sides of an arrow."""

    left: tuple[Formula, ...]
    right: tuple[Formula, ...]


Tree = str | tuple[str, tuple["Tree", ...]]
"""A letter, or a connective and its parts."""


@dataclass(frozen=True, slots=True)
class Proposition:
    """A formula of logic."""

    tree: Tree


@dataclass(frozen=True, slots=True)
class Day:
    """A date; the year or the day is None where none is given."""

    year: int | None
    month: int
    day: int | None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in seconds; `half_known` tells whether morning or afternoon is certain."""

    seconds: int
    half_known: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence: its words in order, lower-cased, with the values in it as nodes."""

    parts: tuple[str | Node, ...]


Node = (
    Number
    | Symbol
    | Constant
    | Words
    | Truth
    | Quantity
    | Collection
    | Interval
    | Matrix
    | Relational
    | Operation
    | Cases
    | Family
    | Labelled
    | Formula
    | Reaction
    | Proposition
    | Day
    | Clock
    | Statement
)
Scalar = Number | Symbol | Constant | Operation
Change = Callable[[Node], Node]


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node that are nodes."""
    match node:
        case Operation(_, args) | Collection(_, args):
            return args
        case Quantity(value, _, _) | Labelled(_, value):
            return (value,)
        case Interval(low, high, _, _) | Relational(_, low, high):
            return (low, high)
        case Matrix(rows):
            return tuple(entry for row in rows for entry in row)
        case Cases(branches):
            return tuple(part for branch in branches for part in branch if part is not None)
        case Family(body, conditions):
            return (body, *conditions)
        case Statement(parts):
            return tuple(part for part in parts if not isinstance(part, str))
        case _:
            return ()


def depth_of(node: Node) -> int:
    """Levels of the tree; operations know theirs."""
    if isinstance(node, Operation):
        return node.depth
    return 1 + max(map(depth_of, children(node)), default=0)


def apply(head: str, *args: Node) -> Operation:
    """Build an operation on scalars, sums and products flattened; refuses trees too deep, and what is no number."""
    if not all(isinstance(arg, Number | Symbol | Constant | Operation) for arg in args):
        raise UnreadableAnswer("arithmetic on something that is no number")
    if head in ("+", "*") and isinstance(args[0], Operation) and args[0].head == head:
        depth = max(args[0].depth, 1 + depth_of(args[-1]))
        args = (*args[0].args, *args[1:])
    else:
        depth = 1 + max(map(depth_of, args), default=0)
    if depth > MAX_DEPTH:
        raise UnreadableAnswer(f"nested deeper than {MAX_DEPTH}")
    return Operation(head, args, depth)


def operation(head: str, *args: Node) -> Operation:
    """An operation on whatever its arguments are, such as a determinant of a matrix or a sum over an index."""
    depth = 1 + max(map(depth_of, args), default=0)
    if depth > MAX_DEPTH:
        raise UnreadableAnswer(f"nested deeper than {MAX_DEPTH}")
    return Operation(head, args, depth)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(children(current))


_NO_NAMES: frozenset[str] = frozenset()


def symbols(node: Node) -> frozenset[str]:
    """Names of the free variables; what a big operator binds is not free."""
    if isinstance(node, Number | Constant):
        return _NO_NAMES
    if isinstance(node, Symbol):
        return frozenset((node.name,))
    found: set[str] = set()
    pending: list[tuple[Node, frozenset[str]]] = [(node, _NO_NAMES)]
    while pending:
        current, bound = pending.pop()
        match current:
            case Symbol(name):
                if name not in bound:
                    found.add(name)
            case Operation(head, (body, Symbol(name), *bounds)) if head in BINDERS:
                pending.append((body, bound | {name}))
                pending.extend((each, bound) for each in bounds)
            case _:
                pending.extend((each, bound) for each in children(current))
    return frozenset(found)


def is_closed(node: Node) -> bool:
    """A single number without free variables: what a unit can stand behind."""
    return all(
        isinstance(part, Number | Operation) or (isinstance(part, Constant) and part.name in ("pi", "e", "i"))
        for part in walk(node)
    )


def is_scalar(node: Node) -> bool:
    """A number or an expression, not a set or a truth."""
    if isinstance(node, Operation):
        return node.head not in SET_OPERATIONS
    return isinstance(node, Number | Symbol | Constant)


def substitute(node: Node, values: dict[str, Node]) -> Node:
    """The same tree with free variables replaced; bound names are left alone."""
    if not values:
        return node
    match node:
        case Symbol(name):
            return values.get(name, node)
        case Operation(head, (body, Symbol(name), *bounds)) if head in BINDERS:
            inside = {key: value for key, value in values.items() if key != name}
            args = (substitute(body, inside), Symbol(name), *(substitute(each, values) for each in bounds))
            return Operation(head, args, node.depth + 1)
        case _:
            return mapped(node, lambda part: substitute(part, values))


def mapped(node: Node, change: Change) -> Node:
    """The same node with every child changed."""
    match node:
        case Operation(head, args):
            return Operation(head, tuple(map(change, args)), node.depth + 1)
        case Collection(kind, items):
            return Collection(kind, tuple(map(change, items)))
        case Relational(op, left, right):
            return Relational(op, change(left), change(right))
        case Interval(low, high, low_closed, high_closed):
            return Interval(change(low), change(high), low_closed, high_closed)
        case Matrix(rows):
            return Matrix(tuple(tuple(map(change, row)) for row in rows))
        case Quantity(value, unit, certain):
            return Quantity(change(value), unit, certain)
        case Cases(branches):
            return Cases(tuple((change(value), None if when is None else change(when)) for value, when in branches))
        case Family(body, conditions):
            return Family(change(body), tuple(map(change, conditions)))
        case Labelled(label, content):
            return Labelled(label, change(content))
        case Statement(parts):
            return Statement(tuple(part if isinstance(part, str) else change(part) for part in parts))
        case _:
            return node
