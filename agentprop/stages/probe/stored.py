"""The records of a probe run → the new records of a probed problem."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentprop.grading.difficulty import AttemptCounts, Band
from agentprop.grading.prober_pool import PoolState
from agentprop.grading.probers import Prober
from agentprop.records import Attempt, PipedProblem, Problem, Record, Reject
from agentprop.stages.common.failures import rejected_attempts
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.probe.results import ProbedProblem, decide, difficulty, reject
from agentprop.storage.run import Run


@dataclass
class StoredProbes:
    """Attempts, problems and rejects of earlier sessions; empty for a pipe."""

    tallies: dict[tuple[str, str], AttemptCounts] = field(default_factory=dict)
    """(problem, prober) → counts of the stored attempts."""
    pool: PoolState = field(default_factory=PoolState)
    """State of the pool."""
    problems: set[str] = field(default_factory=set)
    """Ids of the problems that are stored."""
    refused: set[str] = field(default_factory=set)
    """Ids of the rejects that are stored."""

    @classmethod
    def of(cls, run: Run) -> StoredProbes:
        """Read the records of a run directory."""
        tallies: dict[tuple[str, str], AttemptCounts] = {}
        for row in run.iter_rows(Attempt, ["problem_id", "verifier", "code"]):
            key = (row["problem_id"], row["verifier"])
            tallies[key] = tallies.get(key, AttemptCounts()).plus([row["code"]])
        return cls(tallies, PoolState.restored(run.state.get("pool")), run.done_ids(Problem), run.done_ids(Reject))

    def new(self, probed: ProbedProblem, prober: Prober, band: Band | None) -> list[Record]:
        """The records of a problem that are not stored yet; they count as stored from now on."""
        new: list[Record] = [*self._piped(probed.item), *probed.attempts, *rejected_attempts("probe", probed.attempts)]
        refused = reject(probed, band)
        if refused is not None and refused.id not in self.refused:
            self.refused.add(refused.id)
            new.append(refused)
        measured = difficulty(probed, prober) if probed.attempts else None
        return new if measured is None else [*new, measured]

    def _piped(self, item: ProblemItem) -> list[Record]:
        """Records that came through a pipe; storing them makes the run readable by itself."""
        if not item.from_pipe or item.problem.id in self.problems:
            return []
        self.problems.add(item.problem.id)
        return [item.problem] if item.trajectory is None else [item.problem, item.trajectory]


def passed_on(probed: ProbedProblem, band: Band | None) -> PipedProblem | None:
    """The row for the next pipe: an accepted problem, or None."""
    return probed.item.piped() if decide(probed, band)[0] == "accepted" else None
