"""Reject rows → the funnel of one run: what came in, what came out, and why the rest did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentprop.report.text import LABEL, NOTE, clip

MOST_REASONS = 60
"""Reason codes told apart; there are a few dozen, unless a run is damaged."""
OTHER = "(other reasons)"


@dataclass(frozen=True)
class Reason:
    """Rejects that share a code."""

    outcome: str
    """rejected or failed."""
    code: str
    """The reason code."""
    count: int
    """How many."""
    example: str
    """The message of the first."""


@dataclass(frozen=True)
class Funnel:
    """in = accepted + rejected + failed."""

    run: int
    """Position of the run in the report."""
    stage: str
    """The stage."""
    came: int
    """What went in."""
    accepted: int
    """What came out."""
    rejected: int
    """Judged and refused."""
    failed: int
    """Not finished for a technical reason."""
    reasons: tuple[Reason, ...]
    """The most frequent first."""


class Rejects:
    """Counts the rejects of one run by outcome and code."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}

    def add(self, row: Mapping[str, Any]) -> str:
        """Count a row with `outcome`, `code`, `message`; the code it is counted under."""
        key = (str(row["outcome"]), clip(row["code"], LABEL) or "")
        if key not in self._counts and len(self._counts) >= MOST_REASONS:
            key = (key[0], OTHER)
        self._counts[key] += 1
        self._examples.setdefault(key, clip(row["message"], NOTE) or "")
        return key[1]

    def funnel(self, run: int, stage: str, accepted: int) -> Funnel:
        """The funnel, given what came out."""
        ordered = sorted(self._counts.items(), key=lambda entry: (-entry[1], entry[0]))
        reasons = tuple(Reason(*key, count, self._examples[key]) for key, count in ordered)
        rejected = sum(r.count for r in reasons if r.outcome == "rejected")
        failed = sum(r.count for r in reasons if r.outcome == "failed")
        return Funnel(run, stage, accepted + rejected + failed, accepted, rejected, failed, reasons)
