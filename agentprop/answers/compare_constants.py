"""Constants that have no name of their own: the C of an antiderivative, and those of a general solution.

`x² + c` is `x² + C`, and `c_1 e^x + c_2 e^{-x}` is `A e^x + B e^{-x}`; the C of an integral absorbs a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations

from agentprop.answers.algebra.monomials import NoForm, is_zero
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.rationals import UndefinedValue
from agentprop.answers.reading.nodes import (
    Node,
    Number,
    Operation,
    Relational,
    Symbol,
    apply,
    substitute,
    symbols,
    walk,
)

_FREE = re.compile(r"[cC](?:_\d)?|[ABK]")
_ABSORBING = frozenset(("C", "const"))
"""Names of a constant that absorbs numbers; a small c may be a given of the question."""
_SOLVED_BY = frozenset(("exp", "sin", "cos", "sinh", "cosh", "ln"))
MAX_FREE = 3
"""Arbitrary constants that are exchanged in every order."""


def with_constants_of(gold: Node, pred: Node) -> Node:
    """`x² + c` as `x² + C`, and c_1 as C_1: constants of integration have no name of their own."""
    mine, theirs = symbols(gold), symbols(pred)
    if mine == theirs:
        return pred
    renaming: dict[str, Node] = {}
    added = _added_constants(gold) - theirs, _added_constants(pred) - mine
    if len(added[0]) == len(added[1]) == 1:
        renaming[next(iter(added[1]))] = Symbol(next(iter(added[0])))
    for name in theirs - mine:
        other = name.swapcase()
        if re.fullmatch(r"[cC]_\d", name) and other in mine and other not in theirs:
            renaming[name] = Symbol(other)
    return substitute(pred, renaming or _of_a_general_solution(gold, pred))


def _of_a_general_solution(gold: Node, pred: Node) -> dict[str, Node]:
    """A and B as the c_1 and c_2 that the other side has in their place: names of two styles, one of them c or C."""
    mine, theirs = sorted(symbols(gold) - symbols(pred)), sorted(symbols(pred) - symbols(gold))
    styles = [{name.rstrip("0123456789") for name in names} for names in (mine, theirs)]
    if not 0 < len(mine) == len(theirs) <= MAX_FREE or not all(map(_FREE.fullmatch, mine + theirs)):
        return {}
    if styles[0] & styles[1] or all(any(name in "ABK" for name in style) for style in styles):
        return {}
    if not any(isinstance(part, Operation) and _solves(part) for part in walk(gold)):
        return {}
    renamings: list[dict[str, Node]] = [
        {name: Symbol(other) for name, other in zip(theirs, chosen, strict=True)} for chosen in permutations(mine)
    ]
    return next((one for one in renamings if _is_the_same(gold, substitute(pred, one))), renamings[0])


def _solves(part: Operation) -> bool:
    """What solutions of differential equations are made of; `CV` and `C_1 V` may be two capacitors."""
    return part.head in _SOLVED_BY or (part.head == "^" and bool(symbols(part.args[1])))


def _is_the_same(gold: Node, pred: Node) -> bool:
    bodies = [side.right if isinstance(side, Relational) else side for side in (gold, pred)]
    try:
        return is_zero(normal(apply("+", bodies[0], apply("neg", bodies[1]))))
    except (NoForm, UndefinedValue):
        return False


def up_to_constant(gold: Node, pred: Node) -> Iterator[tuple[Node, Node]]:
    """`ln(2x) + C` and `ln x + C` without what they are at one point; none where they are no antiderivatives."""
    names = _added_constants(gold) & _added_constants(pred) & _ABSORBING
    names = frozenset(name for name in names if _occurrences(gold, name) == _occurrences(pred, name) == 1)
    variables = (symbols(gold) | symbols(pred)) - names
    if len(names) != 1 or len(variables) != 1:
        return
    nothing: dict[str, Node] = {next(iter(names)): Number(Fraction(0))}
    bodies = [substitute(side, nothing) for side in (gold, pred)]
    for point in (Fraction(1), Fraction(2), Fraction(1, 2)):
        here: dict[str, Node] = {next(iter(variables)): Number(point)}
        left, right = (apply("+", body, apply("neg", substitute(body, here))) for body in bodies)
        yield left, right


def shares_constant(node: Node) -> bool:
    """Several values have the same C, so that none of them absorbs a number by itself."""
    return any(_occurrences(node, name) > 1 for name in _ABSORBING)


def _occurrences(node: Node, name: str) -> int:
    """How often a symbol stands in a tree: in `2RC + R + C` the C is no constant of integration."""
    return sum(part == Symbol(name) for part in walk(node))


def _added_constants(node: Node) -> frozenset[str]:
    """The C of `… + C`."""
    body = node.right if isinstance(node, Relational) and node.op == "=" else node
    if not (isinstance(body, Operation) and body.head == "+"):
        return frozenset()
    return frozenset(arg.name for arg in body.args if isinstance(arg, Symbol) and arg.name in ("C", "c", "K", "const"))
