"""Values written several times, `2·3 = 6` or `1/3 = 0.33`, compared by their links.

What the last exact link says counts. A decimal at the end may be what the links before it round to: then both are said,
and so they are in `pi/4 ≈ 0.785`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import gcd

from agentprop.answers.outcome import Equivalence, different, undetermined
from agentprop.answers.reading.chains import is_approximation, is_chain, last_links, links
from agentprop.answers.reading.nodes import Collection, Node, Number, Operation, is_closed, mapped

Compare = Callable[[Node, Node], Equivalence]
Rounded = Callable[[Node, Node, Fraction], Equivalence]
"""Whether a value, rounded or cut off at a step, is another one."""


def chains(gold: Node, pred: Node, compare: Compare, rounded: Rounded) -> Equivalence:
    """Compare the last exact links; where they differ, also what those that end in a decimal were before it."""
    verdict = compare(last_links(gold), last_links(pred))
    if verdict.status != "same":
        others = (compare(left, right) for left, right in [*dict.fromkeys(_said(gold, pred))][1:])
        verdict = next((other for other in others if other.status == "same"), verdict)
    if verdict.status != "same":
        return verdict
    found = [{_link(link, last, compare, rounded).status for link, last in links(side)} for side in (gold, pred)]
    if "different" in found[1] - found[0]:
        return different("chain", "the prediction contradicts itself")
    if (found[0] | found[1]) - {"same"}:
        return undetermined("chain", "what is said to be equal could not be shown to be")
    return verdict


def _said(gold: Node, pred: Node) -> Iterator[tuple[Node, Node]]:
    """Both sides with what they say besides their last exact links; that both round to one number says too little."""
    left, right = ([last_links(node), last_links(_before_decimals(node))] for node in (gold, pred))
    yield from product(left, right)
    yield from product(left, [last_links(_rounded_decimals(pred))])
    yield from product([last_links(_rounded_decimals(gold))], right)


def _before_decimals(node: Node) -> Node:
    """The tree without the decimals that chains end in."""
    if not (isinstance(node, Collection) and is_chain(node)):
        return mapped(node, _before_decimals)
    exact = [link for link in node.items if not is_approximation(link)]
    if _step(exact[-1]) is None or not any(is_closed(link) and _step(link) is None for link in exact[:-1]):
        return node
    return Collection("chain", tuple(link for link in node.items if link != exact[-1]))


def _rounded_decimals(node: Node) -> Node:
    """The tree with every chain that ends in an approximate decimal replaced by that decimal."""
    match node:
        case Collection("chain", (*_, Operation("approx", (value, Number())))) if _step(value) is not None:
            return value
    return mapped(node, _rounded_decimals)


def _link(link: Node, last: Node, compare: Compare, rounded: Rounded) -> Equivalence:
    match link:
        case Operation("approx", (value, Number(step))):
            return rounded(last, value, step)
    verdict = compare(link, last)
    if verdict.status == "different" and is_closed(link) and (unit := _step(last)) is not None:
        return rounded(link, last, unit)
    return verdict


def _step(node: Node) -> Fraction | None:
    """One unit of the last digit of a decimal that is no integer, or of a percentage; None for all else."""
    match node:
        case Operation("neg", (value,)):
            return _step(value)
        case Operation("/", (Number() as value, Number(Fraction(numerator=100, denominator=1)))):
            step = _step(value)
            return step and step / 100
        case Number(value) if value.denominator > 1:
            return _decimal_step(value)
    return None


def _decimal_step(value: Fraction) -> Fraction | None:
    """The power of ten that divides it; None if it has no end as a decimal."""
    rest, decimals = value.denominator, 0
    while gcd(rest, 10) > 1:
        rest //= gcd(rest, 10)
        decimals += 1
    return Fraction(1, 10**decimals) if rest == 1 else None
