"""What a number written in a solution may stand for: an earlier result, a number of the question, a word's constant.

All of it is kept as alternatives; `lift` decides among them by what the whole solution uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from agentprop.extraction.mining.expression import Binary, Expression, Leaf, Unknown
from agentprop.extraction.mining.graph import ArithmeticStep, FixedNumber, Node, QuestionNumber
from agentprop.extraction.mining.mentions import Mention

ONE = FixedNumber(Fraction(1))
HUNDRED = FixedNumber(Fraction(100))
PERCENT = Fraction(1, 100)
MOST_ALTERNATIVES = 24
"""More ways to take one expression are cut off; a solution with so many is ambiguous anyway."""

Results = tuple[tuple[Fraction, Node], ...]
"""(value, node) of the earlier equations."""


@dataclass(frozen=True)
class Explainer:
    """Explains the numbers of one document."""

    numbers: Sequence[Mention]
    """Numbers of the question."""
    words: frozenset[Fraction]
    """Constants that its words may stand for."""
    fixed: frozenset[int]
    """Numbers that stay."""
    ties: Mapping[int, int]
    """Numbers that move with an earlier, equal one."""
    unknown: frozenset[Fraction] = frozenset()
    """Results of equations that were not explained: where they are used on, nothing else is meant."""

    def nodes(self, tree: Expression, results: Results) -> list[Node]:
        """Every graph that an expression may be; empty where a leaf has no explanation."""
        if isinstance(tree, Leaf):
            return self._leaf(tree.value, results)
        if isinstance(tree, Unknown):
            return []
        if tree.operator == "^":
            return self._power(tree, results)
        share = self._share(tree)
        lefts, rights = self.nodes(tree.left, results), self.nodes(tree.right, results)
        made: list[Node] = [ArithmeticStep(tree.operator, left, right) for left in lefts for right in rights]
        return list(dict.fromkeys([*share, *made] if share else made or self._ratio(tree, results)))[:MOST_ALTERNATIVES]

    def solved(self, left: Expression, right: Expression, results: Results) -> list[Node]:
        """Every graph of the letter's value in a linear equation: (d - b) / (a - c) of a·x + b = c·x + d."""
        found = []
        for a, b in self._lines(left, results):
            for c, d in self._lines(right, results):
                if a is None:
                    (a, b), (c, d) = (c, d), (a, b)
                slope, height = _difference(a, c), _difference(d, b)
                if slope is not None and height is not None:
                    found.append(_divided(height, slope))
        return list(dict.fromkeys(found))[:MOST_ALTERNATIVES]

    def _lines(self, tree: Expression, results: Results) -> list[tuple[Node | None, Node | None]]:
        """(a, b) of a·x + b, None for nothing."""
        if isinstance(tree, Unknown):
            return [(ONE, None)]
        if not _has_unknown(tree) or not isinstance(tree, Binary):
            return [(None, node) for node in self.nodes(tree, results)]
        lefts, rights = self._lines(tree.left, results), self._lines(tree.right, results)
        found = [_combined(tree.operator, one, other) for one in lefts for other in rights]
        return [line for line in found if line is not None][:MOST_ALTERNATIVES]

    def _share(self, tree: Binary) -> list[Node]:
        """`20/100` and `20*.01` of a percentage: the percentage, if there is one."""
        if not isinstance(tree.left, Leaf) or not isinstance(tree.right, Leaf):
            return []
        if (tree.operator, tree.right.value) not in (("/", Fraction(100)), ("*", PERCENT)):
            return []
        return [
            ArithmeticStep("/", self._own(index), HUNDRED)
            for index, mention in enumerate(self.numbers)
            if mention.form == "percent" and mention.value == tree.left.value
        ]

    def _ratio(self, tree: Binary, results: Results) -> list[Node]:
        """An earlier result written as a fraction, such as 5/2."""
        if tree.operator != "/" or not isinstance(tree.left, Leaf) or not isinstance(tree.right, Leaf):
            return []
        written = tree.left.value / tree.right.value if tree.right.value else Fraction(1)
        return [node for value, node in results if value == written] if written.denominator > 1 else []

    def _power(self, tree: Binary, results: Results) -> list[Node]:
        if not isinstance(tree.right, Leaf) or tree.right.value < 1:
            return []
        found = []
        for base in self.nodes(tree.left, results):
            node = base
            for _ in range(int(tree.right.value) - 1):
                node = ArithmeticStep("*", node, base)
            found.append(node)
        return found

    def _leaf(self, leaf: Fraction, results: Results) -> list[Node]:
        found: list[Node] = [node for value, node in results if value == leaf]
        if leaf in self.unknown:
            return found
        for index, mention in enumerate(self.numbers):
            found += self._readings(index, mention, leaf)
        if leaf in self.words or (leaf == PERCENT and self._has_percent()):
            found.append(FixedNumber(leaf))
        return list(dict.fromkeys(found))

    def _has_percent(self) -> bool:
        return any(mention.form == "percent" for mention in self.numbers)

    def _own(self, index: int) -> Node:
        """A number of the question as a node."""
        if index in self.fixed:
            return FixedNumber(self.numbers[index].value)
        return QuestionNumber(self.ties.get(index, index))

    def _readings(self, index: int, mention: Mention, leaf: Fraction) -> list[Node]:
        """How one number of the question may appear in a calculation: as it is, as a share, as its complement."""
        if mention.form == "fraction":
            return [FixedNumber(leaf)] if leaf in mention.parts else []
        node = self._own(index)
        readings: list[tuple[Fraction, Node]] = [(mention.value, node)]
        if mention.form == "percent" or mention.cents:
            readings.append((mention.value / 100, ArithmeticStep("/", node, HUNDRED)))
        if mention.form == "percent" and mention.value < 100:
            readings.append((100 - mention.value, ArithmeticStep("-", HUNDRED, node)))
            readings.append((1 - mention.value / 100, ArithmeticStep("/", ArithmeticStep("-", HUNDRED, node), HUNDRED)))
        if mention.form == "percent":
            readings.append((100 + mention.value, ArithmeticStep("+", HUNDRED, node)))
            readings.append((1 + mention.value / 100, ArithmeticStep("/", ArithmeticStep("+", HUNDRED, node), HUNDRED)))
        return [reading for number, reading in readings if number == leaf]


