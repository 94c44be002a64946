"""Candidates, in the order of their indices → what is accepted, and the numbers and the mastery that follow from it.

Nothing here depends on who made the candidates or when they came. Memory: two digests of eight bytes per accepted
problem, and the standings of one window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from agentprop.agent.candidates import Candidate, Curriculum, MasteryState
from agentprop.boundary import Tolerance, contained
from agentprop.config import ProposeConfig
from agentprop.records import Record, Reject, Trajectory, content_id
from agentprop.stages.common.failures import is_unexpected, tolerance_of
from agentprop.stages.propose.benchmarks import Benchmarks

BATCH = 96
"""Candidates advanced together: large enough that their modules are compiled once for many, small enough to lose."""
WINDOW = 16
"""Batches in flight, so the most workers that can help; fixed, because mastery lags behind by exactly so many."""


@dataclass
class Ledger:
    """What the commits so far amount to. All of it can be had again from the stored state and shards."""

    config: ProposeConfig
    curriculum: Curriculum
    benchmarks: Benchmarks | None = None
    window: int = WINDOW
    """Batches by which the standing lags behind; a run keeps the one that it began with."""
    next: int = 0
    accepted: int = 0
    mined: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, list[int]] = field(default_factory=dict)
    snapshots: list[MasteryState] = field(default_factory=list)
    statements: set[bytes] = field(default_factory=set)
    templates: Counter[bytes] = field(default_factory=Counter)
    last_failure: str = ""
    """Message of the last unexpected failure of this session."""

    def state(self) -> dict[str, Any]:
        """What resuming needs, beside the stored problems."""
        return {
            "next": self.next,
            "window": self.window,
            "counts": dict(self.counts),
            "mined": self.mined,
            "tallies": self.tallies,
            "snapshots": [[s.mastery, s.novelty] for s in self.snapshots],
        }

    def restore(self, state: Mapping[str, Any], stored: Iterator[tuple[str, str]]) -> None:
        """Go on from a committed state."""
        for statement, template in stored:
            self.remember(statement, template)
        self.next, self.mined, self.window = int(state["next"]), int(state["mined"]), int(state["window"])
        self.counts = Counter(state["counts"])
        self.tallies = dict(state["tallies"])
        self.snapshots = [MasteryState(mastery, novelty) for mastery, novelty in state["snapshots"]]

    def remember(self, statement: str, template: str) -> None:
        """Count a problem as accepted."""
        self.accepted += 1
        self.statements.add(_digest(statement))
        self.templates[bytes.fromhex(template[:16])] += 1

    def standing(self, batch: int) -> MasteryState:
        """The standing that a batch is drawn with: as it was a window earlier."""
        first = self.next // BATCH - len(self.snapshots)
        position = batch - self.window - first
        return self.snapshots[position] if 0 <= position < len(self.snapshots) else self.curriculum.start()

    def close_batch(self) -> None:
        """Update the standing after a whole batch."""
        self.snapshots = [*self.snapshots, self.curriculum.updated(self.latest, self.tallies)][-self.window :]
        self.tallies = {}

    @property
    def latest(self) -> MasteryState:
        """The standing after the last whole batch."""
        return self.snapshots[-1] if self.snapshots else self.curriculum.start()

    def refusal(self, found: Candidate) -> tuple[str, str] | None:
        """Why a candidate does not count: (code, message), or None."""
        if found.failure is not None:
            return found.failure.code, found.failure.told
        if found.trajectory is None:
            return "no_plan", "no composition of this category was found"
        if found.problem is None:
            return found.trajectory.stop.value, "the trajectory ended without an accepted submission"
        if found.verdict is not None and found.verdict.value != "valid":
            return f"{found.verdict.value}:{found.verdict.code}", found.verdict.message
        if _digest(found.problem.statement) in self.statements:
            return "duplicate", "the same statement was accepted before"
        if self.templates[bytes.fromhex(found.problem.template[:16])] >= self.config.max_template_repeats:
            return "template_repeats", "too many accepted problems differ from it in numbers alone"
        if found.mined and self.mined + 1 > self.curriculum.mined_share * (self.accepted + 1):
            return "mined_share", "the share of mined problems would be too large"
        return self.benchmarks.refusal(found.problem.statement) if self.benchmarks is not None else None

    def commit(self, found: Candidate) -> list[Record]:
        """Decide one candidate; the records to keep."""
        self.next = found.index + 1
        self.counts["candidates"] += 1
        refused = contained(partial(self.refusal, found), lambda failure: (failure.code, failure.told))
        if found.failure is None:
            tally = self.tallies.setdefault(found.category, [0, 0, 0])
            self.tallies[found.category] = [tally[0] + 1, tally[1] + found.success, tally[2] + (refused is None)]
        if found.trajectory is not None:
            self._tally(found.trajectory)
        kept: list[Record] = [r for r in (found.trajectory, found.attempt, found.verdict) if r is not None]
        if refused is None:
            assert found.problem is not None  # refusal() made sure
            self.remember(found.problem.statement, found.problem.template)
            self.mined += found.mined
            self.counts["accepted"] += 1
            return [found.problem, *kept]
        code, message = refused
        unexpected = is_unexpected(code)
        self.last_failure = message if unexpected else self.last_failure
        failed = unexpected or code == "infrastructure" or code.startswith("undetermined")
        outcome: Literal["rejected", "failed"] = "failed" if failed else "rejected"
        self.counts[outcome] += 1
        self.counts[f"{outcome}: {code}"] += 1
        record = found.problem.model_dump_json() if found.problem is not None else None
        item = str(found.index)
        return [Reject(stage="propose", item=item, outcome=outcome, code=code, message=message, record=record), *kept]

    def _tally(self, trajectory: Trajectory) -> None:
        self.counts["turns"] += len(trajectory.turns)
        self.counts["pruned"] += trajectory.pruned > 0
        self.counts["replaced"] += trajectory.replaced > 0
        self.counts["repaired"] += any(t.action == "exec" and t.outcome != "ok" for t in trajectory.turns)

    @property
    def tolerance(self) -> Tolerance:
        """How many candidates failed unexpectedly, of those so far or at least to come."""
        reasons = {name.removeprefix("failed: "): n for name, n in self.counts.items() if name.startswith("failed: ")}
        share, candidates = self.config.max_failures, self.counts["candidates"]
        return tolerance_of(share, reasons, candidates, total=self.config.n, last=self.last_failure)

    def summary(self) -> dict[str, Any]:
        """The numbers the command prints; in = accepted + rejected + failed."""
        c = self.counts
        if c["candidates"] != c["accepted"] + c["rejected"] + c["failed"]:
            raise AssertionError(f"candidates are not accounted for: {dict(c)}")
        reasons = {k.split(": ", 1)[1]: v for k, v in sorted(c.items()) if ": " in k}
        return {
            "candidates": c["candidates"],
            "accepted": c["accepted"],
            "rejected": c["rejected"],
            "failed": c["failed"],
            "reasons": reasons,
            "pruned_trajectories": c["pruned"],
            "replaced_trajectories": c["replaced"],
            "repaired_trajectories": c["repaired"],
            "turns": c["turns"],
            "templates": len(self.templates),
            "largest_template": max(self.templates.values(), default=0),
            "mined": self.mined,
            "mastery": {category: round(m, 3) for category, m in self.latest.mastery.items()},
        }


def _digest(statement: str) -> bytes:
    return bytes.fromhex(content_id(statement)[:16])
