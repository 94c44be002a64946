"""Stored records and the rows they came from → each row with its decision, in order; nothing but a row is in memory.

The records of a run are in the order of its rows: a row has a reject of its own, or the next accepted problem is its.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from agentprop.extraction.corpus import ReadRow
from agentprop.records import Problem, Reject, Verdict
from agentprop.storage.reader import StoredRun

Place = Literal["accepted", "undetermined", "rejected"]
PLACES: tuple[Place, ...] = ("accepted", "undetermined", "rejected")
T = TypeVar("T")


@dataclass(frozen=True)
class RowDecision:
    """A row, and what is said of it."""

    source: str
    """Source: `<file name>#<row>`."""
    row: Mapping[str, Any]
    """The row as it came; empty if it could not be read."""
    place: Place
    """Where it goes."""
    code: str
    """Reason code, for an accepted one too."""
    reason: str
    """The reason in a sentence."""
    problem: Mapping[str, Any]
    """Id, statement and answer of its problem; empty if it has none."""
    verdict: str | None = None
    """valid, invalid or undetermined; None if it was never judged."""
    evidence: str | None = None
    """What a valid one rests on."""
    found: str | None = None
    """The answer that was computed."""


class _Next(Generic[T]):
    """An iterator whose next item can be looked at."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self.item: T | None = next(self._items, None)

    def take(self) -> T | None:
        taken, self.item = self.item, next(self._items, None)
        return taken


def decisions(stored: StoredRun, rows: Iterable[ReadRow], *, keep_undetermined: bool) -> Iterator[RowDecision]:
    """Every row with its decision. Raises ValueError if the records are not those of the rows."""
    rejects, problems = _Next(stored.iter(Reject)), _Next(stored.iter(Problem))
    verdicts = _Next(stored.iter(Verdict))
    for read in rows:
        source, reject = read.made.id, rejects.item
        if reject is not None and reject.item == source:
            rejects.take()
            problem = _problem_of(reject)
        else:
            accepted = problems.take()
            if accepted is None:
                raise ValueError(f"there is no record of {source}")
            reject, problem = None, {"id": accepted.id, "statement": accepted.statement, "answer": accepted.answer}
        verdict = verdicts.item
        if verdict is None or verdict.problem_id != problem.get("id"):
            verdict = None
        else:
            verdicts.take()
        yield _decision(read, reject, problem, verdict, keep_undetermined)


def _problem_of(reject: Reject) -> Mapping[str, Any]:
    """The problem that a reject holds; other rejects hold the beginning of a row."""
    try:
        found = json.loads(reject.record or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "statement" in found and "id" in found else {}


def _decision(
    read: ReadRow, reject: Reject | None, problem: Mapping[str, Any], verdict: Verdict | None, keep: bool
) -> RowDecision:
    place: Place = "accepted"
    if reject is not None and not (keep and reject.outcome == "failed" and verdict is not None):
        place = "rejected" if reject.outcome == "rejected" else "undetermined"
    code = reject.code if reject is not None else verdict.code if verdict is not None else ""
    reason = reject.message if reject is not None else verdict.message if verdict is not None else ""
    return RowDecision(
        read.made.id,
        read.row,
        place,
        code,
        reason.splitlines()[0] if reason else "",
        problem,
        verdict.value if verdict is not None else None,
        verdict.evidence if verdict is not None and verdict.value == "valid" else None,
        verdict.answer if verdict is not None else None,
    )
