"""One document to one candidate skill: read, lifted, freed, worded; or a refusal with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining import graph
from agentprop.extraction.mining.equations import equations, is_expression
from agentprop.extraction.mining.expression import NotArithmetic, evaluate, parse
from agentprop.extraction.mining.freedom import FreedomRule, free
from agentprop.extraction.mining.graph import ArithmeticStep, FixedNumber, Node, QuestionNumber, fingerprint
from agentprop.extraction.mining.lift import Refusal, lift
from agentprop.extraction.mining.mentions import mentions
from agentprop.extraction.mining.notation import letters
from agentprop.extraction.mining.wording import Phrasing, phrase


@dataclass(frozen=True)
class Template:
    """A parametric template mined from one document; givens are numbered in canonical order from 0."""

    graph: str
    """Fingerprint of the graph."""
    root: Node
    """Computes the answer."""
    domains: tuple[tuple[int, ...], ...]
    """Allowed values of each given."""
    rules: tuple[FreedomRule, ...]
    """What must hold between them."""
    acceptance: float
    """Share of random draws that satisfy the rules."""
    original: tuple[int, ...]
    """The document's own numbers."""
    answer: Fraction
    """The document's own answer."""
    mentioned: int
    """How many numbers the question mentions, dates and ordinals apart."""
    phrasing: Phrasing
    """The wording, holes named a, b, c, … in canonical order."""


def mine(question: str, solution: str, answer: str) -> Template:
    """The candidate of a word problem; raises Refusal."""
    claimed = final_number(answer)
    solved = equations(solution)
    if not solved:
        raise Refusal("no-equations", "the solution holds no arithmetic equation")
    numbers = mentions(question)
    lifted = lift(question, numbers, solved, claimed, percent="%" in answer, given_alone=is_expression(solution))
    found = free(lifted, question)
    name, order = fingerprint(found.root)
    letter = dict(zip(order, letters(len(order)), strict=True))
    names = {place: told for index, told in letter.items() for place in lifted.places(index)}
    phrasing = phrase(question, dict(enumerate(numbers)), names, claimed.denominator == 1)
    place = {index: position for position, index in enumerate(order)}
    return Template(
        graph=name,
        root=renumber(found.root, place),
        domains=tuple(found.domains[index] for index in order),
        rules=tuple(_renumber_rule(rule, place) for rule in found.rules),
        acceptance=found.acceptance,
        original=tuple(int(numbers[index].value) for index in order),
        answer=claimed,
        mentioned=sum(mention.form != "label" for mention in numbers),
        phrasing=phrasing,
    )


def final_number(answer: str) -> Fraction:
    """The exact value of a final answer such as `1,200`, `$18`, `\\frac{7}{18}` or `12 \\text{ gm}`; raises Refusal."""
    answer = re.sub(r"^\s*(?:Rs\.?|[A-E]\))\s*(?=[\d$])", "", answer)
    text = re.sub(r"\\(?:text|mbox|mathrm)\s*\{[^{}]*\}|\\?[$%]|[a-zA-Z]+\.?$|(?<=\d)\s+[a-z]+$", "", answer.strip())
    try:
        return evaluate(parse(text.strip().rstrip(".")))
    except NotArithmetic:
        raise Refusal("no-number", "the final answer is not a number") from None


def renumber(node: Node, place: Mapping[int, int]) -> Node:
    """The graph with its givens at other positions."""
    if isinstance(node, QuestionNumber):
        return QuestionNumber(place[node.index])
    if isinstance(node, FixedNumber):
        return node
    return ArithmeticStep(node.operator, renumber(node.left, place), renumber(node.right, place))


def _renumber_rule(rule: FreedomRule, place: Mapping[int, int]) -> FreedomRule:
    other = None if rule.other is None else renumber(rule.other, place)
    return FreedomRule(rule.kind, renumber(rule.node, place), rule.bound, other)


# --- as JSON ---


def to_json(candidate: Template) -> dict[str, Any]:
    """Plain data, for the working file of an extraction."""
    rules = [[r.kind, graph.to_json(r.node), str(r.bound), r.other and graph.to_json(r.other)] for r in candidate.rules]
    return {
        "graph": candidate.graph,
        "root": graph.to_json(candidate.root),
        "domains": candidate.domains,
        "rules": rules,
        "acceptance": candidate.acceptance,
        "original": candidate.original,
        "answer": str(candidate.answer),
        "mentioned": candidate.mentioned,
        "phrasing": asdict(candidate.phrasing),
    }


def from_json(data: Mapping[str, Any]) -> Template:
    """Back from `to_json`."""
    rules = tuple(
        FreedomRule(kind, graph.from_json(node), Fraction(bound), None if other is None else graph.from_json(other))
        for kind, node, bound, other in data["rules"]
    )
    return Template(
        graph=data["graph"],
        root=graph.from_json(data["root"]),
        domains=tuple(map(tuple, data["domains"])),
        rules=rules,
        acceptance=data["acceptance"],
        original=tuple(data["original"]),
        answer=Fraction(data["answer"]),
        mentioned=data["mentioned"],
        phrasing=_phrasing(data["phrasing"]),
    )


def _phrasing(data: Mapping[str, Any]) -> Phrasing:
    apart = data["apart"]
    return Phrasing(**{**data, "apart": None if apart is None else (apart[0], apart[1])})
