"""A question and the equations of its solution to one data-flow graph over the question's numbers, or a refusal.

A number in an equation may be the result of an earlier equation, a number of the question, or a constant that a word of
the question stands for. All ways to take the whole solution are built, and those are kept in which every number of the
question is used and no result of the solution is left over. Precision comes before recall:

* if several ways are left, the numbers on which they differ move together or stay, until all ways compute the same;
* a small number that is a divisor here and something else there stays: one of them may be a constant nobody named;
* a number whose value the text also holds elsewhere stays, and so does one that the solution may do without;
* a number of the question that the solution never uses refuses it: its meaning was not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations

from agentprop.extraction.mining.cues import constants
from agentprop.extraction.mining.equations import Equation
from agentprop.extraction.mining.explanations import HUNDRED, Explainer, Results
from agentprop.extraction.mining.graph import (
    ArithmeticStep,
    FixedNumber,
    Node,
    QuestionNumber,
    fix,
    fold,
    givens,
    leaves,
    probe,
    steps,
    value,
)
from agentprop.extraction.mining.mentions import Mention
from agentprop.extraction.mining.remaining import overspent, remaining

SMALL = 4
"""Spelled or personal counts up to this may be used by naming each, as in `her two brothers, Tom and Al`."""
SMALL_FACTOR = 12
"""Numbers up to this are checked for standing in two roles."""
MOST_WAYS = 400
"""More ways to take a solution make it ambiguous."""
_VARYING = ("count", "percent", "money")


class Refusal(Exception):
    """Why a document does not become a skill: a reason code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Lift:
    """A document understood: the graph that computes its answer from numbers of its question."""

    root: Node
    """Computes the answer."""
    numbers: tuple[Mention, ...]
    """The question's numbers; a Given's index points here."""
    answer: Fraction
    """The original answer."""
    ties: dict[int, int] = field(default_factory=dict)
    """Numbers that move with an earlier one of the same value."""
    distractors: tuple[Fraction, ...] = ()
    """Numbers that the solution does not use, and that stay."""

    def original(self) -> dict[int, Fraction]:
        """The givens as the document has them."""
        return {index: self.numbers[index].value for index in givens(self.root)}

    def places(self, index: int) -> list[int]:
        """The numbers of the question that a given is."""
        return [index, *(other for other, first in self.ties.items() if first == index)]


def lift(
    question: str,
    numbers: Sequence[Mention],
    solved: Sequence[Equation],
    answer: Fraction,
    *,
    percent: bool = False,
    given_alone: bool = False,
) -> Lift:
    """The graph whose value is the answer; raises Refusal.

    `percent` says that the answer is a percentage, which a solution may also write as a share: 9/25 for 36 %.
    `given_alone` says that the solution is one expression and no text, so that numbers which it does not use are there
    to distract; they stay as they are.
    """
    fixed = {index for index, mention in enumerate(numbers) if mention.form not in _VARYING}
    fixed |= _totals(numbers)
    ties = _repeated(question, numbers, fixed)
    if spent := overspent(question, numbers):
        raise Refusal("not-positive", f"{spent} are given away of fewer")
    words = constants(question)
    ways = _ways(Explainer(numbers, words, frozenset(fixed), ties), solved, answer, percent)
    free = {index for index in range(len(numbers)) if index not in fixed}
    best = _least_over(ways) if given_alone else _best(ways, numbers, ties, free)
    root, more = _settled(best, numbers)
    original = dict(enumerate(mention.value for mention in numbers))
    doubtful = _in_two_roles(root, original) | _needless(root, ways, best, original)
    for index in doubtful | remaining(question, numbers, givens(root), {**ties, **more}):
        root = fix(root, index, original[index])
    if not givens(root):
        raise Refusal("nothing-varies", "no number of the question can vary on its own")
    distractors = _distractors(question, root, numbers) if given_alone else ()
    lifted = Lift(fold(root), tuple(numbers), answer, {**ties, **more}, distractors)
    if value(lifted.root, lifted.original()) != answer:
        raise Refusal("not-reproduced", "the graph does not give back the original answer")
    return lifted


# --- all ways to take a solution ---


@dataclass(frozen=True)
class _Way:
    """One way to take the whole solution."""

    root: Node
    """Computes the answer."""
    left_over: int
    """Results of the solution that the answer does not use."""


