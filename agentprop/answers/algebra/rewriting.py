"""Trees to simpler trees before they are compared: ± written out, assignments taken apart, quantities converted."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from agentprop.answers.reading.nodes import (
    Cases,
    Collection,
    Constant,
    Family,
    Labelled,
    Matrix,
    Node,
    Number,
    Operation,
    Quantity,
    Relational,
    Statement,
    Symbol,
    Words,
    apply,
    is_closed,
    mapped,
    operation,
    substitute,
    symbols,
    walk,
)
from agentprop.answers.reading.units import DEGREE, RADIAN_DIMENSIONS, Dimensions, Unit


def expand(node: Node) -> Node:
    """Write out ± as two values; a column or row of a list stays as it is."""
    if not any(isinstance(part, Operation) and part.head in ("pm", "mp") for part in walk(node)):
        return node
    if isinstance(node, Relational) and node.op == "!=":
        return operation("and", _signed(node, "+"), _signed(node, "-"))
    if isinstance(node, Operation) and node.head in ("and", "comma", "union", "minus", "intersection"):
        return Operation(node.head, tuple(map(expand, node.args)), node.depth + 1)
    if isinstance(node, Cases | Family | Labelled | Statement | Matrix) or (
        isinstance(node, Collection) and node.kind == "parts"
    ):
        return mapped(node, expand)
    if isinstance(node, Collection) and node.kind in ("bare", "set"):
        items: list[Node] = []
        for item in node.items:
            wide = expand(item)
            items.extend(wide.items if isinstance(wide, Collection) and wide.kind == "bare" else (wide,))
        return Collection(node.kind, tuple(items))
    return Collection("bare", (_signed(node, "+"), _signed(node, "-")))


def _signed(node: Node, upper: str) -> Node:
    """The node with the upper, or the lower, sign of every ±."""
    match node:
        case Operation(("pm" | "mp") as head, (left, right)):
            plus = (head == "pm") == (upper == "+")
            a, b = _signed(left, upper), _signed(right, upper)
            return apply("+", a, b if plus else apply("neg", b))
        case Operation(head, args):
            return Operation(head, tuple(_signed(arg, upper) for arg in args), node.depth + 1)
        case Collection(kind, items):
            return Collection(kind, tuple(_signed(item, upper) for item in items))
        case Relational(op, left, right):
            return Relational(op, _signed(left, upper), _signed(right, upper))
        case Quantity(value, unit, certain):
            return Quantity(_signed(value, upper), unit, certain)
        case _:
            return node


def assignments(node: Node) -> dict[str, list[Node]] | None:
    """`x = 1, y = 2` as values by variable, in the order named; None for anything else."""
    match node:
        case Relational("=", Operation("call", (Symbol(name), *names)), value) if all(
            isinstance(n, Symbol) for n in names
        ):
            if name in symbols(value) or _calls(name, value):
                return None
            return {f"{name}({events(names, value)})": [value]}
        case Relational("=", Symbol(name), value) if name not in symbols(value):
            return {name: list(value.items) if isinstance(value, Collection) and value.kind == "bare" else [value]}
        case Relational("=", value, Symbol(name)) if not symbols(value):
            return {name: [value]}
        case Relational("in", Symbol(name), Collection("set", items)):
            return {name: [Collection("set", items)]}
        case Relational("=", Collection("tuple" | "bare", names), Collection("tuple" | "bare", values)) if len(
            names
        ) == len(values):
            return _paired(names, values)
        case Collection("bare", items) if isinstance(items[0], Relational):
            return _several(items)
        case Operation("and", items):
            return _several(items) if all(isinstance(item, Relational) and item.op == "=" for item in items) else None
    return None


def events(names: Sequence[Node], value: Node) -> str:
    """The A of `P(A) = 1/3`, which is no variable: in capitals, and not in the value. A variable has no name here."""
    called = [name.name for name in names if isinstance(name, Symbol)]
    return ",".join(called) if any(name[:1].isupper() for name in called) and not symbols(value) & set(called) else ""


def events_differ(name: str, other: str) -> bool:
    """P(A) and P(B), of one function and two events."""
    head, _, event = name.partition("(")
    same_head, _, another = other.partition("(")
    return head == same_head and len(event) > 1 and len(another) > 1 and event != another


def solutions(node: Node) -> tuple[tuple[str, ...], tuple[Collection, ...]] | None:
    """`x = 1, y = 2 or x = 2, y = 1` and `(x, y) = (1, 2), (2, 1)` as names and tuples; None for one solution."""
    rows = _rows(node.items) if isinstance(node, Collection) and node.kind in ("bare", "set") else []
    if len(rows) < 2 or len({frozenset(row) for row in rows}) > 1 or len(rows[0]) < 2:
        return None
    names = tuple(rows[0])
    return names, tuple(Collection("tuple", tuple(row[name] for name in names)) for row in rows)


def _rows(items: Sequence[Node]) -> list[dict[str, Node]]:
    """The values by name in each solution; empty where the items are no solutions."""
    rows: list[dict[str, Node]] = []
    for item in items:
        found = assignments(item) if isinstance(item, Relational | Operation) else None
        if found is None and rows and isinstance(item, Collection) and len(item.items) == len(rows[0]):
            found = {name: [value] for name, value in zip(rows[0], item.items, strict=True)}
        if found is None or any(len(values) > 1 for values in found.values()):
            return []
        single = {name: values[0] for name, values in found.items()}
        if rows and not single.keys() & rows[-1].keys():
            rows[-1].update(single)
        else:
            rows.append(single)
    return rows


def _paired(names: Sequence[Node], values: Sequence[Node]) -> dict[str, list[Node]] | None:
    if not all(isinstance(name, Symbol) for name in names):
        return None
    return {name.name: [value] for name, value in zip(names, values, strict=True) if isinstance(name, Symbol)}


def _several(items: Sequence[Node]) -> dict[str, list[Node]] | None:
    found: dict[str, list[Node]] = {}
    last: str | None = None
    for item in items:
        single = assignments(item) if isinstance(item, Relational) else None
        if single is None:
            if last is None or isinstance(item, Relational | Words):
                return None
            found[last].append(item)
            continue
        for name, values in single.items():
            found.setdefault(name, []).extend(values)
            last = name
    return found


def _calls(name: str, node: Node) -> bool:
    """A recurrence: the function stands on both sides."""
    return any(
        isinstance(part, Operation) and part.head == "call" and part.args[0] == Symbol(name) for part in walk(node)
    )


def assigned_value(node: Node) -> Node:
    found = assignments(node)
    return listed(next(iter(found.values()))) if found and len(found) == 1 else node


def listed(values: list[Node]) -> Node:
    return values[0] if len(values) == 1 else Collection("bare", tuple(values))


def residue(node: Node) -> tuple[Node, Node] | None:
    match node:
        case Operation("class", (value, modulus)):
            return value, modulus
        case Relational("~" | "=", Symbol(), Operation("class", (value, modulus))):
            return value, modulus
        case Relational("~", Symbol(), Operation("mod", (value, modulus))):  # `x ≡ 7 mod 5`
            return value, modulus
    return None


def defines(relation: Relational) -> bool:
    """`f(x) = …`, `AB = 5` or `pH = 7`: the right-hand side is the answer, the left-hand side its name."""
    left, right = relation.left, relation.right
    value = right.value if isinstance(right, Quantity) else right
    if isinstance(left, Operation) and left.head == "*" and is_closed(value):
        names = [factor.name for factor in left.args if isinstance(factor, Symbol)]
        return len(names) == len(left.args) and any(name[:1].isupper() or "(" in name for name in names)
    return isinstance(left, Symbol) or (isinstance(left, Operation) and left.head == "call")


_EVALUATED = frozenset(
    ("det", "lim", "lcm", "gcd", "sin", "cos", "tan", "cot", "sec", "csc", "logbase", "conj", "re", "im")
)


def evaluates(relation: Relational) -> bool:
    """`det(A) = 5`, `tan t = 3/4`: the value of a function of something unknown, rather than an equation for it."""
    left = relation.left
    return isinstance(left, Operation) and left.head in _EVALUATED and not is_closed(left) and is_closed(relation.right)


def may_be_undefined(node: Node) -> bool:
    return any(isinstance(part, Operation) and part.head in ("/", "^") for part in walk(node)) and not symbols(node)


def without_common(left: Sequence[Node], remaining: list[Node]) -> list[Node]:
    """Drop pairs that are literally equal, in linear time; `remaining` loses its half in place."""
    counts: dict[Node, int] = {}
    for item in remaining:
        counts[item] = counts.get(item, 0) + 1
    rest = []
    used: dict[Node, int] = {}
    for item in left:
        if counts.get(item, 0) > used.get(item, 0):
            used[item] = used.get(item, 0) + 1
        else:
            rest.append(item)
    kept = []
    for item in remaining:
        if used.get(item, 0):
            used[item] -= 1
        else:
            kept.append(item)
    remaining[:] = kept
    return rest


def in_si(value: Node, unit: Unit) -> Node:
    scaled = apply("*", value, Number(unit.factor))
    return apply("+", scaled, Number(unit.offset)) if unit.offset else scaled


def converted(value: Node, source: Unit, target: Unit) -> Node:
    """From one unit to another: shift, scale, shift back."""
    return apply("/", apply("+", in_si(value, source), Number(-target.offset)), Number(target.factor))


def has_units(node: Node) -> bool:
    """A measure stands somewhere in it."""
    return any(isinstance(part, Quantity) for part in walk(node))


def units_in(node: Node) -> frozenset[Dimensions]:
    """What the measures in it measure."""
    return frozenset(part.unit.dimensions for part in walk(node) if isinstance(part, Quantity))


def without_units(node: Node, *, scaled: bool) -> Node:
    """The tree with the values of its measures alone: in SI units, or as they were written."""
    if isinstance(node, Quantity):
        return in_si(node.value, node.unit) if scaled else node.value
    return mapped(node, lambda part: without_units(part, scaled=scaled))


def as_angle(node: Node) -> Node:
    """A value that ends in a degree sign is a quantity; inside an expression the sign is a factor of pi/180."""
    match node:
        case Operation("degrees", (value,)):
            return Quantity(value, DEGREE, True)
        case Operation("neg", (Operation("degrees", (value,)),)):
            return Quantity(apply("neg", value), DEGREE, True)
    return node


def radians(quantity: Quantity) -> Node:
    if quantity.unit.dimensions == RADIAN_DIMENSIONS:
        return quantity.value
    return apply("/", apply("*", quantity.value, Constant("pi")), Number(Fraction(180)))


def with_imaginary_unit_of(gold: Node, pred: Node) -> Node:
    """`3 + 4j` as `3 + 4i` beside a number that is written with i; i, j, k as unit vectors beside those."""
    if symbols(gold) & set(_UNITS):
        return with_unit_vectors(pred)
    if symbols(pred) != {"j"} or symbols(gold) or Constant("i") not in walk(gold):
        return pred
    return pred if Constant("i") in walk(pred) else substitute(pred, {"j": Constant("i")})


_UNITS = ("unit i", "unit j", "unit k")


def with_unit_vectors(node: Node) -> Node:
    """i, j and k without their hats as what they are beside a vector."""
    if symbols(node) & set(_UNITS):
        return node
    named = substitute(node, {name[-1]: Symbol(name) for name in _UNITS})
    return _without_imaginary_unit(named)


def _without_imaginary_unit(node: Node) -> Node:
    return Symbol("unit i") if node == Constant("i") else mapped(node, _without_imaginary_unit)
