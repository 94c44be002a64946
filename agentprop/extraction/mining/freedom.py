"""A lifted graph to the numbers that may vary together and the rules that keep the story true.

Every rule is something seen in the original: a step that was whole stays whole, one that was positive stays positive
(so a part stays below its whole), one that was a share stays below one, two prices keep their order. Givens whose
variation leaves too little room are put back to their original numbers, one by one, until random draws satisfy the
rules often enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Literal

from agentprop.extraction.mining.domains import answer_caps, domain
from agentprop.extraction.mining.graph import (
    ArithmeticStep,
    CompiledGraphs,
    FixedNumber,
    Node,
    QuestionNumber,
    fix,
    givens,
    leaves,
    steps,
    value,
)
from agentprop.extraction.mining.lift import Lift, Refusal
from agentprop.extraction.mining.mentions import Mention

MIN_ACCEPTANCE = 0.08
"""Least share of random draws that satisfy the rules; the package format asks for 0.05, this leaves a margin."""
MIN_SETTINGS = 8
"""Least expected number of distinct valid settings; fewer are not a family of problems."""
DRAWS = 150

RuleKind = Literal["whole", "at-least", "at-most", "below-one", "cents", "ordered"]


@dataclass(frozen=True)
class FreedomRule:
    """A condition on one node, or on the order of two givens."""

    kind: RuleKind
    node: Node
    """What it is about; for `ordered` the smaller of two givens."""
    bound: Fraction = Fraction(0)
    """For `at-least` and `at-most`."""
    other: Node | None = None
    """For `ordered`: the larger given."""

    def nodes(self) -> tuple[Node, ...]:
        """The nodes it is about."""
        return (self.node,) if self.other is None else (self.node, self.other)

    def holds(self, found: Fraction, other: Fraction) -> bool:
        """Whether the condition is met by the values of its node and of the other one."""
        if self.kind == "whole":
            return found.denominator == 1
        if self.kind == "cents":
            return (found * 100).denominator == 1
        if self.kind == "below-one":
            return found < 1
        if self.kind == "at-most":
            return found <= self.bound
        if self.kind == "ordered":
            return found < other
        return found >= self.bound


@dataclass(frozen=True)
class Freedom:
    """A family of problems: the graph, what its givens may be, and the rules between them."""

    root: Node
    """Computes the answer; givens that do not vary are constants by now."""
    domains: dict[int, tuple[int, ...]]
    """Given to its allowed values, ascending."""
    rules: tuple[FreedomRule, ...]
    """What must hold."""
    acceptance: float
    """Share of random draws that satisfy the rules."""


def free(lifted: Lift, question: str) -> Freedom:
    """As many givens varying as leave enough room; raises Refusal where none does."""
    original = lifted.original()
    _refuse_degenerate(lifted.root, original)
    root, found = lifted.root, _freedom(lifted, question, lifted.root)
    while found.acceptance < MIN_ACCEPTANCE or _settings(found) < MIN_SETTINGS:
        trials = [fix(root, index, original[index]) for index in found.domains]
        options = [_freedom(lifted, question, trial) for trial in trials if givens(trial)]
        if not options:
            raise Refusal("no-room", "the numbers cannot vary without breaking what the question says")
        found = max(options, key=lambda option: (min(option.acceptance, 0.3), _settings(option)))
        root = found.root
    return found


def _settings(found: Freedom) -> float:
    size = 1.0
    for values in found.domains.values():
        size *= len(values)
    return size * found.acceptance


def _refuse_degenerate(root: Node, original: dict[int, Fraction]) -> None:
    if any(value(step, original) == 0 for step in steps(root)):
        raise Refusal("not-positive", "a step of the original solution is zero")


def _freedom(lifted: Lift, question: str, root: Node) -> Freedom:
    """The family over one graph: all rules of its steps, and as many orderings as leave room."""
    original = lifted.original()
    rules = [rule for step in steps(root) for rule in _step_rules(step, value(step, original), original)]
    rules += [rule for total in sums(root) for rule in _sum_rules(total, lifted.numbers, original)]
    rules += [FreedomRule("at-most", root, Fraction(cap)) for cap in answer_caps(question, lifted.answer)]
    alone = {index: [rule for rule in rules if givens(rule.node) == [index]] for index in givens(root)}
    domains = {index: _allowed(lifted.numbers[index], question, rules_of) for index, rules_of in alone.items()}
    rules = [rule for rule in rules if len(givens(rule.node)) > 1]
    acceptance = acceptance_of(domains, rules)
    rules += _beside_distractors(lifted, sorted(domains))
    if lifted.distractors:
        acceptance = acceptance_of(domains, rules)
    overlaps = _overlaps(lifted, question, root)
    if overlaps:
        rules += overlaps
        acceptance = acceptance_of(domains, rules)
    for rule in _orderings(lifted, question, sorted(domains)):
        if (tightened := acceptance_of(domains, [*rules, rule])) >= MIN_ACCEPTANCE:
            rules, acceptance = [*rules, rule], tightened
    return Freedom(root, domains, tuple(dict.fromkeys(rules)), acceptance)


def _allowed(mention: Mention, question: str, rules: Sequence[FreedomRule]) -> tuple[int, ...]:
    """The values that satisfy the rules about this number alone; looked for further away where few do."""
    (index,) = {index for rule in rules for index in givens(rule.node)} or {0}
    judge = CompiledRules(rules)
    near = tuple(number for number in domain(mention, question) if judge.accepts({index: number}))
    if len(near) >= MIN_SETTINGS:
        return near
    return tuple(number for number in domain(mention, question, reach=4) if judge.accepts({index: number}))


def _step_rules(step: ArithmeticStep, original: Fraction, numbers: dict[int, Fraction]) -> list[FreedomRule]:
    """What keeps the value of a step, here `original`, of its kind."""
    rules = []
    shrinks = _may_shrink(step) or any(value(side, numbers) < 0 for side in (step.left, step.right))
    if original < 0:
        return [FreedomRule("at-most", step, Fraction(-1))] + (
            [FreedomRule("whole", step)] if original.denominator == 1 and _may_break(step) else []
        )
    if original.denominator == 1:
        if _may_break(step):
            rules.append(FreedomRule("whole", step))
        if shrinks:
            rules.append(FreedomRule("at-least", step, min(original, Fraction(2))))
    else:
        if original < 1:
            rules.append(FreedomRule("below-one", step))
        if shrinks:
            rules.append(FreedomRule("at-least", step, min(original / 2, Fraction(1, 100))))
        if (original * 100).denominator == 1 and step.operator == "/":
            rules.append(FreedomRule("cents", step))
    return rules


def _may_break(step: ArithmeticStep) -> bool:
    """Whether a step over whole numbers may stop being whole: division, or a fraction among its constants."""
    return step.operator == "/" or any(
        (isinstance(side, FixedNumber) and side.value.denominator > 1)
        or (isinstance(side, ArithmeticStep) and _may_break(side))
        for side in (step.left, step.right)
    )


def _may_shrink(step: ArithmeticStep) -> bool:
    """Whether a step may fall to one or below although its operands do not."""
    return step.operator in "-/" or _may_break(step)


Term = tuple[bool, Node]
"""Whether a term is added, and the term."""


def sums(root: Node) -> list[list[Term]]:
    """The terms of every sum that is no part of a longer one and takes something away."""
    inner = {side for step in steps(root) if step.operator in "+-" for side in (step.left, step.right)}
    outermost = [step for step in steps(root) if step.operator in "+-" and step not in inner]
    found = [list(_terms(step, True)) for step in outermost]
    return [terms for terms in found if len(terms) > 2 and any(not added for added, _ in terms)]


def _terms(node: Node, added: bool) -> Iterator[Term]:
    if isinstance(node, ArithmeticStep) and node.operator in "+-":
        yield from _terms(node.left, added)
        yield from _terms(node.right, added == (node.operator == "+"))
    else:
        yield added, node


def _sum_rules(terms: Sequence[Term], numbers: Sequence[Mention], original: dict[int, Fraction]) -> list[FreedomRule]:
    """What a sum does not show of its story: nothing is given away before it is there, nor of a kind that is short.

    The terms are taken in the order in which the text tells them, and each total on the way stays positive; if as many
    kinds are taken from as are there, none of them loses more than it has. Both only if they were so in the original.
    """
    told = sorted(terms, key=lambda term: _place(term[1], numbers))
    rules = []
    for length in range(2, len(told)):
        total = _total(told[:length])
        if total is not None and not told[length - 1][0] and value(total, original) > 0:
            rules.append(FreedomRule("at-least", total, Fraction(1)))
    more, less = ([node for added, node in told if added is sign] for sign in (True, False))
    pairs = [(one, other) for one, other in zip(more, less, strict=False) if givens(one) and givens(other)]
    if len(more) == len(less) == len(pairs) and all(value(a, original) > value(b, original) for a, b in pairs):
        rules += [FreedomRule("at-least", ArithmeticStep("-", one, other), Fraction(1)) for one, other in pairs]
    return rules


def _place(term: Node, numbers: Sequence[Mention]) -> int:
    """Where the text tells of a term first; a constant that it does not hold comes last."""
    constants = [leaf.value for leaf in leaves(term) if isinstance(leaf, FixedNumber)]
    places = [numbers[index].start for index in givens(term)]
    places = places or [one.start for one in numbers if one.value in constants]
    return min(places, default=numbers[-1].end)


def _total(terms: Sequence[Term]) -> Node | None:
    """A sum in the order of its terms; None if it begins with something taken away."""
    (added, total), *rest = terms
    for plus, term in rest:
        total = ArithmeticStep("+" if plus else "-", total, term)
    return total if added and any(givens(term) for _, term in terms) else None


def _orderings(lifted: Lift, question: str, indices: Sequence[int]) -> list[FreedomRule]:
    """Pairs of prices, of counts of one noun, or of numbers of nothing keep the order they had."""
    rules = []
    for position, first in enumerate(indices):
        for second in indices[position + 1 :]:
            a, b = lifted.numbers[first], lifted.numbers[second]
            if a.value == b.value or a.form != b.form:
                continue
            alike = a.form == "money" or _noun(question, a.end) == _noun(question, b.end)
            if alike or (a.value > b.value and _PART.match(question[b.end : b.end + 60])):
                low, high = (first, second) if a.value < b.value else (second, first)
                rules.append(FreedomRule("ordered", QuestionNumber(low), other=QuestionNumber(high)))
    return rules


def _beside_distractors(lifted: Lift, indices: Sequence[int]) -> list[FreedomRule]:
    """A number keeps its order to every number that stays: a part of a total that is only told stays below it."""
    rules = []
    for index in indices:
        own = lifted.numbers[index].value
        for other in lifted.distractors:
            if own < other:
                rules.append(FreedomRule("at-most", QuestionNumber(index), other - 1))
            elif own > other:
                rules.append(FreedomRule("at-least", QuestionNumber(index), other + 1))
    return rules


_PART = re.compile(
    r" of (?:them|the|these|those|which|whom|his|her|their|its|my|our|all)\b"
    r"|(?: \w+)? (?:are|were|is|was|did|do|have|had) (?!each\b|a\b|an\b)[a-z]",
    re.IGNORECASE,
)
"""Behind a number that is a part of an earlier one: `12 of the students`, `5 were broken`."""
_BOTH = re.compile(
    r"\b(?:both|overlap\w*|in common|each of the two|two (?:groups|clubs|classes|sports))\b", re.IGNORECASE
)


def _overlaps(lifted: Lift, question: str, root: Node) -> list[FreedomRule]:
    """What belongs to both of two sets is no more than either, and neither is more than all.

    `a + b - c` is the size of the union if c is what they have in common, and their common part if c is all there is.
    """
    if not _BOTH.search(question):
        return []
    original = lifted.original()
    rules = []
    for step in steps(root):
        if step.operator != "-" or not isinstance(step.right, QuestionNumber):
            continue
        for part in _addends(step.left):
            if not isinstance(part, QuestionNumber):
                continue
            less = original[step.right.index] - original[part.index]
            if less < 0:
                rules.append(FreedomRule("ordered", step.right, other=part))
            elif less > 0:
                rules.append(FreedomRule("ordered", part, other=step.right))
    return rules


def _addends(node: Node) -> list[Node]:
    """The terms of a sum; a difference keeps what it is taken from."""
    if isinstance(node, ArithmeticStep) and node.operator == "+":
        return [*_addends(node.left), *_addends(node.right)]
    return _addends(node.left) if isinstance(node, ArithmeticStep) and node.operator == "-" else [node]


_NO_NOUNS = frozenset(
    {"and", "as", "by", "from", "if", "in", "is", "of", "on", "or", "than", "then", "to", "what", "when", "with"}
)
"""Words behind a number that counts nothing: `greater than 36 as it is less than 86`."""


def _noun(question: str, end: int) -> str:
    match = re.match(r"[ -](\w+)", question[end : end + 30])
    word = match[1].lower() if match else ""
    return "" if word in _NO_NOUNS else word.rstrip("s")


def acceptance_of(domains: Mapping[int, Sequence[int]], rules: Sequence[FreedomRule]) -> float:
    """Share of random settings that satisfy the rules; the same for the same arguments."""
    if not all(domains.values()):
        return 0.0
    if not rules:
        return 1.0
    rng, judge = Random("freedom"), CompiledRules(rules)
    return sum(judge.accepts(draw(domains, rng)) for _ in range(DRAWS)) / DRAWS


def draw(domains: Mapping[int, Sequence[int]], rng: Random) -> dict[int, int]:
    """One random setting, rules not considered."""
    return {index: rng.choice(values) for index, values in domains.items()}


class CompiledRules:
    """Rules compiled for many settings."""

    def __init__(self, rules: Sequence[FreedomRule]) -> None:
        self._program = CompiledGraphs([node for rule in rules for node in rule.nodes()])
        self._checks = [
            (rule, self._program.registers[rule.node], self._program.registers[rule.other or rule.node])
            for rule in rules
        ]

    def accepts(self, setting: Mapping[int, int]) -> bool:
        """Whether every rule holds."""
        try:
            values = self._program.run(setting)
        except ZeroDivisionError:
            return False
        return all(rule.holds(values[node], values[other]) for rule, node, other in self._checks)