def _ways(explain: Explainer, solved: Sequence[Equation], answer: Fraction, percent: bool) -> list[_Way]:
    """Every way in which the equations lead to the answer. Raises Refusal."""
    states: list[Results] = [()]
    for equation in solved:
        after = list(dict.fromkeys(later for state in states for later in _after(explain, equation, state)))
        if after == states and not any(equation.value == known for state in states for known, _ in state):
            explain = replace(explain, unknown=explain.unknown | {equation.value})
        states = after
        if len(states) > MOST_WAYS:
            raise Refusal("ambiguous", "the solution can be taken in too many ways")
    found = [_Way(node, _left_over(node, state)) for state in states for result, node in state if result == answer]
    if percent and not found:
        found = [
            _Way(ArithmeticStep("*", node, HUNDRED), _left_over(node, state))
            for state in states
            for result, node in state
            if result * 100 == answer
        ]
    if not found:
        raise Refusal("unexplained", "no chain of equations leads from the question's numbers to the answer")
    return list(dict.fromkeys(found))


def _after(explain: Explainer, equation: Equation, state: Results) -> Iterator[Results]:
    """The results after an equation, for each way to take the first of its sides that can be taken."""
    if equation.letter:
        left, right = equation.sides
        nodes = [node for node in explain.solved(left, right, state) if isinstance(node, ArithmeticStep)]
        yield from (_with(state, equation.value, node) for node in nodes)
        if not nodes:
            yield state
        return
    for side in equation.sides:
        nodes = [node for node in explain.nodes(side, state) if isinstance(node, ArithmeticStep)]
        if nodes:
            yield from (_with(state, equation.value, node) for node in nodes)
            return
    yield state


def _with(state: Results, result: Fraction, node: Node) -> Results:
    known = any(other == node for value_, other in state if value_ == result)
    return state if known else (*state, (result, node))


def _left_over(root: Node, state: Results) -> int:
    used = set(steps(root))
    return sum(node not in used for _, node in state)


def _best(ways: Sequence[_Way], numbers: Sequence[Mention], ties: dict[int, int], free: set[int]) -> list[Node]:
    """The ways that use every number of the question and leave the fewest results over. Raises Refusal."""
    complete = [way for way in ways if _unused(way.root, numbers, ties, free) is None]
    if not complete:
        unused = _unused(min(ways, key=lambda way: way.left_over).root, numbers, ties, free)
        raise Refusal("unused-number", f"the solution does not use {unused} of the question")
    return _least_over(complete)


def _least_over(ways: Sequence[_Way]) -> list[Node]:
    least = min(way.left_over for way in ways)
    return [way.root for way in ways if way.left_over == least]


def _unused(root: Node, numbers: Sequence[Mention], ties: dict[int, int], free: set[int]) -> Fraction | None:
    """A number of the question that a graph does not use; one that is free to vary must be used as itself."""
    used = set(givens(root))
    constants_used = {leaf.value for leaf in leaves(root) if isinstance(leaf, FixedNumber)}
    for index, mention in enumerate(numbers):
        told_otherwise = index not in free and _accounted(mention, constants_used)
        if ties.get(index, index) not in used and mention.form != "label" and not told_otherwise:
            return mention.value
    return None


def _accounted(mention: Mention, constants_used: set[Fraction]) -> bool:
    """Whether a fixed number shows up in the calculation in one of its forms; small counts may be told by naming."""
    if mention.value <= SMALL and mention.form == "fixed":
        return True
    share = mention.value / 100
    forms = {mention.value, share, 1 - share, 1 + share, 100 - mention.value, 100 + mention.value, *mention.parts}
    return bool(forms & constants_used)


_EACH = re.compile(r"\beach of (?:the |his |her |their |its )?$", re.IGNORECASE)
_TOTAL = re.compile(r"\b(?:in total|in all|altogether)\b", re.IGNORECASE)


def _distractors(question: str, root: Node, numbers: Sequence[Mention]) -> tuple[Fraction, ...]:
    """Numbers that the equation does not use. Raises Refusal for one by which a total is multiplied."""
    used = set(givens(root))
    unused = [mention for index, mention in enumerate(numbers) if index not in used and mention.form != "label"]
    if _TOTAL.search(question) and any(_EACH.search(question[: mention.start]) for mention in unused):
        raise Refusal("unused-number", "a total is asked for, and the equation leaves out of how many")
    return tuple(mention.value for mention in unused)


