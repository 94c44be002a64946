"""What the items of a sequence say together: a condition, a family of values, a value in pieces, a chain, or a list."""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.answers.reading.chains import exact
from agentprop.answers.reading.measures import summed
from agentprop.answers.reading.nodes import (
    Cases,
    Collection,
    Family,
    Node,
    Operation,
    Relational,
    is_closed,
    is_scalar,
    operation,
    symbols,
)

_ANDS = frozenset(("and", "\\land", "\\wedge", "\\&"))
_ORS = frozenset(("or", "\\lor", "\\vee"))
_INEQUALITIES = frozenset(("<", "<=", ">", ">=", "!=", "in", "notin"))


def joined(items: list[Node], joints: Sequence[str]) -> Node:
    """One node: a condition where all items are conditions, a sum of measures, a family, or a bare list."""
    if len(items) == 1:
        return items[0]
    items = _all_excluded(items)
    if ";" in joints and "," in joints and all(is_scalar(item) and is_closed(item) for item in items):
        return _grouped(items, joints)
    if len(items) > 3 and len(items) % 2 == 0 and (pieces := _in_pieces(items)) is not None:
        return pieces
    if not any(joint in _ORS for joint in joints) and (family := _family(items)) is not None:
        return family
    if all(map(_is_condition, items)) and any(map(_is_inequality, items)):
        return _conditions(items, joints)
    if joints == ["or"] and items[0] != items[1] and exact(items[0]) == exact(items[1]) is not None:
        return items[0]  # `7/3 or 2 1/3`: one number in two notations
    total = summed(items) if set(joints) <= {"and"} else None
    return total if total is not None else Collection("bare", tuple(items))


def _grouped(items: Sequence[Node], joints: Sequence[str]) -> Node:
    """`1; 2, 3` is 1 beside 2 and 3, which `1, 2; 3` is not."""
    groups: list[list[Node]] = [[items[0]]]
    for item, joint in zip(items[1:], joints, strict=True):
        if joint == ";":
            groups.append([item])
        else:
            groups[-1].append(item)
    return Collection(
        "bare", tuple(group[0] if len(group) == 1 else Collection("bare", tuple(group)) for group in groups)
    )


def _in_pieces(items: list[Node]) -> Node | None:
    """`x^2, x < 0; x, x >= 0`: values and their conditions in turn."""
    values, conditions = items[::2], items[1::2]
    if all(map(is_scalar, values)) and all(map(_is_inequality, conditions)):
        return Cases(tuple(zip(values, conditions, strict=True)))
    return None


def _all_excluded(items: list[Node]) -> list[Node]:
    """`x != 0, 1` excludes both."""
    first = items[0]
    if not (isinstance(first, Relational) and first.op == "!=" and all(map(is_closed, items[1:]))):
        return items
    return [first, *(Relational("!=", first.left, item) for item in items[1:])]


def _conditions(items: list[Node], joints: Sequence[str]) -> Node:
    """`or` joins alternatives, `and` conjoins; a comma conjoins unless nothing could fulfil both."""
    groups: list[list[Node]] = [[items[0]]]
    commas = False
    for item, joint in zip(items[1:], joints, strict=True):
        if joint in _ORS:
            groups.append([item])
        else:
            commas = commas or joint not in _ANDS
            groups[-1].append(item)
    if commas and len(groups) > 1 and all(len(group) == 1 for group in groups[1:]) and not set(joints) & _ANDS:
        return Collection("bare", tuple(items))  # `x < 1, x = 2 or x > 3` lists alternatives
    head = "comma" if commas else "and"
    joined = [group[0] if len(group) == 1 else operation(head, *group) for group in groups]
    return joined[0] if len(joined) == 1 else Collection("bare", tuple(joined))


def _is_condition(item: Node) -> bool:
    return (isinstance(item, Relational) and item.op in ("=", *_INEQUALITIES)) or _is_conjunction(item)


def _is_conjunction(item: Node) -> bool:
    return isinstance(item, Operation) and item.head == "and"


def _is_inequality(item: Node) -> bool:
    return _is_conjunction(item) or (isinstance(item, Relational) and item.op in _INEQUALITIES)


def _family(items: list[Node]) -> Node | None:
    """`3k+1, k in Z`: values, then the conditions on the names in them."""
    cut = len(items)
    while cut and _is_inequality(items[cut - 1]):
        cut -= 1
    if not 0 < cut < len(items) or any(_is_inequality(item) for item in items[:cut]):
        return None
    body = items[0] if cut == 1 else Collection("bare", tuple(items[:cut]))
    names = symbols(body)
    if not all(symbols(condition) & names for condition in items[cut:]):
        return None
    return Family(body, tuple(items[cut:]))


def under(node: Node, given: list[Node]) -> Node:
    """A value under the conditions that follow it."""
    if isinstance(node, Family):
        return Family(node.body, (*node.conditions, *given))
    return Family(node, tuple(given))
