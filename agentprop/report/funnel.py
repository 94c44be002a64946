"""Reject rows → the funnel of one run: the numbers in and out, and the reasons of the difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentprop.report.text import LABEL, NOTE, clip

MOST_REASONS = 60
"""Most reason codes counted separately; there are a few dozen, unless a run is damaged."""
OTHER = "(other reasons)"


@dataclass(frozen=True)
class Reason:
    """Rejects that share a code."""

    outcome: str
    """rejected or failed."""
    code: str
    """The reason code."""
    count: int
    """Number of rejects."""
    example: str
    """Message of the first one."""


@dataclass(frozen=True)
class Funnel:
    """in = accepted + rejected + failed."""

    run: int
    """Position of the run in the report."""
    stage: str
    """The stage."""
    came: int
    """Items that went in."""
    accepted: int
    """Items that came out."""
    rejected: int
    """Items judged and refused."""
    failed: int
    """Items not finished for a technical reason."""
    reasons: tuple[Reason, ...]
    """Reasons, the most frequent first."""


class Rejects:
    """Counts the rejects of one run by outcome and code."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}

    def add(self, row: Mapping[str, Any]) -> str:
        """Count a row with `outcome`, `code`, `message`; returns the code that it is counted under."""
        key = (str(row["outcome"]), clip(row["code"], LABEL) or "")
        if key not in self._counts and len(self._counts) >= MOST_REASONS:
            key = (key[0], OTHER)
        self._counts[key] += 1
        self._examples.setdefault(key, clip(row["message"], NOTE) or "")
        return key[1]

    def by_code(self) -> Counter[str]:
        """Number of rejects by code, whatever the outcome."""
        counts: Counter[str] = Counter()
        for (_, code), count in self._counts.items():
            counts[code] += count
        return counts

    def funnel(self, run: int, stage: str, accepted: int) -> Funnel:
        """Make the funnel, given the number accepted."""
        ordered = sorted(self._counts.items(), key=lambda entry: (-entry[1], entry[0]))
        reasons = tuple(Reason(*key, count, self._examples[key]) for key, count in ordered)
        rejected = sum(r.count for r in reasons if r.outcome == "rejected")
        failed = sum(r.count for r in reasons if r.outcome == "failed")
        return Funnel(run, stage, accepted + rejected + failed, accepted, rejected, failed, reasons)