# --- several ways that are left ---


def _settled(roots: Sequence[Node], numbers: Sequence[Mention]) -> tuple[Node, dict[int, int]]:
    """One graph that all ways agree on: equal numbers tied, or the numbers on which they differ fixed."""
    distinct = _distinct(roots)
    if len(distinct) == 1:
        return distinct[0], {}
    involved = sorted({index for root in distinct for index in givens(root)})
    ties = _equal(involved, numbers)
    if ties:
        tied = _distinct([_tied(root, ties) for root in distinct])
        if len(tied) == 1:
            return tied[0], ties
    while involved and len(distinct) > 1:
        trials = [(index, _distinct([_fixed(root, (index,), numbers) for root in distinct])) for index in involved]
        index, distinct = min(trials, key=lambda trial: len(trial[1]))
        involved.remove(index)
    return distinct[0], {}


def _distinct(roots: Sequence[Node]) -> list[Node]:
    """Graphs that compute different functions."""
    found: dict[tuple[int | None, ...], Node] = {}
    for root in roots:
        found.setdefault(probe(root), root)
    return list(found.values())


def _equal(indices: Sequence[int], numbers: Sequence[Mention]) -> dict[int, int]:
    """Later numbers → the first of the same value and form."""
    first: dict[tuple[Fraction, str], int] = {}
    found = {}
    for index in indices:
        key = (numbers[index].value, numbers[index].form)
        if first.setdefault(key, index) != index:
            found[index] = first[key]
    return found


def _tied(root: Node, ties: dict[int, int]) -> Node:
    if isinstance(root, QuestionNumber):
        return QuestionNumber(ties.get(root.index, root.index))
    if isinstance(root, FixedNumber):
        return root
    return ArithmeticStep(root.operator, _tied(root.left, ties), _tied(root.right, ties))


def _fixed(root: Node, indices: Sequence[int], numbers: Sequence[Mention]) -> Node:
    for index in indices:
        root = fix(root, index, numbers[index].value)
    return root


# --- numbers that do not move freely ---


def _repeated(question: str, numbers: Sequence[Mention], fixed: set[int]) -> dict[int, int]:
    """A number told again with the same noun is the first one: `4 dogs … her 4 dogs`."""
    first: dict[tuple[Fraction, str, str], int] = {}
    found = {}
    for index, mention in enumerate(numbers):
        noun = re.match(r"[ -]([a-z]{3,})", question[mention.end : mention.end + 30])
        if index not in fixed and noun is not None:
            key = (mention.value, mention.form, noun[1].rstrip("s"))
            if first.setdefault(key, index) != index:
                found[index] = first[key]
    return found


def _totals(numbers: Sequence[Mention]) -> set[int]:
    """A number that is the sum of two others may be their total: varying one alone would contradict the text."""
    values = {index: mention.value for index, mention in enumerate(numbers) if mention.form != "label"}
    found = set()
    for (i, a), (j, b) in combinations(values.items(), 2):
        for k, total in values.items():
            if k not in (i, j) and total == a + b and total >= 20 and a != b and min(a, b) >= 5:
                found |= {i, j, k}
    return found


def _needless(root: Node, ways: Sequence[_Way], best: Sequence[Node], original: Mapping[int, Fraction]) -> set[int]:
    """Numbers without which the solution can be taken as well, because a word or a result may be what is meant.

    Of equal numbers that vary each has its place, for no way uses all of them otherwise.
    """
    least = min(way.left_over for way in ways if way.root in best)
    others = [set(givens(way.root)) for way in ways if way.left_over <= least]
    values = [original[index] for index in givens(root)]
    alone = [index for index in givens(root) if values.count(original[index]) == 1]
    return {index for index in alone if any(index not in other for other in others)}


def _in_two_roles(root: Node, original: dict[int, Fraction]) -> set[int]:
    """Small numbers that divide in one place and do something else in another."""
    divisors, others = set[int](), set[int]()
    for step in steps(root):
        for side, right in ((step.left, False), (step.right, True)):
            if isinstance(side, QuestionNumber) and original[side.index] <= SMALL_FACTOR:
                (divisors if right and step.operator == "/" else others).add(side.index)
    return divisors & others
