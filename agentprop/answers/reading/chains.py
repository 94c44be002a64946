"""Equalities in a row to one value: `A = 2·3 = 6`, `1/6 ≈ 0.17`; every link is kept, so that all can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from agentprop.answers.reading.grammar import DOUBLE_STRUCK
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Node,
    Number,
    Operation,
    Quantity,
    Relational,
    Symbol,
    is_closed,
    mapped,
    operation,
    walk,
)

_HUNDRED = Number(Fraction(100))


def is_value(node: Node) -> bool:
    """A number, or a measure of one."""
    return is_closed(node) or (isinstance(node, Quantity) and is_closed(node.value))


def exact(node: Node) -> Fraction | None:
    """The value of a fraction or a mixed number; None for all else."""
    match node:
        case Number(value):
            return value
        case Operation("neg" | "+" | "/" as head, args):
            values = [exact(arg) for arg in args]
            known = [value for value in values if value is not None]
            if len(known) < len(values) or (head == "/" and known[1] == 0):
                return None
            return -known[0] if head == "neg" else sum(known, Fraction(0)) if head == "+" else known[0] / known[1]
    return None


def relational(op: str, left: Node, right: Node) -> Node:
    """One relation; not being in a set is being in the rest."""
    if op == "notin":
        everything = Constant(DOUBLE_STRUCK["R"])
        return Relational("in", left, operation("minus", everything, right))
    if op == "in" and isinstance(right, Symbol) and right.name in DOUBLE_STRUCK:  # `k \in Z`, in a plain letter
        return Relational(op, left, Constant(DOUBLE_STRUCK[right.name]))
    return Relational(op, left, right)


def makes_chain(first: Node, rest: list[Node]) -> bool:
    """More than one equation between two expressions: values, approximations, or several signs of equality."""
    return len(rest) > 1 or is_approximation(rest[0]) or (is_value(first) and is_value(rest[0]))


def equal_chain(links: list[Node]) -> Node:
    """`A = 2·3 = 6` gives A its value, `a = b = 3` both, and `2 + 3 = 4 + 1 = 5` is one value."""
    names: list[Node] = []
    while len(links) > 1 and isinstance(links[0], Symbol | Collection) and not is_approximation(links[1]):
        names.append(links.pop(0))
    if not names and not is_closed(links[0]) and all(is_value(link) or is_approximation(link) for link in links[1:]):
        names.append(links.pop(0))  # the length `AB = 2·3 = 6`, an equation `2x = 3 + 1 = 4`
    named = tuple(Relational("=", name, linked(links)) for name in names)
    if not named:
        return linked(links)
    return named[0] if len(named) == 1 else Collection("bare", named)


def linked(links: list[Node]) -> Node:
    """One value, or the chain of them."""
    return links[0] if len(links) == 1 else Collection("chain", tuple(links))


def approximation(value: Node, digits: str) -> Node:
    """The value with its tolerance: one unit of the last digit that was written."""
    decimals = len(digits.partition("e")[0].partition(".")[2])
    step = Fraction(1, 10**decimals)
    if isinstance(value, Operation) and value.head == "/" and value.args[1] == _HUNDRED:
        step /= 100
    return Operation("approx", (value, Number(step)), 1)


def is_approximation(node: Node) -> bool:
    """The link came after a sign of approximation."""
    return isinstance(node, Operation) and node.head == "approx"


# -- chains in a tree --------------------------------------------------------------------------------------------------


def is_chain(node: Node) -> bool:
    """The node is one value written several times."""
    return isinstance(node, Collection) and node.kind == "chain"


def last_link(chain: Collection) -> Node:
    """The last link that is no approximation."""
    return [link for link in chain.items if not is_approximation(link)][-1]


def last_links(node: Node) -> Node:
    """The tree with every chain replaced by its last link."""
    if isinstance(node, Collection) and node.kind == "chain":
        return last_links(last_link(node))
    return mapped(node, last_links)


def links(node: Node) -> Iterator[tuple[Node, Node]]:
    """The links of every chain in the tree, each with the last one of its chain, which it must equal."""
    for part in walk(node):
        if isinstance(part, Collection) and part.kind == "chain":
            last = last_link(part)
            yield from ((link, last) for link in part.items if link != last)
