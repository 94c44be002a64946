"""Shapes that go by a name, as the shapes they are beside one: `I_2`, the zero vector, sums of unit vectors."""

from __future__ import annotations

import re
from fractions import Fraction

from agentprop.answers.algebra.rewriting import with_unit_vectors
from agentprop.answers.reading.nodes import (
    Collection,
    Matrix,
    Node,
    Number,
    Operation,
    Symbol,
    apply,
    substitute,
    symbols,
    walk,
)

_IDENTITY = re.compile(r"I(?:_(\d{1,2}))?")
_ZERO = Number(Fraction(0))
_UNITS = ("unit i", "unit j", "unit k")
_HATS = {"hat(x)": "unit i", "hat(y)": "unit j", "hat(z)": "unit k"}
ZERO_VECTOR = Symbol("zero vector")


def as_shape(node: Node, shape: Node) -> Node | None:
    """A name, or a sum of names, as the shape that it is beside another one; None where it names none."""
    if node == ZERO_VECTOR:
        return _zero(shape)
    identity = as_identity(node, shape) if isinstance(shape, Matrix) else None
    return identity if identity is not None else as_vector(node, shape)


def as_identity(node: Node, shape: Matrix) -> Node | None:
    """`3I_2` as the matrix with 3 on its diagonal, as large as the one it meets; None for anything else."""
    *factors, name = _factors(node)
    match = _IDENTITY.fullmatch(name.name) if isinstance(name, Symbol) else None
    size = len(shape.rows)
    if match is None or size != len(shape.rows[0]) or match[1] not in (None, str(size)):
        return None
    value: Node = apply("*", *factors) if factors else Number(Fraction(1))
    return Matrix(tuple(tuple(value if row == column else _ZERO for column in range(size)) for row in range(size)))


def _factors(node: Node) -> list[Node]:
    """The factors of a product with the name of an identity matrix last."""
    match node:
        case Operation("neg", (inner,)):
            return [Number(Fraction(-1)), *_factors(inner)]
        case Operation("*", args):
            found = [factor for arg in args for factor in _factors(arg)]
        case Operation("/", (top, bottom)):
            found = [apply("/", Number(Fraction(1)), bottom), *_factors(top)]
        case _:
            return [node]
    return sorted(found, key=lambda factor: isinstance(factor, Symbol) and bool(_IDENTITY.fullmatch(factor.name)))


def as_vector(node: Node, shape: Node) -> Node | None:
    """`3i + 2j` in unit vectors as the vector it is, with as many entries as the shape it meets; None without them."""
    names = symbols(node)
    node = with_unit_vectors(node) if "j" in names else node
    if names & _HATS.keys():
        node = substitute(node, {hat: Symbol(unit) for hat, unit in _HATS.items()})
    names = symbols(node)
    size = _length(shape)
    if not names & set(_UNITS) or not _is_sum_of_units(node) or not 2 <= size <= 3 or (size == 2 and "unit k" in names):
        return None
    entries = []
    for chosen in _UNITS[:size]:
        values: dict[str, Node] = {name: Number(Fraction(int(name == chosen))) for name in _UNITS}
        entries.append(substitute(node, values))
    return Collection("vector", tuple(entries))


def _is_sum_of_units(node: Node) -> bool:
    """No unit vector stands in a power, below a bar, or beside another one in a product."""
    for part in walk(node):
        if not isinstance(part, Operation) or part.head in ("+", "neg"):
            continue
        with_units = [bool(symbols(arg) & set(_UNITS)) for arg in part.args]
        if sum(with_units) > (part.head in ("*", "/")) or (part.head == "/" and with_units[1]):
            return False
    return True


def _length(shape: Node) -> int:
    if isinstance(shape, Collection):
        return len(shape.items) if shape.kind in ("tuple", "list", "vector", "bare") else 0
    return len(shape.rows) * len(shape.rows[0]) if isinstance(shape, Matrix) else 0


def _zero(shape: Node) -> Node | None:
    """The shape with nothing but zeros in it."""
    match shape:
        case Matrix(rows):
            return Matrix(tuple(tuple(_ZERO for _ in row) for row in rows))
        case Collection("tuple" | "list" | "vector" as kind, items):
            return Collection(kind, tuple(_ZERO for _ in items))
    return None
