"""Problem and verdict rows → the latest verdict of every problem, in a few bytes each.

A problem without a verdict is accepted and unverified; of several verdicts the last one read counts, so runs are read
in the order of the stages.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentprop.report.index import Column, ProblemIndex, number_of
from agentprop.report.text import LABEL, clip

UNVERIFIED = ("unverified", "")
_ABSENT, _ORPHAN = 0, 1
"""Values in place of a trajectory: the problem is in none of the runs; it has no trajectory."""


class VerdictTable:
    """The problems of all runs, and the verdict of each."""

    def __init__(self, index: ProblemIndex) -> None:
        self._index = index
        self._trajectories = Column("Q", _ABSENT)
        self._verdicts = Column("i", -1)
        self._kinds: dict[tuple[str, str, str], int] = {}

    def add_problem(self, row: Mapping[str, Any]) -> bool:
        """Add a problem (`id`, `trajectory_id`); False if it was there before."""
        position = self._index.add(row["id"])
        if self._trajectories[position] != _ABSENT:
            return False
        self._trajectories[position] = number_of(row["trajectory_id"]) if row["trajectory_id"] else _ORPHAN
        return True

    def add_verdict(self, row: Mapping[str, Any]) -> None:
        """Add a verdict (`problem_id`, `value`, `code`, `evidence`)."""
        kind = (str(row["value"]), clip(row["code"], LABEL) or "", str(row["evidence"]))
        self._verdicts[self._index.add(row["problem_id"])] = self._kinds.setdefault(kind, len(self._kinds))

    def has(self, problem_id: str) -> bool:
        """True if the problem is in one of the runs."""
        return self._trajectories[self._index.find(problem_id)] != _ABSENT

    def of(self, problem_id: str) -> tuple[str, str]:
        """Verdict of a problem as (value, code)."""
        kind = self._verdicts[self._index.find(problem_id)]
        return UNVERIFIED if kind < 0 else list(self._kinds)[kind][:2]

    def _problems(self) -> Iterator[tuple[int, int]]:
        """Yield (trajectory, verdict) of every problem."""
        for position, trajectory in enumerate(self._trajectories):
            if trajectory != _ABSENT:
                yield trajectory, self._verdicts[position]

    def counts(self) -> dict[str, int]:
        """Number of problems by verdict, `unverified` among them."""
        return self._count(0)

    def evidence(self) -> dict[str, int]:
        """Number of valid problems by the evidence of their verdict."""
        return self._count(2, only="valid")

    def _count(self, part: int, only: str | None = None) -> dict[str, int]:
        """Number of problems by one part of their verdict."""
        kinds = [*self._kinds, ("unverified", "", "")]
        found: Counter[str] = Counter()
        for kind, times in Counter(verdict for _, verdict in self._problems()).items():
            if only in (None, kinds[kind][0]):
                found[kinds[kind][part]] += times
        return dict(found)

    def good_trajectories(self) -> Trajectories:
        """Trajectories of the problems that are valid, or were accepted and never judged."""
        good = {-1, *(n for n, kind in enumerate(self._kinds) if kind[0] == "valid")}
        return Trajectories([trajectory for trajectory, verdict in self._problems() if verdict in good])


class Trajectories:
    """A set of trajectory ids, in eight bytes each."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = array("Q", sorted(numbers))

    def __contains__(self, trajectory_id: str) -> bool:
        number = number_of(trajectory_id)
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number

    def __len__(self) -> int:
        return len(self._numbers)
