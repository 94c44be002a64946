"""The checks that come with agentprop; each looks at the row alone."""

from __future__ import annotations

import re

from agentprop.answers.equivalence import equivalent
from agentprop.grading.claims import Claim
from agentprop.grading.comparison import check_answer
from agentprop.grading.contamination import tokens
from agentprop.records import Problem

FEWEST = 2
"""Words and numbers without which nothing is asked: `Simplify:` has one."""
_TOLD = re.compile(
    r"(?:\b(?:the |correct |final |right )*(?:answer|solution)\s*(?:is|are|=|:)|####)\s*(?P<told>[^\n]{1,200})",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\b(?:figure|diagram|graph|picture|image|sketch|drawing)s?,? (?:is |are )?(?:below|above|shown|to the )"
    r"|\b(?:shown|in|from|see|of|the) (?:in )?(?:the |this )?(?:adjoining |accompanying |following |given )?"
    r"(?:figure|diagram)s?\b|\bas (?:shown|pictured)\b|\[asy\]",
    re.IGNORECASE,
)
"""A figure that the question rests on; `three students in the picture` are none."""
_END = re.compile(r"(?<!\d)\.(?=\s|$)|\.$|;|\n")


def empty_statement(problem: Problem, claim: Claim) -> str | None:
    """A question without content, such as `Solve:` over a formula that was lost."""
    if len(tokens(claim.question)) >= FEWEST:
        return None
    return f"the question asks nothing: {claim.question.strip()[:60]!r}"


def needs_figure(problem: Problem, claim: Claim) -> str | None:
    """A question about a figure that is not there."""
    spoken = _FIGURE.search(claim.question) if claim.lacks == "figure" else None
    return None if spoken is None else f"the question speaks of a figure, and there is none: {spoken[0]}"


def needs_options(problem: Problem, claim: Claim) -> str | None:
    """A question that means nothing without options, which are not there."""
    gone = claim.lacks == "options" and not claim.options
    return "the question means nothing without its options" if gone else None


def repeated_options(problem: Problem, claim: Claim) -> str | None:
    """Two options of one text, one of which is the answer: a reply by letter is judged by chance."""
    if problem.answer_type != "choice" or not claim.gold.strip():
        return None
    same = sum(option.strip() == claim.gold.strip() for option in claim.options)
    return f"{same} options are the right one: {claim.gold.strip()[:60]}" if same > 1 else None


def tells_answer(problem: Problem, claim: Claim) -> str | None:
    """A statement that says what its answer is."""
    if problem.answer_type == "program" or not claim.gold.strip():
        return None
    for match in _TOLD.finditer(claim.question):
        told = _END.split(match["told"])[0].strip().strip("*")
        if told and equivalent(gold=claim.gold, pred=told).status == "same":
            return f"the statement tells its answer: {match[0].strip()[:80]}"
    return None


def unreadable_answer(problem: Problem, claim: Claim) -> str | None:
    """An answer that cannot be read to its end, so that no reply could be compared with it."""
    checked = check_answer(problem)
    return None if checked.ok else checked.why
