"""Unions of arithmetic progressions: general solutions such as ±π/3 + 2kπ, and residue classes such as 1, 4 (mod 5).

Two unions are the same set if they have the same terms within one common period. The letter that counts is nobody's; it
is known to count if an answer says so, and otherwise only where an unknown is said to be that letter times π and more:
`(2n + 1)π/2` alone may be an angle that depends on n, and `a_n` does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

from agentprop.answers.algebra.rewriting import expand, residue
from agentprop.answers.compare_families import domains_of, limits_of, line_of, multiple_of
from agentprop.answers.outcome import Equivalence, different, same
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Family,
    Interval,
    Matrix,
    Node,
    Operation,
    Relational,
    Symbol,
    apply,
    symbols,
    walk,
)

MOST = 64
"""Terms within the common period."""
_COUNTING = frozenset("kmn")
"""Letters that count where nothing is said of them."""


class Progression(NamedTuple):
    """start + step·k for every integer k."""

    name: str
    """The unknown that takes these values; empty if none is named."""
    start: Fraction
    step: Fraction
    unit: str
    """`pi` if start and step are multiples of it, else `1`."""


def progressions(gold: Node, pred: Node, _: Callable[[Node, Node], Equivalence]) -> Equivalence | None:
    """Decide pairs of which each is a union of progressions, and one of them more than one or without its domain."""
    gold, pred = _declared(gold), _declared(pred)
    left = _union(gold)
    right = _union(pred) if left else []
    if not right or (len(left) == len(right) == 1 and _counted(gold) and _counted(pred)):
        return None
    every = [*left, *right]
    names = {one.name for one in every if one.name}
    unknown = len(names) == 1 and all(map(str.isalpha, names))  # a_n is none
    if len(names) > 1 or not (unknown or _counted(gold) or _counted(pred)):
        return None
    steps = [one.step for one in every]
    shared = math.lcm(*(step.denominator for step in steps))
    period = Fraction(math.lcm(*(int(step * shared) for step in steps)), shared)
    if sum(period / step for step in steps) > MOST:
        return None
    found = [{(one.unit, term) for one in side for term in _terms(one, period)} for side in (left, right)]
    if found[0] == found[1]:
        return same("family", "the same values within one period")
    certain = _counted(gold) and _counted(pred)
    return different("family", "they hold other values within one period") if certain else None


def has_coordinates(node: Node) -> bool:
    """Whether an answer has values that go together, as those of a point or of several unknowns do."""
    names = {part.left for part in walk(node) if isinstance(part, Relational) and part.op == "="}
    return len(names) > 1 or any(
        isinstance(part, Interval | Matrix)
        or (isinstance(part, Collection) and part.kind in ("tuple", "list", "vector"))
        for part in walk(node)
    )


def _declared(node: Node) -> Node:
    """What is said of the letter of a list's last member, `x = kπ or x = 1 + 2kπ, k ∈ ℤ`, as a condition on that."""
    match node:
        case Collection(kind, items):
            return Collection(kind, tuple(map(_declared, items)))
        case Operation("comma", (body, Relational("in", Symbol(), Constant()) as domain)):
            return Family(body, (domain,))
    return node


def _terms(one: Progression, period: Fraction) -> Iterator[Fraction]:
    return ((one.start + k * one.step) % period for k in range(int(period / one.step)))


def _counted(node: Node) -> bool:
    """Whether an answer says what its letters run through."""
    return any(isinstance(part, Family) or residue(part) is not None for part in walk(node))


def _union(node: Node) -> list[Progression]:
    """The progressions that an answer holds; nothing for any other."""
    bound = {name for part in walk(node) if isinstance(part, Family) for name in _integers(part)}
    found = [_progression(part, bound) for part in _parts(node)]
    made = [one for one in found if one is not None]
    named = next((one.name for one in made if one.name), "")
    return [one._replace(name=named) for one in made] if len(made) == len(found) <= MOST else []


def _integers(family: Family) -> frozenset[str]:
    """The names that run through the integers, if nothing else limits them."""
    domains = domains_of(family)
    return frozenset(domains) if set(domains.values()) == {"integers"} and not limits_of(family) else frozenset()


def _parts(node: Node) -> Iterator[Node]:
    """The members of a list, ± written out; `x ≡ 1, 4 (mod 5)` has its modulus once, at the end."""
    match expand(node):
        case Collection("bare" | "set", items):
            yield from chain.from_iterable(map(_parts, _with_modulus(items)))
        case Family(body, _):
            yield from _parts(body)
        case Relational("=", Symbol() as name, Collection("bare" | "set", items)):
            yield from (Relational("=", name, part) for item in items for part in _parts(item))
        case part:
            yield part


def _with_modulus(items: Sequence[Node]) -> Sequence[Node]:
    last = residue(items[-1]) if items else None
    first = items[0] if items else None
    if last is None or not isinstance(first, Relational) or first.op != "~" or residue(first) is not None:
        return items
    values = [first.right, *items[1:-1]]
    return [*(apply("class", value, last[1]) for value in values), items[-1]]


def _progression(node: Node, bound: set[str]) -> Progression | None:
    name = node.left.name if isinstance(node, Relational) and isinstance(node.left, Symbol) else ""
    if (found := residue(node)) is not None:
        start, modulus = (multiple_of(part) for part in found)
        if start is None or modulus is None or not modulus[0] or "pi" in (start[1], modulus[1]):
            return None
        return Progression(name, start[0], abs(modulus[0]), "1")
    body = node.right if isinstance(node, Relational) and node.op == "=" and name else node
    letters = symbols(body) if not isinstance(body, Relational) else frozenset()
    letter = next(iter(letters), "")
    may_count = letter in bound or (letter in _COUNTING and Constant("pi") in walk(body))  # line_of takes its time
    line = line_of(body, letter) if len(letters) == 1 and letter != name and may_count else None
    if line is None or not line[0] or line[2] is None:
        return None
    shifted = line[2] == "pi" and letter in _COUNTING and line[1] % line[0] != 0
    return Progression(name, line[1], abs(line[0]), line[2]) if letter in bound or shifted else None
