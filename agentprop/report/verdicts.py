"""Problem and verdict rows → how every problem stands, in a few bytes each.

A problem without a verdict is accepted and unverified; of several verdicts the last one read counts, so runs are read
in the order of the stages.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from agentprop.report.text import LABEL, clip

UNVERIFIED = ("unverified", "")


class Standings:
    """The problems there are, and the verdict of each."""

    def __init__(self) -> None:
        self._trajectories: dict[int, int] = {}
        self._verdicts: dict[int, int] = {}
        self._kinds: dict[tuple[str, str, str], int] = {}
        self._by_position: list[tuple[str, str, str]] = []

    def add_problem(self, row: Mapping[str, Any]) -> bool:
        """Note a problem (`id`, `trajectory_id`); False where it was there before."""
        number = number_of(row["id"])
        if number in self._trajectories:
            return False
        self._trajectories[number] = number_of(row["trajectory_id"]) if row["trajectory_id"] else -1
        return True

    def add_verdict(self, row: Mapping[str, Any]) -> None:
        """Note a verdict (`problem_id`, `value`, `code`, `evidence`)."""
        kind = (str(row["value"]), clip(row["code"], LABEL) or "", str(row["evidence"]))
        position = self._kinds.setdefault(kind, len(self._kinds))
        if position == len(self._by_position):
            self._by_position.append(kind)
        self._verdicts[number_of(row["problem_id"])] = position

    def knows(self, problem_id: str) -> bool:
        """Whether the problem is in one of the runs."""
        return number_of(problem_id) in self._trajectories

    def of(self, problem_id: str) -> tuple[str, str]:
        """The verdict of a problem as (value, code)."""
        return self._of(number_of(problem_id))

    def _of(self, number: int) -> tuple[str, str]:
        position = self._verdicts.get(number)
        return UNVERIFIED if position is None else self._by_position[position][:2]

    @property
    def problems(self) -> int:
        """Distinct problems."""
        return len(self._trajectories)

    def counts(self) -> dict[str, int]:
        """Problems by verdict, `unverified` among them."""
        return dict(Counter(self._of(number)[0] for number in self._trajectories))

    def evidence(self) -> dict[str, int]:
        """Valid problems by what their verdict rests on."""
        positions = (self._verdicts.get(number) for number in self._trajectories)
        kinds = (self._by_position[position] for position in positions if position is not None)
        return dict(Counter(evidence for value, _, evidence in kinds if value == "valid"))

    def good(self) -> Iterator[int]:
        """The problems that are valid, or were accepted and never judged."""
        return (number for number in self._trajectories if self._of(number)[0] in ("valid", "unverified"))

    def good_trajectories(self) -> frozenset[int]:
        """The trajectories they come from."""
        return frozenset(self._trajectories[number] for number in self.good()) - {-1}


def number_of(record_id: str) -> int:
    """A record's id as 64 bits: a third of the memory of its text, and no realistic collision below 10^8 problems."""
    return int.from_bytes(hashlib.blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())
