"""Probed problems → the records and numbers of the probe stage; stored attempts count like new ones.

Nothing is added up over sessions: every session goes through all problems, in order, so its numbers are those of the
run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from agentprop.boundary import INTERNAL, RecordFailure, Tolerance
from agentprop.composition.calibration import Observed
from agentprop.config import ProbeConfig
from agentprop.grading.difficulty import AttemptCounts, Band, pass_at
from agentprop.grading.measured import measured
from agentprop.grading.probers import Prober
from agentprop.records import Attempt, Difficulty, Reject
from agentprop.stages.common.failures import is_unexpected
from agentprop.stages.common.intake import ProblemItem

Decision = Literal["accepted", "rejected", "failed"]


@dataclass(frozen=True)
class ProbedProblem:
    """A problem with its attempts."""

    item: ProblemItem
    """The problem."""
    number: int
    """Number of the problem in the run, from 0."""
    prober: int
    """Index of its prober in the pool."""
    tally: AttemptCounts
    """Counts of all attempts of this prober, earlier ones included."""
    attempts: tuple[Attempt, ...] = ()
    """New attempts."""
    failure: str | None = None
    """Why the attempts that are owed could not be made; they stay owed."""
    unexpected: RecordFailure | None = None
    """What failed unexpectedly where none of them could be; they stay owed too."""


def decide(probed: ProbedProblem, band: Band | None) -> tuple[Decision, str, str]:
    """Decide a problem: (accepted, rejected or failed; reason code; message)."""
    tally = probed.tally
    if probed.unexpected is not None:
        return "failed", probed.unexpected.code, probed.unexpected.told
    if probed.failure is not None:
        return "failed", "infrastructure", probed.failure
    if tally.rate is None:
        lost = f"{tally.truncated} truncated, {tally.timeouts} timed out, {tally.undetermined} undetermined"
        lost += f", {tally.internal} not graded for a defect of agentprop" if tally.internal else ""
        return "failed", "unmeasured", f"none of {tally.made} attempts counts: {lost}"
    if band is not None and not band.holds(tally.correct, tally.counted):
        code = "too_easy" if tally.rate > band.high else "too_hard"
        return "rejected", code, f"{tally.correct} of {tally.counted} attempts are right"
    return "accepted", "", ""


def difficulty(probed: ProbedProblem, prober: Prober) -> Difficulty | None:
    """The record of ρ; None if no attempt counts, or some are still missing."""
    if probed.failure is not None or probed.unexpected is not None:
        return None
    return measured(probed.item.problem, probed.tally, prober)


def reject(probed: ProbedProblem, band: Band | None) -> Reject | None:
    """The reject record of a problem that is not accepted."""
    outcome, code, message = decide(probed, band)
    if outcome == "accepted":
        return None
    problem = probed.item.problem
    return Reject(
        stage="probe", item=problem.id, outcome=outcome, code=code, message=message, record=problem.model_dump_json()
    )


@dataclass
class ProbeTotals:
    """Totals over the problems so far."""

    config: ProbeConfig
    probers: Sequence[Prober]
    counts: Counter[str] = field(default_factory=Counter)
    solved: dict[int, list[float]] = field(default_factory=dict)
    """k → sum of pass@k, and number of problems with at least k attempts."""
    by_prober: dict[str, list[float]] = field(default_factory=dict)
    """Prober → problems measured, sum of ρ, never solved, always solved."""
    last_failure: str = ""
    """Message of the last unexpected failure."""
    observed: list[Observed] = field(default_factory=list)
    """Features and outcomes of the problems measured, if they are to be calibrated by."""

    def add(self, probed: ProbedProblem) -> None:
        """Count a problem."""
        tally = probed.tally
        outcome, code, message = decide(probed, Band.of(self.config.band))
        self.counts.update({"problems": 1, outcome: 1, **({f"reason {code}": 1} if code else {})})
        for name in ("correct", "wrong", "truncated", "timeouts", "undetermined"):
            self.counts[f"attempts {name}"] += getattr(tally, name)
        self.counts.update({"attempts internal": tally.internal} if tally.internal else {})
        failures = [message] if is_unexpected(code) else [a.rationale for a in probed.attempts if a.code == INTERNAL]
        self.last_failure = failures[-1] if failures else self.last_failure
        if tally.rate is None:
            return
        self.counts["measured"] += 1
        declared = probed.item.problem.difficulty
        if self.config.calibrate and declared is not None:
            self.observed.append(Observed(declared.features, tally.correct, tally.counted))
        row = self.by_prober.setdefault(self.probers[probed.prober].name, [0, 0.0, 0, 0])
        gained = (1, tally.rate, tally.correct == 0, tally.correct == tally.counted)
        self.by_prober[self.probers[probed.prober].name] = [a + b for a, b in zip(row, gained, strict=True)]
        for k in _powers_of_two(self.config.k):
            if k <= tally.counted:
                total, count = self.solved.get(k, [0.0, 0])
                self.solved[k] = [total + pass_at(k, correct=tally.correct, attempts=tally.counted), count + 1]

    @property
    def mean(self) -> float:
        """Mean ρ so far."""
        return sum(row[1] for row in self.by_prober.values()) / max(1, self.counts["measured"])

    def tolerance(self, problems: int | None) -> Tolerance:
        """How many attempts failed unexpectedly; a problem that failed as a whole counts as one of them."""
        c = self.counts
        whole = sum(n for name, n in c.items() if name.startswith("reason ") and is_unexpected(name[7:]))
        attempts = whole + sum(n for name, n in c.items() if name.startswith("attempts "))
        total = problems * self.config.k if problems is not None else None
        return Tolerance(self.config.max_failures, total, attempts, whole + c["attempts internal"], self.last_failure)

    def summary(self) -> dict[str, Any]:
        """The numbers that the command prints; in = accepted + rejected + failed."""
        c = self.counts
        if c["problems"] != c["accepted"] + c["rejected"] + c["failed"]:
            raise AssertionError(f"problems are not accounted for: {dict(c)}")
        return {
            **{name: c[name] for name in ("problems", "accepted", "rejected", "failed")},
            "reasons": {k.removeprefix("reason "): v for k, v in sorted(c.items()) if k.startswith("reason ")},
            "k": self.config.k,
            "band": self.config.band,
            "attempts": {k.removeprefix("attempts "): v for k, v in c.items() if k.startswith("attempts ")},
            "probers": {name: _described(row) for name, row in self.by_prober.items()},
            "pass_at": {str(k): total / count for k, (total, count) in sorted(self.solved.items())},
        }


def _described(row: Sequence[float]) -> dict[str, float]:
    measured, total, never, always = row
    return {"problems": int(measured), "pass_rate": total / measured, "never": int(never), "always": int(always)}


def _powers_of_two(most: int) -> list[int]:
    """List 1, 2, 4, … and `most` itself."""
    return sorted({most, *(2**i for i in range(most.bit_length()) if 2**i <= most)})
