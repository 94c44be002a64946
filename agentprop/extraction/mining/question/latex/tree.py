"""The tree of a formula: numbers with their places in the question, symbols, and nodes with a head and arguments.

Phrases in words become nodes of the same sort (`remainder`, `solutions`), so that one tree holds a whole question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


class Unreadable(Exception):
    """The text cannot be read as a whole; the message names what was not understood."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A numeral as written, and which numeral of the question it is; -1 for one that the question does not hold."""

    text: str
    slot: int = -1


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, possibly with a subscript: `x`, `a_1`, `theta`."""

    name: str


@dataclass(frozen=True, slots=True)
class Node:
    """A head applied to arguments."""

    head: str
    args: tuple[Tree, ...] = ()


Tree = Numeral | Letter | Node


def node(head: str, *args: Tree) -> Node:
    """Shorthand."""
    return Node(head, args)


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and everything below it, outside in."""
    stack = [tree]
    while stack:
        current = stack.pop()
        yield current
        if isinstance(current, Node):
            stack += reversed(current.args)


def symbols(tree: Tree) -> frozenset[str]:
    """Names of the symbols that occur free: not bound by a sum, a set, or the unknowns of equations."""
    if isinstance(tree, Letter):
        return frozenset() if tree.name.startswith("hole ") else frozenset({tree.name})
    if isinstance(tree, Numeral):
        return frozenset()
    if tree.head == "quoted":
        return frozenset()
    if tree.head in LABELLED:
        return symbols(tree.args[0])
    found = frozenset().union(*map(symbols, tree.args))
    if tree.head == "over_roots":
        return symbols(tree.args[2]) - symbols(tree.args[1]) | (symbols(tree.args[3]) - symbols(tree.args[0]))
    if tree.head in BINDERS or _binds_letters(tree):
        first = tree.args[0]
        bound = first.args if isinstance(first, Node) else (first,)
        outer = symbols(tree.args[1]) if tree.head == "each" else frozenset()
        return (found - {one.name for one in bound if isinstance(one, Letter)} - WORDS) | outer
    return found


def _binds_letters(tree: Node) -> bool:
    first = tree.args[0] if tree.args else None
    return isinstance(first, Node) and first.head == "letters"


BINDERS = frozenset({"sum", "product", "where", "each", "limit", "integral", "antiderivative", "nest"})
"""Heads whose first argument is a variable, or several, that the others are about."""
WORDS = frozenset({"real", "complex", "any", "both", "right", "left"})
"""Symbols that are no letters: which numbers, and from which side."""
LABELLED = frozenset({"domain"})
"""Heads whose second argument is a word."""


def slots(tree: Tree) -> list[int]:
    """Which numerals of the question occur, in reading order, each as often as it does."""
    return [one.slot for one in walk(tree) if isinstance(one, Numeral) and one.slot >= 0]


def rewrite(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """The tree with every part exchanged for which `change` gives another; what it gives is not searched again."""
    changed = change(tree)
    if changed is not None:
        return changed
    if not isinstance(tree, Node):
        return tree
    args = tuple(rewrite(arg, change) for arg in tree.args)
    return tree if all(a is b for a, b in zip(args, tree.args, strict=True)) else Node(tree.head, args)


def substitute(tree: Tree, values: dict[str, Tree]) -> Tree:
    """The tree with symbols exchanged for trees."""
    if not values:
        return tree
    return rewrite(tree, lambda one: values.get(one.name) if isinstance(one, Letter) else None)


def holds(tree: Tree, *heads: str) -> bool:
    """Whether a node with one of the heads occurs."""
    return any(isinstance(one, Node) and one.head in heads for one in walk(tree))


def bare(tree: Tree) -> Tree:
    """The tree without parentheses around it."""
    while isinstance(tree, Node) and tree.head == "paren":
        tree = tree.args[0]
    return tree


def show(tree: Tree) -> str:
    """A compact text for messages and comparisons."""
    if isinstance(tree, Numeral):
        return tree.text
    if isinstance(tree, Letter):
        return tree.name
    return f"{tree.head}({', '.join(map(show, tree.args))})"


DOTS = node("dots")
"""What stands for the terms that a series leaves out."""


def total(terms: list[Tree]) -> Tree:
    """The sum of terms; a series if some are left out."""
    if len(terms) == 1 and terms[0] != DOTS:
        return terms[0]
    return node("series_sum" if DOTS in terms else "add", *terms)


def multiplied(factors: list[Tree]) -> Tree:
    """The product of factors; a series if some are left out."""
    if len(factors) == 1:
        return factors[0]
    return node("series_product" if DOTS in factors else "mul", *factors)
