"""A rollout batch and its silent groups → further tasks that take their places (DAPO's dynamic sampling).

A group whose attempts all earn the same teaches nothing, and a batch of few groups that teach has a noisy gradient. So
new tasks take the places of silent groups, in rounds, until none is left or the step has had its `extra` groups:

    round 1   tasks 8 9 10 11     of step 2 with four groups; 9 and 10 are silent
    round 2   tasks b b+1         take the places 1 and 2; b is the first number of the step's further tasks

DAPO (arXiv 2503.14476) samples until the batch is full; the bound and the rounds are ours. All groups of a round are
judged before the next one starts, so that which task takes which place does not depend on who ended first, nor on the
number of processes. A task's number follows from the step and its order among the further tasks of that step, so a run
that continues from a checkpoint meets the same tasks. Silent groups count for the curriculum as all others do: without
them it would take what is too hard, and what is mastered, for what is half mastered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

FURTHER = 1 << 40
"""First number of the tasks that take the places of others; numbers of the usual ones are below."""


class Place(NamedTuple):
    """A task in a step."""

    number: int
    """Number of the task, unique over the run."""
    order: int
    """Its number in the step, from 0."""
    slot: int
    """Place of its group in the rollout batch: that of the silent group before it, if there was one."""


@dataclass(frozen=True)
class Places:
    """Tasks of a step so far."""

    step: int
    """Number of the step."""
    groups: int
    """Groups of the rollout batch."""
    extra: int = 0
    """Most further tasks in a step."""
    used: int = 0
    """Further tasks so far."""

    def first(self) -> list[Place]:
        """Return the tasks that every step has.

        >>> [place.number for place in Places(step=2, groups=4).first()]
        [8, 9, 10, 11]
        """
        return [Place(self.step * self.groups + slot, slot, slot) for slot in range(self.groups)]

    def more(self, silent: Sequence[int]) -> tuple[Self, list[Place]]:
        """Return the state after the next round, and its tasks, which take these places, the lowest ones first.

        >>> places, tasks = Places(step=2, groups=4, extra=3).more([1, 2])
        >>> [(place.number - FURTHER, place.order, place.slot) for place in tasks]
        [(6, 4, 1), (7, 5, 2)]
        >>> [(place.number - FURTHER, place.order, place.slot) for place in places.more([1, 2])[1]]
        [(8, 6, 1)]
        """
        taken = sorted(silent)[: self.extra - self.used]
        base = FURTHER + self.step * self.extra
        tasks = [Place(base + order, self.groups + order, slot) for order, slot in enumerate(taken, start=self.used)]
        return type(self)(self.step, self.groups, self.extra, self.used + len(tasks)), tasks


def extra_groups(refill: float, groups: int) -> int:
    """Return the most further groups of a step, from the setting `refill`.

    >>> extra_groups(0.5, 8), extra_groups(0.0, 8)
    (4, 0)
    """
    return int(refill * groups)
