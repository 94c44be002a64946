"""A document for the question-directed miner: its answer, whether its question is formal, and how far it was read."""

from __future__ import annotations

import re

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.mine import Disagreement, mine

__all__ = ["Disagreement", "further", "gold", "is_formal", "mine", "was_read"]

_BOX = re.compile(r"\\boxed\s*\{")
_FORMAL = re.compile(r"\$|\\[a-zA-Z(\[]|[=^]")
UNREAD = frozenset({"unread", "needs-figure", "no-answer"})
"""Refusals of questions that were not taken whole."""
UNSOLVED = frozenset({"no-answer", "no-number", "no-equations"})
"""Refusals of solutions in which nothing to compute was found."""


def gold(solution: str, answer: str) -> str:
    """The final answer; several boxes of a solution are one answer of several values."""
    boxes = list(dict.fromkeys(_boxes(solution)))
    return ", ".join(boxes) if len(boxes) > 1 and answer.strip() in boxes else answer


def _boxes(solution: str) -> list[str]:
    found = []
    for match in _BOX.finditer(solution):
        depth, place = 1, match.end()
        while depth and place < len(solution):
            depth += {"{": 1, "}": -1}.get(solution[place], 0)
            place += 1
        if not depth:
            found.append(solution[match.end() : place - 1].strip())
    return found


def is_formal(question: str) -> bool:
    """Whether a question is written with formulas rather than told."""
    return _FORMAL.search(question) is not None


def was_read(refusal: Refusal) -> bool:
    """Whether a question-directed refusal is about a question that was taken whole."""
    return refusal.code not in UNREAD


def further(first: Refusal, second: Refusal) -> Refusal:
    """The more telling of two refusals: of a question that was read, of a solution that was found, or the first."""
    for one in (first, second):
        if isinstance(one, Disagreement):
            return one
    unread = [one for one in (first, second) if one.code in UNREAD]
    others = [one for one in (first, second) if one.code not in UNREAD]
    if unread and others and others[0].code in UNSOLVED:
        return unread[0]
    return others[0] if others else first
