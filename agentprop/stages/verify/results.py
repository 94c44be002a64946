"""Judged problems → their records, and the numbers of the verify stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agentprop.boundary import CODES, Tolerance
from agentprop.records import PipedProblem, Record, Reject
from agentprop.stages.common.failures import is_unexpected, tolerance_of
from agentprop.stages.common.local_judge import JudgedProblem


@dataclass
class VerifyTotals:
    """Totals over the problems judged in all sessions."""

    max_failures: float
    """Share of the problems that may fail unexpectedly."""
    counts: Counter[str] = field(default_factory=Counter)
    last_failure: str = ""
    """Message of the last unexpected failure of this session."""

    def add(self, judged: JudgedProblem) -> None:
        """Count a problem."""
        verdict = judged.verdict
        self.counts["problems"] += 1
        self.counts[verdict.value] += 1
        self.counts[f"reason {verdict.value}: {verdict.code}"] += 1
        self.counts[f"evidence {verdict.evidence}"] += verdict.value == "valid"
        self.counts["attempts"] += len(judged.attempts)
        self.counts["reused"] += judged.reused
        self.counts["failed attempts"] += sum(attempt.code in CODES for attempt in judged.attempts)
        self.counts["audited"] += any(attempt.role == "auditor" for attempt in judged.attempts)
        if verdict.value == "undetermined" and is_unexpected(verdict.code):
            self.last_failure = verdict.message

    def tolerance(self, total: int | None) -> Tolerance:
        """How many problems failed unexpectedly."""
        reasons, problems = _under(self.counts, "reason undetermined: "), self.counts["problems"]
        return tolerance_of(self.max_failures, reasons, problems, total=total, last=self.last_failure)

    def summary(self) -> dict[str, Any]:
        """The numbers that the command prints; in = valid (accepted) + invalid (rejected) + undetermined (failed)."""
        c = self.counts
        if c["problems"] != c["valid"] + c["invalid"] + c["undetermined"]:
            raise AssertionError(f"problems are not accounted for: {dict(c)}")
        totals = {name: c[name] for name in ("problems", "valid", "invalid", "undetermined")}
        return {**totals, "reasons": _under(c, "reason "), "evidence": _under(c, "evidence ")}


def _under(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    """The counts with a prefix, by their names without it."""
    return {k.removeprefix(prefix): v for k, v in sorted(counts.items()) if k.startswith(prefix) and v}


def records_of(judged: JudgedProblem) -> list[Record]:
    """The verdict, the attempts, the problem if it came through a pipe, and a reject if it is not valid."""
    verdict, item = judged.verdict, judged.item
    kept: list[Record] = [verdict, *judged.attempts]
    if item.from_pipe:
        kept += [item.problem] if item.trajectory is None else [item.problem, item.trajectory]
    if verdict.value != "valid":
        outcome: Literal["rejected", "failed"] = "rejected" if verdict.value == "invalid" else "failed"
        kept.append(
            Reject(
                stage="verify",
                item=item.problem.id,
                outcome=outcome,
                code=verdict.code,
                message=judged.failure.told if judged.failure and verdict.code in CODES else verdict.message,
                record=item.problem.model_dump_json(),
            )
        )
    return kept


def passed_on(judged: JudgedProblem) -> PipedProblem | None:
    """The row for the next pipe: a valid problem, or None."""
    return judged.item.piped() if judged.verdict.value == "valid" else None
