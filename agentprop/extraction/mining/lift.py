"""A question and the equations of its solution to one data-flow graph over the question's numbers, or a refusal.

Every leaf of an equation must be explained in exactly one way: the result of an earlier equation, a number of the
question, or a constant that a word of the question stands for. Precision comes before recall:

* a number that could be two things (it occurs twice, or a word may mean it too) stays fixed;
* a number that could be a fixed number or a computed result refuses the document;
* a number of the question that the solution never uses refuses it too: its meaning was not understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from agentprop.extraction.mining.cues import constants
from agentprop.extraction.mining.equations import Equation
from agentprop.extraction.mining.expression import Binary, Expression, Leaf
from agentprop.extraction.mining.graph import (
    ArithmeticStep,
    FixedNumber,
    Node,
    QuestionNumber,
    fold,
    givens,
    leaves,
    same,
    value,
)
from agentprop.extraction.mining.mentions import Mention

HUNDRED = FixedNumber(Fraction(100))
SMALL = 3
"""Spelled or personal counts up to this may be used by naming each, as in `her two brothers, Tom and Al`."""


class Refusal(Exception):
    """Why a document does not become a skill: a reason code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Ambiguous(Exception):
    """A leaf has several explanations; the numbers of the question involved must stay fixed."""

    def __init__(self, indices: set[int]) -> None:
        super().__init__()
        self.indices = indices


@dataclass(frozen=True)
class Lift:
    """A document understood: the graph that computes its answer from numbers of its question."""

    root: Node
    """Computes the answer."""
    numbers: tuple[Mention, ...]
    """The question's numbers; a Given's index points here."""
    answer: Fraction
    """The original answer."""

    def original(self) -> dict[int, Fraction]:
        """The givens as the document has them."""
        return {index: self.numbers[index].value for index in givens(self.root)}


def lift(question: str, numbers: Sequence[Mention], solved: Sequence[Equation], answer: Fraction) -> Lift:
    """The graph whose value is the answer; raises Refusal."""
    fixed = {index for index, mention in enumerate(numbers) if mention.form in ("fixed", "fraction", "label")}
    fixed |= _repeated(numbers)
    words = constants(question)
    while True:
        try:
            root = _Builder(numbers, words, frozenset(fixed)).build(solved, answer)
            break
        except _Ambiguous as ambiguity:
            fixed |= ambiguity.indices
    _refuse_misunderstood(root, numbers)
    lifted = Lift(fold(root), tuple(numbers), answer)
    if value(lifted.root, lifted.original()) != answer:
        raise Refusal("not-reproduced", "the graph does not give back the original answer")
    return lifted


def _repeated(numbers: Sequence[Mention]) -> set[int]:
    values = [mention.value for mention in numbers]
    return {index for index, number in enumerate(values) if values.count(number) > 1}