Line = tuple[Node | None, Node | None]
"""a and b of a·x + b, None for nothing."""


def _has_unknown(tree: Expression) -> bool:
    if isinstance(tree, Binary):
        return _has_unknown(tree.left) or _has_unknown(tree.right)
    return isinstance(tree, Unknown)


def _sum(left: Node | None, right: Node | None) -> Node | None:
    if left is None or right is None:
        return left or right
    return ArithmeticStep("+", left, right)


def _difference(left: Node | None, right: Node | None) -> Node | None:
    if right is None:
        return left
    if left is None:
        return _negative(right)
    if isinstance(left, FixedNumber) and isinstance(right, FixedNumber):
        return FixedNumber(left.value - right.value)
    return ArithmeticStep("-", left, right)


def _divided(height: Node, slope: Node) -> Node:
    """height / slope; by 1/c is times c."""
    if slope == ONE:
        return height
    if isinstance(slope, ArithmeticStep) and slope.operator == "/" and slope.left == ONE:
        return ArithmeticStep("*", height, slope.right)
    return ArithmeticStep("/", height, slope)


def _negative(node: Node) -> Node:
    return (
        FixedNumber(-node.value)
        if isinstance(node, FixedNumber)
        else ArithmeticStep("*", FixedNumber(-ONE.value), node)
    )


def _combined(operator: str, one: Line, other: Line) -> Line | None:
    """Two lines added, taken from one another, or one of them scaled; None for what this does not cover."""
    (a, b), (c, d) = one, other
    if operator == "+":
        return _sum(a, c), _sum(b, d)
    if operator == "-":
        return _difference(a, c), _difference(b, d)
    if operator == "*" and c is None and d is not None:
        return _scaled("*", a, d), _scaled("*", b, d)
    if operator == "*" and a is None and b is not None:
        return _scaled("*", c, b), _scaled("*", d, b)
    if operator == "/" and c is None and d is not None:
        return _scaled("/", a, d), _scaled("/", b, d)
    return None


def _scaled(operator: Literal["*", "/"], node: Node | None, by: Node) -> Node | None:
    if node is None:
        return None
    return by if node == ONE and operator == "*" else ArithmeticStep(operator, node, by)
