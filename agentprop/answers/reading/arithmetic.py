"""Operations on everything the grammar builds: scalars, matrices, vectors, quantities and sets, worked out as shapes.

`combine` is what the parser calls; on scalars it is `apply`. A shape meets a scalar entry by entry, so that the rest of
the engine compares finished matrices and vectors and never an unevaluated product of them.
"""

from __future__ import annotations

import re

from agentprop.answers.reading.nodes import (
    Change,
    Collection,
    Constant,
    Interval,
    Matrix,
    Node,
    Number,
    Operation,
    Quantity,
    Relational,
    Symbol,
    UnreadableAnswer,
    apply,
    is_scalar,
    operation,
)

Rows = tuple[tuple[Node, ...], ...]
_SETS = frozenset(("union", "intersection", "minus"))
_VECTORS = ("vector", "tuple")
_VECTOR_NAME = re.compile(r"vec\((?P<letter>.+)\)")
MAX_ENTRIES = 400
"""Entries of a matrix product that is worked out."""
MAX_POWER = 12


def combine(head: str, *args: Node) -> Node:
    """The result of an operation; raises `UnreadableAnswer` where it means nothing."""
    if all(isinstance(arg, Number | Symbol | Constant | Operation) for arg in args) and head not in _SETS:
        return apply(head, *args)
    if head in _SETS:
        return operation(head, *map(_as_set, args))
    args = tuple(map(ungrouped, args))
    match head, args:
        case "neg", (Quantity(value, unit, certain),):
            return Quantity(apply("neg", value), unit, certain)
        case "neg", (shape,):
            return _each(shape, lambda entry: combine("neg", entry))
        case "+", (Matrix(left), Matrix(right)):
            return Matrix(_zipped_rows(left, right))
        case "+", (Collection(kind, left), Collection(other, right)) if {kind, other} <= set(_VECTORS):
            return Collection("vector" if "vector" in (kind, other) else "tuple", _zipped(left, right))
        case "+", (first, *rest) if len(rest) > 1:
            return combine("+", combine("+", first, *rest[:-1]), rest[-1])
        case "*", (Matrix(left), Matrix(right)):
            return _product(left, right)
        case "*" | "/", (shape, factor) if is_scalar(factor) and not is_scalar(shape):
            return _each(shape, lambda entry: combine(head, entry, factor))
        case "*", (factor, shape) if is_scalar(factor):
            return _each(shape, lambda entry: combine("*", factor, entry))
        case "^", (Matrix(rows), Number(power)) if power.denominator == 1 and 0 < power <= MAX_POWER:
            total: Node = Matrix(rows)
            for _ in range(int(power) - 1):
                total = combine("*", total, Matrix(rows))
            return total
        case "^", (Matrix(rows), Operation("neg", (Number(power),))) if power == 1:
            return _inverse(rows)
    return apply(head, *args)


def multiplied(left: Node, right: Node, sign: str) -> Node:
    """A product with its sign: between two vectors the dot product or the cross product, and of ∇ what it is called."""
    if left == Symbol("nabla") and is_scalar(right):
        return operation("call", Symbol("div" if sign == "dot" else "curl"), _letter(right) or right)
    if sign == "times" and (crossed := _crossed(left, right)) is not None:
        return crossed
    one, other = _entries(left), _entries(right)
    if one is None or other is None or len(one) != len(other):
        return combine("*", left, right)
    if sign == "dot":
        return _dot(one, other)
    if len(one) != 3:
        raise UnreadableAnswer("a cross product of vectors that are not of three entries")
    pairs = ((1, 2), (2, 0), (0, 1))
    parts = tuple(
        combine("+", combine("*", one[i], other[j]), combine("neg", combine("*", one[j], other[i]))) for i, j in pairs
    )
    return Matrix(tuple((part,) for part in parts)) if isinstance(left, Matrix) else Collection("vector", parts)


def _crossed(left: Node, right: Node) -> Node | None:
    """The cross product of two names of vectors, whatever their marks; it stays unworked. None for other factors."""
    *factors, last = left.args if isinstance(left, Operation) and left.head == "*" else (left,)
    one, other = _letter(last), _letter(right)
    if one is None or other is None:
        return None
    product = operation("call", Symbol("cross"), one, other)
    return apply("*", *factors, product) if factors else product


def _letter(node: Node) -> Node | None:
    """The letter of a vector's name without its arrow; None for anything else."""
    name = _VECTOR_NAME.fullmatch(node.name) if isinstance(node, Symbol) else None
    return Symbol(name["letter"]) if name else None