class _Builder:
    """One pass over the equations with a given set of fixed numbers."""

    def __init__(self, numbers: Sequence[Mention], words: frozenset[Fraction], fixed: frozenset[int]) -> None:
        self._numbers = numbers
        self._words = words
        self._fixed = fixed
        self._results: dict[Fraction, list[Node]] = {}
        self._percent = any(mention.form == "percent" for mention in numbers) or Fraction(100) in words

    def build(self, solved: Sequence[Equation], answer: Fraction) -> Node:
        """The node of the last equation with the answer's value."""
        for equation in solved:
            for side in equation.sides:
                node = self._node(side)
                if node is not None:
                    self._remember(equation.value, node)
                    break
        candidates = self._results.get(answer, [])
        if not candidates:
            raise Refusal("unexplained", "no chain of equations leads from the question's numbers to the answer")
        if len(candidates) > 1:
            raise Refusal("ambiguous", "two different calculations give the answer")
        return candidates[0]

    def _remember(self, result: Fraction, node: Node) -> None:
        if isinstance(node, ArithmeticStep) and not any(same(node, known) for known in self._results.get(result, [])):
            self._results.setdefault(result, []).append(node)

    def _node(self, tree: Expression) -> Node | None:
        """The graph of an expression, or None where a leaf has no explanation."""
        if isinstance(tree, Leaf):
            return self._explain(tree.value)
        if tree.operator == "^":
            return self._power(tree)
        left, right = self._node(tree.left), self._node(tree.right)
        if left is None or right is None:
            return self._ratio(tree)
        return ArithmeticStep(tree.operator, left, right)

    def _ratio(self, tree: Binary) -> Node | None:
        """An earlier result written as a fraction, such as 5/2."""
        if tree.operator != "/" or not isinstance(tree.left, Leaf) or not isinstance(tree.right, Leaf):
            return None
        written = tree.left.value / tree.right.value if tree.right.value else Fraction(1)
        known = self._results.get(written, []) if written.denominator > 1 else []
        return known[0] if len(known) == 1 else None

    def _power(self, tree: Binary) -> Node | None:
        base = self._node(tree.left)
        if base is None or not isinstance(tree.right, Leaf) or tree.right.value < 1:
            return None
        node = base
        for _ in range(int(tree.right.value) - 1):
            node = ArithmeticStep("*", node, base)
        return node

    def _explain(self, leaf: Fraction) -> Node | None:
        """The one node a written number stands for; raises _Ambiguous or Refusal where there are several."""
        found: list[Node] = []
        for node in [*self._results.get(leaf, []), *self._from_question(leaf)]:
            if not any(same(node, known) for known in found):
                found.append(node)
        if not found and leaf in self._words:
            return FixedNumber(leaf)
        if len(found) > 1 or (found and leaf in self._words and leaf != 1 and not isinstance(found[0], FixedNumber)):
            self._give_up(leaf, found)
        return found[0] if found else None

    def _give_up(self, leaf: Fraction, found: Sequence[Node]) -> None:
        involved = {index for node in found for index in givens(node) if index not in self._fixed}
        computed = [node for node in self._results.get(leaf, []) if not isinstance(node, FixedNumber)]
        if computed or not involved:
            raise Refusal("ambiguous", f"{leaf} in the solution may be a result or another number")
        raise _Ambiguous(involved)

    def _from_question(self, leaf: Fraction) -> list[Node]:
        nodes: list[Node] = []
        for index, mention in enumerate(self._numbers):
            nodes += self._readings(index, mention, leaf)
        return nodes

    def _readings(self, index: int, mention: Mention, leaf: Fraction) -> list[Node]:
        """How one number of the question may appear in a calculation: as it is, as a share, as its complement."""
        if mention.form == "fraction":
            return [FixedNumber(leaf)] if leaf in mention.parts else []
        node: Node = FixedNumber(mention.value) if index in self._fixed else QuestionNumber(index)
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


def _refuse_misunderstood(root: Node, numbers: Sequence[Mention]) -> None:
    """Refuse what has nothing to vary, what does not use every number, and what only looks independent."""
    used = set(givens(root))
    if not used:
        raise Refusal("nothing-varies", "no number of the question can vary on its own")
    constants_used = {leaf.value for leaf in leaves(root) if isinstance(leaf, FixedNumber)}
    for index, mention in enumerate(numbers):
        if index not in used and mention.form != "label" and not _accounted(mention, constants_used):
            raise Refusal("unused-number", f"the solution does not use {mention.value} of the question")
    _refuse_redundant(numbers)


def _accounted(mention: Mention, constants_used: set[Fraction]) -> bool:
    """Whether a fixed number shows up in the calculation in one of its forms; small counts may be told by naming."""
    if mention.value <= SMALL and mention.form == "fixed":
        return True
    share = mention.value / 100
    forms = {mention.value, share, 1 - share, 1 + share, 100 - mention.value, 100 + mention.value, *mention.parts}
    return bool(forms & constants_used)


def _refuse_redundant(numbers: Sequence[Mention]) -> None:
    """A number that is the sum of two others may be their total: varying it alone would contradict the text."""
    values = [mention.value for mention in numbers if mention.form != "label"]
    for total in values:
        if total >= 20 and any(total - part in values and total != 2 * part and part >= 5 for part in values):
            raise Refusal("redundant", f"{total} of the question is the sum of two of its other numbers")
