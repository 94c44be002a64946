"""Earlier verify runs → their attempts at a problem, so that no answered question is asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from agentprop.errors import RunError
from agentprop.records import Attempt
from agentprop.storage.run import StoredRun, open_run

Key = tuple[str, str, int]
"""(role, MODEL, number of that model's vote)."""
KEPT_SEGMENTS = 8
"""Segments held in memory: runs over the same problems need them in the same order."""


class StoredAttempts:
    """Attempts by problem; of several for one vote the last counts."""

    def __init__(self, runs: Sequence[StoredRun]) -> None:
        self._segments = [(run, segment) for run in runs for segment in run.segments]
        self._places: dict[str, list[int]] = {}
        for place in range(len(self._segments)):
            for problem_id in {attempt.problem_id for attempt in self._read(place)}:
                self._places.setdefault(problem_id, []).append(place)
        self._kept: Callable[[int], list[Attempt]] = lru_cache(KEPT_SEGMENTS)(self._read)

    @classmethod
    def open(cls, paths: Sequence[str]) -> StoredAttempts:
        """Open the attempts of verify runs. Raises RunError for a run of another stage."""
        runs = [open_run(path) for path in paths]
        for run in runs:
            if run.stage != "verify":
                raise RunError(
                    f"{run.name} is a run of {run.stage}, so it has no attempts of verifiers",
                    hint="name an earlier verify run with --reuse",
                )
        return cls(runs)

    def of(self, problem_id: str) -> dict[Key, Attempt]:
        """Vote → attempt at a problem."""
        found = (attempt for place in self._places.get(problem_id, ()) for attempt in self._kept(place))
        return {(a.role, a.verifier, a.number): a for a in found if a.problem_id == problem_id}

    def _read(self, place: int) -> list[Attempt]:
        run, segment = self._segments[place]
        return list(run.iter(Attempt, segment))
