"""Rows of somebody's files → rows with what is known before anything is solved: unreadable, repeated, contaminated.

Two rows ask the same if their words and numbers are the same, whatever their typography. With the same answer the later
one is a repeat. With another answer one of the two is wrong, and which one is for their checks to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from agentprop.answers.equivalence import equivalent
from agentprop.config.curate import CurateConfig
from agentprop.grading.contamination import PrefixHashes, tokens
from agentprop.records import Problem, Reject
from agentprop.stages.common.benchmarks import Benchmarks
from agentprop.stages.common.foreign import ForeignProblems
from agentprop.stages.common.row_problems import RowProblem

Outcome = Literal["rejected", "failed"]


@dataclass(frozen=True)
class RowRefusal:
    """Why a row is not kept."""

    outcome: Outcome
    """`rejected` on evidence, `failed` if nothing is known."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""


@dataclass(frozen=True)
class CuratedRow:
    """A row on its way."""

    source: str
    """Source: `<file name>#<row>`."""
    found: RowProblem | None
    """Its problem; None if it has none."""
    refusal: RowRefusal | None = None
    """Why it is not looked at further."""
    rival: str = ""
    """An earlier row that asks the same and has another answer, with that answer."""


KEPT = 64
"""Characters of an answer that are remembered."""


@dataclass
class SeenQuestions:
    """The questions so far: about 250 bytes for each."""

    answers: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Key of the words → (source, answer) of the first row that asks it."""

    def look(self, found: RowProblem) -> tuple[RowRefusal | None, str]:
        """Why a row is a repeat, or the earlier row that contradicts it; the row counts as seen from now on."""
        problem = found.problem
        key = PrefixHashes(tokens(problem.statement)).all
        earlier = self.answers.setdefault(key, (found.source, problem.answer[:KEPT]))
        if earlier[0] == found.source:
            return None, ""
        if _same(problem, earlier[1]):
            return RowRefusal("rejected", "duplicate", f"{earlier[0]} asks the same"), ""
        return None, f"{earlier[0]} asks the same and has the answer {earlier[1]}"


def _same(problem: Problem, earlier: str) -> bool:
    if problem.answer[:KEPT] == earlier or problem.answer_type == "program":
        return True
    return equivalent(gold=earlier, pred=problem.answer).status == "same"


def curated_rows(
    foreign: ForeignProblems, config: CurateConfig, benchmarks: Benchmarks | None, done: int
) -> Iterator[CuratedRow]:
    """The rows from number `done` on; the earlier ones are read again, because later ones may repeat them."""
    seen = SeenQuestions()
    for place, found in enumerate(islice(foreign, config.limit)):
        if isinstance(found, Reject):
            outcome: Outcome = "failed" if found.outcome == "failed" else "rejected"
            row = CuratedRow(found.item, None, RowRefusal(outcome, found.code, found.message))
        else:
            refusal, rival = seen.look(found)
            if refusal is None and place >= done:
                refusal = _contaminated(found, benchmarks)
            row = CuratedRow(found.source, found, refusal, rival)
        if place >= done:
            yield row


def _contaminated(found: RowProblem, benchmarks: Benchmarks | None) -> RowRefusal | None:
    hit = benchmarks.refusal(found.problem.statement) if benchmarks is not None else None
    return None if hit is None else RowRefusal("rejected", *hit)