def _entries(node: Node) -> tuple[Node, ...] | None:
    """The entries of a vector of two or more; None for anything else."""
    match node:
        case Matrix(rows) if len(rows) > 1 and all(len(row) == 1 for row in rows):
            return tuple(row[0] for row in rows)
        case Matrix((row,)) if len(row) > 1:
            return row
        case Collection("vector" | "tuple", items) if len(items) > 1:
            return items
    return None


def ungrouped(node: Node) -> Node:
    """`[x + 1]` as an operand is a group in square brackets."""
    if isinstance(node, Collection) and node.kind == "list" and len(node.items) == 1 and is_scalar(node.items[0]):
        return node.items[0]
    return node


def transposed(node: Node) -> Node:
    """The transpose of a matrix, or the column of a list."""
    match node:
        case Matrix(rows):
            return Matrix(tuple(zip(*rows, strict=True)))
        case Collection("list" | "tuple" | "vector", items):
            return Matrix(tuple((item,) for item in items))
    raise UnreadableAnswer("a transpose of something that is no matrix")


def _as_set(node: Node) -> Node:
    if isinstance(node, Operation) or not is_scalar(node) or isinstance(node, Constant | Symbol):
        return node if not (isinstance(node, Operation) and is_scalar(node)) else Collection("set", (node,))
    return Collection("set", (node,))


def _each(shape: Node, change: Change) -> Node:
    match shape:
        case Matrix(rows):
            return Matrix(tuple(tuple(map(change, row)) for row in rows))
        case Collection(kind, items) if kind in _VECTORS and items:
            return Collection(kind, tuple(map(change, items)))
        case Quantity(value, unit, certain):
            return Quantity(change(value), unit, certain)
        case Interval() | Relational():
            raise UnreadableAnswer("arithmetic on an interval")
    raise UnreadableAnswer("arithmetic on something that is no number")


def _zipped(left: tuple[Node, ...], right: tuple[Node, ...]) -> tuple[Node, ...]:
    if len(left) != len(right):
        raise UnreadableAnswer("a sum of vectors that differ in length")
    return tuple(combine("+", a, b) for a, b in zip(left, right, strict=True))


def _zipped_rows(left: Rows, right: Rows) -> Rows:
    if len(left) != len(right):
        raise UnreadableAnswer("a sum of matrices that differ in size")
    return tuple(_zipped(a, b) for a, b in zip(left, right, strict=True))


def _product(left: Rows, right: Rows) -> Node:
    if len(left[0]) != len(right) or len(left) * len(right[0]) > MAX_ENTRIES:
        raise UnreadableAnswer("a product of matrices that do not fit")
    columns = tuple(zip(*right, strict=True))
    return Matrix(tuple(tuple(_dot(row, column) for column in columns) for row in left))


def _dot(row: tuple[Node, ...], column: tuple[Node, ...]) -> Node:
    total = combine("*", row[0], column[0])
    for a, b in zip(row[1:], column[1:], strict=True):
        total = combine("+", total, combine("*", a, b))
    return total


def determinant(matrix: Matrix) -> Node:
    """Of up to four rows, written out; larger ones are left for the exact arithmetic of numbers."""
    rows = matrix.rows
    if len(rows) != len(rows[0]):
        raise UnreadableAnswer("a determinant of a matrix that is not square")
    if len(rows) > 4 or not all(is_scalar(entry) for row in rows for entry in row):
        return operation("det", matrix)
    if len(rows) == 1:
        return rows[0][0]
    total: Node | None = None
    for k, entry in enumerate(rows[0]):
        minor = Matrix(tuple((*row[:k], *row[k + 1 :]) for row in rows[1:]))
        term = combine("*", entry, determinant(minor))
        term = combine("neg", term) if k % 2 else term
        total = term if total is None else combine("+", total, term)
    assert total is not None
    return total


def _inverse(rows: Rows) -> Node:
    """Of up to four rows, by the adjugate."""
    size = len(rows)
    if size != len(rows[0]) or not 2 <= size <= 4:
        raise UnreadableAnswer("the inverse of such a matrix")
    cofactors = tuple(tuple(_cofactor(rows, row, column) for row in range(size)) for column in range(size))
    return combine("/", Matrix(cofactors), determinant(Matrix(rows)))


def _cofactor(rows: Rows, row: int, column: int) -> Node:
    rest = tuple((*line[:column], *line[column + 1 :]) for k, line in enumerate(rows) if k != row)
    value = determinant(Matrix(rest))
    return combine("neg", value) if (row + column) % 2 else value
