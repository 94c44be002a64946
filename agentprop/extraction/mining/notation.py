"""A graph written as an infix expression with named givens, for scripts, constraints and prose."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from agentprop.extraction.mining.freedom import FreedomRule
from agentprop.extraction.mining.graph import FixedNumber, Node, QuestionNumber

_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
_ATOM = 3


def letters(count: int) -> list[str]:
    """Names for givens: a, b, c, …; single letters, so that each is its own symbol."""
    return [chr(ord("a") + position) for position in range(count)]


def infix(node: Node, names: Mapping[Node, str], fraction: str = "{}/{}") -> str:
    """The expression with as few parentheses as are safe; `names` may also name whole steps."""
    return _infix(node, names, fraction)[0]


def _infix(node: Node, names: Mapping[Node, str], fraction: str) -> tuple[str, int]:
    if node in names:
        return names[node], _ATOM
    if isinstance(node, FixedNumber):
        return _constant(node.value, fraction)
    if isinstance(node, QuestionNumber):
        raise KeyError(f"given {node.index} has no name")
    rank = _RANK[node.operator]
    left, left_rank = _infix(node.left, names, fraction)
    right, right_rank = _infix(node.right, names, fraction)
    left = f"({left})" if left_rank < rank else left
    closes = right_rank < rank or (right_rank == rank and node.operator in "-/")
    right = f"({right})" if closes or (right_rank == rank == 2) else right
    return f"{left} {node.operator} {right}", rank


def _constant(number: Fraction, fraction: str) -> tuple[str, int]:
    if number.denominator == 1:
        return str(number.numerator), _ATOM if number >= 0 else 1
    text = fraction.format(number.numerator, number.denominator)
    return text, _ATOM if text.endswith(")") else 2


def condition(rule: FreedomRule, names: Mapping[Node, str]) -> str:
    """A rule as a constraint of a package; division is exact there."""
    text = infix(rule.node, names)
    if rule.kind == "whole":
        return f"({text}) % 1 == 0"
    if rule.kind == "cents":
        return f"({text}) * 100 % 1 == 0"
    if rule.kind == "below-one":
        return f"{text} < 1"
    if rule.kind == "at-most":
        return f"{text} <= {infix(FixedNumber(rule.bound), names)}"
    if rule.kind == "ordered" and rule.other is not None:
        return f"{text} < {infix(rule.other, names)}"
    return f"{text} >= {infix(FixedNumber(rule.bound), names)}"
