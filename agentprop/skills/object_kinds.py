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
    >>> told = worked(squares, (("even", True), ("area", 16)), ("value", "side"), ports, {"s": ports["side"]}, ())
    >>> for row in told["narrowing"]:
    ...     row
    ['even', 1, [], [], 4, ['$(2, 4)$', '$(4, 16)$', '$(6, 36)$', '$(8, 64)$']]
    ['area', 16, [], [4, 16, 36, 64], 1, ['$(4, 16)$']]
    >>> told["reached"]
    ['value', ['side'], 1, [['$(4, 16)$', [['s', 4]], [4]]], []]
    >>> sums = [(a, b) for a in range(1, 7) for b in range(1, 7)]
    >>> of = {"sum": sum, "first": lambda s: s[0]}
    >>> told_apart(sums, (("sum", 7),), ("number",), of, {"a": of["first"]}, ())["narrowing"][0][-3:]
    [6, ['$(1, 6)$', '$(2, 5)$', '$(3, 4)$', '$(4, 3)$', '$(5, 2)$', '$(6, 1)$'], []]
    >>> odd = {**of, "odd": lambda s: s[0] * s[1] % 2 == 1}
    >>> told_apart(sums, (("odd", True),), ("number",), odd, {"a": of["first"]}, ())["narrowing"][0][-1]
    ['a', [1, 3, 5], [3, 3, 3]]
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
"""Members, or values of theirs, that a step of a solution lists."""
MOST_VALUES = 15
"""Values of a letter by which members that are left are counted."""
LEADING = 5
"""Letters that are looked at for it."""
FEW = 4
"""Members with which a solution answers the question one by one."""
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


def worked(
    family: Sequence[Any],
    facts: Sequence[Fact],
    question: Sequence[str],
    ports: Ports,
    letters: Ports,
    direct: Sequence[str],
    shown: Callable[[Any], str] = "${}$".format,
) -> dict[str, Any]:
    """The steps of a solution, as data that it is told from: how the facts narrow the family, and what answers then.

    `letters` gives the numbers of a member by the letters of the kind's formulas. Facts of the ports `direct`, which
    say outright what a member is, come first. A row of `narrowing` is: the port and the value of a fact; the letters
    settled by the direct facts before it; the port's value for each member left before it, if they are listed; how many
    it leaves, and the first of these. `reached` is: the question and its ports; how many members are left; those by
    which it is answered, each with its letters and its values; and for an extremum how many more attain it, how many
    values there are, and these or their ends.
    """
    plain = [fact for fact in facts if fact[0] in direct]
    found, settled, rows = list(family), list[Any](), []
    for number, (port, told) in enumerate([*plain, *(fact for fact in facts if fact not in plain)]):
        if 0 < number <= len(plain):
            settled = _settled(found, letters)
        values = [ports[port](one) for one in found]
        before = [_noted(value) for value in values] if port not in direct and len(found) <= MOST_SHOWN else []
        found = [one for one, value in zip(found, values, strict=True) if value == told]
        rows.append([port, _noted(told), settled, before, len(found), [shown(one) for one in found[:MOST_SHOWN]]])
    return {"family": len(family), "narrowing": rows, "reached": _reached(found, question, ports, letters, shown)}


def told_apart(
    family: Sequence[Any],
    facts: Sequence[Fact],
    question: Sequence[str],
    ports: Ports,
    letters: Ports,
    direct: Sequence[str],
    shown: Callable[[Any], str] = "${}$".format,
) -> dict[str, Any]:
    """The steps that `worked` gives, of facts of which the one that leaves fewest members comes first, the direct ones
    before all; and of a fact that leaves too many members to list how these spread.

    A row of `narrowing` then ends with: a letter, its values among the members left, and how many members have each.
    So whoever counts again has something to compare with. The letter is the first that takes few values, but several.
    """
    plain = [fact for fact in facts if fact[0] in direct]
    settled = fitting(family, plain, ports)
    rest = [(len(fitting(settled, [fact], ports)), fact) for fact in facts if fact not in plain]
    ordered = [*plain, *(fact for _, fact in sorted(rest, key=lambda one: one[0]))]
    found = worked(family, ordered, question, ports, letters, direct, shown)
    left, told = list(family), dict(facts)
    for row in found["narrowing"]:
        left = fitting(left, [(row[0], told[row[0]])], ports)
        row.append([] if row[0] in direct or len(left) <= MOST_SHOWN else _spread(left, letters))
    return found


def _spread(members: Sequence[Any], letters: Ports) -> list[Any]:
    """A letter with its values in order and how many members have each; empty if none takes few values, but several.

    The first letters are those that tell one member from another.
    """
    for letter in [*letters][:LEADING]:
        values = [letters[letter](one) for one in members]
        if all(isinstance(value, int) for value in values):
            counts = {value: values.count(value) for value in sorted(set(values))}
            if 1 < len(counts) <= MOST_VALUES:
                return [letter, [*counts], [*counts.values()]]
    return []


def _settled(found: Sequence[Any], letters: Ports) -> list[Any]:
    """The letters that stand for the same number in all members."""
    known = [(letter, of(found[0]), of) for letter, of in letters.items()] if found else []
    return [[letter, own] for letter, own, of in known if own is not None and all(of(one) == own for one in found)]


def _reached(
    found: Sequence[Any], question: Sequence[str], ports: Ports, letters: Ports, shown: Callable[[Any], str]
) -> list[Any]:
    """What answers the question."""
    kind, *names = question
    values = [_asked(one, question, ports) for one in found] if kind != "number" else []
    decisive, extremum = list(range(len(values))), list[Any]()
    if kind in ("greatest", "least"):
        single = sorted({value for (value,) in values})
        best = [single[-1 if kind == "greatest" else 0]]
        decisive = [values.index(best)]
        extremum = [
            values.count(best) - 1,
            len(single),
            single if len(single) <= MOST_SHOWN else [single[0], single[-1]],
        ]
    elif len(values) > FEW:  # one member is as good as another, but for the side of a branch on which it is
        sides = [value[0] if kind == "branch" else 1 for value in values]
        decisive = [sides.index(side) for side in dict.fromkeys(sides)]
    points = [
        [shown(found[place]), [[letter, _noted(of(found[place]))] for letter, of in letters.items()], values[place]]
        for place in decisive
    ]
    return [kind, names, len(found), points, extremum]


def _asked(one: Any, question: Sequence[str], ports: Ports) -> list[Any]:
    """The values of a member for a question; of a branch whether its condition holds, and the value on that side."""
    kind, *names = question
    if kind == "branch":
        holds = bool(ports[names[0]](one))
        return [int(holds), ports[names[1 if holds else 2]](one)]
    return [ports[name](one) for name in names]


def _noted(value: Any) -> Any:
    """A value as a step of a solution: a condition as 1 or 0, and what is no rational number as an empty text."""
    return "" if value is None else int(value) if isinstance(value, bool) else value


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
