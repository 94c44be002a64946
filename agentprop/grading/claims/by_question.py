"""The claim that a question has an answer, by the question-directed reader: the whole question, by two routes.

The reading does not see the answer. Two routes that give it are evidence for it; two that agree on another value are
evidence against it, unless what was asked can be taken in another way: over other numbers, rounded, in percent.
"""

from __future__ import annotations

import asyncio
import cmath
import re

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.ablation import ablation
from agentprop.extraction.mining.question.answers import gold_trees, value_of
from agentprop.extraction.mining.question.document import Disagreement, was_read
from agentprop.extraction.mining.question.execute import FAILURES, NotComputed
from agentprop.extraction.mining.question.kernel.exact import decimal_of, number
from agentprop.extraction.mining.question.latex.tree import Unreadable
from agentprop.extraction.mining.question.mine import Solved, solved
from agentprop.extraction.mining.question.reading import Readings, numbers_of, readings
from agentprop.grading.claims.claim import Claim, Means, RouteFinding, undecided
from agentprop.grading.claims.numbers import nearly
from agentprop.grading.visible import QUALIFIERS
from agentprop.records import Problem

NOT_READ = "not_in_grammar"
CLOSE = 1e-6
"""Relative difference of values that may be one, computed in two ways."""
_IMAGINARY = re.compile(r"(?<![A-Za-z\\])i(?![A-Za-z])")


async def by_question(problem: Problem, claim: Claim, means: Means) -> RouteFinding | None:
    """What two routes over the whole question say of its answer; None for a row without one."""
    if problem.answer_type == "program" or not claim.gold.strip():
        return None
    return await asyncio.to_thread(read_claim, claim)


def read_claim(claim: Claim) -> RouteFinding:
    """The same, at once."""
    try:
        understood = readings(claim.question)
        found = solved(understood, numbers_of(understood.question), claim.gold)
    except Disagreement as other:
        return against(other, claim)
    except Refusal as refusal:
        code = refusal.code.replace("-", "_") if was_read(refusal) else NOT_READ
        return undecided(code, f"the question is not decided by its text: {refusal.message}")
    return confirmed(understood, found)


def confirmed(understood: Readings, found: Solved) -> RouteFinding:
    """Evidence for an answer that two routes give, if all that they use stands in the text."""
    needed = ablation(understood, QUALIFIERS)
    if needed.unseen:
        return undecided("not_visible", f"{needed.unseen} numbers of the computation do not stand in the text")
    why = f"two routes over the whole question give {found.text:.80}, the stated answer ({needed.told()})"
    return RouteFinding("valid", "question_agrees", why, found.text, "self-consistent")


def against(other: Disagreement, claim: Claim) -> RouteFinding:
    """What it means that two routes agree on another value."""
    doubt = _doubt(other, claim)
    if doubt:
        why = f"two routes over the whole question give {other.found:.80}, and the row says {claim.gold:.80}: {doubt}"
        return undecided("reads_otherwise", why)
    why = f"two routes over the whole question give {other.found:.80}, and the row says {claim.gold:.80}"
    return RouteFinding("invalid", "question_differs", why, other.found)


def _doubt(other: Disagreement, claim: Claim) -> str:
    """Why a disagreement is no evidence against the answer; nothing if it is."""
    if not claim.named:
        return "the row does not say which number is its answer"
    if _IMAGINARY.search(claim.gold) and not _IMAGINARY.search(other.found):
        return "the row's answer is over the complex numbers"
    if nearly(_decimal(other), claim.gold):
        return "they may be one number, rounded or in percent"
    if _close(other, claim.gold):
        return "they are one number to many places, and one of the two is rounded"
    if _size(claim.gold) != _count(other.value):
        return "they are of different size, so the question may be taken otherwise"
    return ""


def _close(other: Disagreement, gold: str) -> bool:
    """Whether a single value is the answer but for what floating point cannot tell."""
    try:
        (tree,) = gold_trees(gold)
        return cmath.isclose(number(other.value), number(value_of(tree)), rel_tol=CLOSE)
    except (Unreadable, NotComputed, *FAILURES, TypeError):
        return False


def _decimal(other: Disagreement) -> str:
    try:
        value = other.value[0] if isinstance(other.value, list | tuple) and len(other.value) == 1 else other.value
        return format(decimal_of(value, 30), "f")
    except (*FAILURES, TypeError):
        return other.found


def _count(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else 1


def _size(gold: str) -> int:
    try:
        trees = gold_trees(gold)
    except (Unreadable, NotComputed):
        return 0
    if len(trees) == 1 and getattr(trees[0], "head", "") in ("tuple", "row", "matrix"):
        return len(trees[0].args)  # type: ignore[union-attr]
    return len(trees)
