"""Sets of whole numbers: by their names, and as progressions without an end such as `{2, 4, 6, …}`.

Whether 0 is a natural number is a convention: beside `{1, 2, 3, …}` and `{0, 1, 2, …}` the letter N stays open.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

from agentprop.answers.algebra.rationals import UndefinedValue, rational
from agentprop.answers.outcome import Equivalence, different, same, undetermined
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Family,
    Node,
    Number,
    Relational,
    Symbol,
    apply,
    substitute,
)

Compare = Callable[[Node, Node], Equivalence]
_FIRST = {"positive integers": 1, "naturals from 0": 0}
_NATURAL = ((Fraction(0), Fraction(1)), (Fraction(1), Fraction(1)))
_TAKEN = 4
"""Members of a family that are looked for in a progression."""


def domains(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Decide pairs of sets of whole numbers, at least one of them a name or a progression; None for others."""
    if not isinstance(gold, Collection | Constant) and not isinstance(pred, Collection | Constant):
        return None
    for one, other in ((gold, pred), (pred, gold)):
        if _is_all_integers(one) and isinstance(other, Constant):
            return compare(Constant("integers"), other)
    if Constant("naturals") in (gold, pred):
        other = pred if gold == Constant("naturals") else gold
        if progression(other) in _NATURAL:
            return undetermined("naturals", "whether 0 is a natural number is a convention")
    left, right = progression(gold), progression(pred)
    if left is not None and right is not None:
        if left == right:
            return same("progression", "the same first value and the same step")
        return different("progression", "they begin with another value, or go in other steps")
    if left is None and right is None:
        return None
    known, other = (left, pred) if left is not None else (right, gold)
    assert known is not None
    if isinstance(other, Family):
        return _against_family(known, other, compare)
    if isinstance(other, Collection) and other.kind == "set" and all(isinstance(item, Number) for item in other.items):
        return different("progression", "one goes on without end, the other does not")
    return None


def progression(node: Node) -> tuple[Fraction, Fraction] | None:
    """First value and step of a set of whole numbers that goes on without end; None for anything else."""
    if isinstance(node, Constant) and node.name in _FIRST:
        return Fraction(_FIRST[node.name]), Fraction(1)
    if not isinstance(node, Collection) or node.kind not in ("set", "bare") or len(node.items) < 3:
        return None
    *given, last = node.items
    values = [value for item in given if (value := _member(item)) is not None]
    steps = {b - a for a, b in pairwise(values)}
    if last != Constant("ellipsis") or len(values) < len(given) or len(steps) != 1:
        return None
    step = steps.pop()
    return (values[0], step) if step == 1 or len(values) > 2 else None


def _is_all_integers(node: Node) -> bool:
    """`{…, -1, 0, 1, …}`."""
    if not isinstance(node, Collection) or node.kind != "set" or len(node.items) < 4:
        return False
    first, *given, last = node.items
    values = [value for item in given if (value := _member(item)) is not None]
    return (
        first == last == Constant("ellipsis")
        and len(values) == len(given)
        and {b - a for a, b in pairwise(values)} == {1}
    )


def _against_family(known: tuple[Fraction, Fraction], family: Family, compare: Compare) -> Equivalence | None:
    """`2k, k in N` where k runs on without end: by its rule, or by a value that is no member of the progression."""
    match family:
        case Family(body, (Relational("in", Symbol(name), Constant(domain)),)) if domain in _FIRST:
            body = body.right if isinstance(body, Relational) and body.op == "=" else body
        case _:
            return None
    (start, step), first = known, Fraction(_FIRST[domain])
    rule = apply("+", Number(start - first * step), apply("*", Number(step), Symbol(name)))
    if compare(rule, body).status == "same":
        return same("progression", "the same values by the same rule")
    for k in range(_TAKEN):
        member = _member(substitute(body, {name: Number(first + k)}))
        if member is not None and ((member - start) / step < 0 or ((member - start) / step).denominator > 1):
            return different("progression", f"{member} is in one of them only")
    return undetermined("progression", "a progression and a family of values whose rules differ")


def _member(node: Node) -> Fraction | None:
    try:
        return rational(node)
    except UndefinedValue:
        return None
