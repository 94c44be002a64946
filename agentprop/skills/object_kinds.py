"""The family of an object kind, facts and a question → the answer, and how the facts narrow the family.

What the scripts of object kinds have in common. It is offered to a script that imports it, in the sandbox, under the
name `object_kinds`; so it uses the standard library only. Stored kinds import its functions by name: what one of them
does stays as it is, and what should be otherwise gets another name. A kind of an earlier version has a script of its
own for all of this, and imports nothing.

A family is a list of members, of which `ports` tell: name → function of a member, which gives a number, None if the
member's is not rational, or a bool for a condition. Facts are pairs (port, value). Ours.

    >>> squares = [(side, side * side) for side in range(1, 10)]
    >>> ports = {"side": lambda s: s[0], "area": lambda s: s[1], "even": lambda s: s[0] % 2 == 0}
    >>> answer(squares, (("area", 49),), ("value", "side"), ports)
    7
    >>> narrowed(squares, (("even", True), ("area", 16)), ports, lambda s: f"side {s[0]}")
    {'family': 9, 'counts': [4, 1], 'left': 'side 4'}
    >>> bounded(9, (("area", 16), ("even", True)), {"area": lambda area: area})
    9
    >>> bounded(20, (("area", 16), ("even", True)), {"area": lambda area: area})
    16
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

MOST_SHOWN = 8
"""Members that the last step of a solution lists."""
Fact = tuple[str, Any]
Ports = Mapping[str, Callable[[Any], Any]]


def fitting(family: Sequence[Any], facts: Sequence[Fact], ports: Ports) -> list[Any]:
    """The members that the facts are true of."""
    found = list(family)
    for port, told in facts:
        of = ports[port]
        found = [one for one in found if of(one) == told]
    return found


def answer(family: Sequence[Any], facts: Sequence[Fact], question: Sequence[str], ports: Ports) -> Any:
    """The answer to a question, if every member that the facts are true of gives the same one.

    Raises ValueError if none fits, if two of them give different answers, or if one gives none.
    """
    found, kind, names = fitting(family, facts, ports), question[0], question[1:]
    if kind == "number":
        return len(found)
    values = set()
    for one in found:
        told = [ports[name](one) for name in names]
        if kind == "branch":
            told = [told[1] if told[0] else told[2]]
        if None in told:
            raise ValueError("what is asked for is not rational")
        values.add(sum(told))
    if not values:
        raise ValueError("nothing fits the facts")
    if kind == "greatest":
        return whole(max(values))
    if kind == "least":
        return whole(min(values))
    if len(values) > 1:
        raise ValueError("the facts leave more than one value")
    return whole(values.pop())


def narrowed(
    family: Sequence[Any], facts: Sequence[Fact], ports: Ports, shown: Callable[[Any], str] = str
) -> dict[str, Any]:
    """The steps of a solution: the size of the family, how many each fact leaves, and which ones all of them leave."""
    found, counts = list(family), []
    for fact in facts:
        found = fitting(found, [fact], ports)
        counts.append(len(found))
    listed = [shown(one) for one in found[:MOST_SHOWN]]
    more = [f"{len(found) - MOST_SHOWN} more"] if len(found) > MOST_SHOWN else []
    return {"family": len(family), "counts": counts, "left": ", ".join(listed + more)}


def bounded(box: int, facts: Sequence[Fact], bounds: Mapping[str, Callable[[Any], Any]]) -> int:
    """The box, or a smaller one of which it is proved that nothing beyond it fits the facts.

    `bounds` is what the proofs say: port → function of a told value, which gives a box that holds every member of that
    value, whatever the range, or None if there is no such box.
    """
    proved = [bounds[port](told) for port, told in facts if port in bounds]
    return min([box, *(int(most) for most in proved if most is not None)])


def root(value: Any) -> int:
    """The greatest integer of which the square is at most a number; 0 for a negative one."""
    return isqrt(max(0, int(value)))


def whole(value: Any) -> Any:
    """A number, as an int if it is one."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def quotient(top: int, low: int) -> int | Fraction:
    """A quotient of integers, as an int if it is one."""
    return Fraction(top, low) if top % low else top // low
