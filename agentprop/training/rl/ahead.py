"""Steps in order, and how far sampling may run ahead of them → roll-outs that are under way while the trainer learns.

    max_staleness 0      roll out 0, learn 0, roll out 1, learn 1, …
    max_staleness 1      roll out 0 and 1, learn 0 while 1 goes on, roll out 2, learn 1 while 2 goes on, …

The bound is kept by pacing: a step is rolled out at the earliest when the weights are at most so many steps older than
those that will learn from it. Nothing is dropped for being old, so slow episodes are not selected against; those that
wait longest are the ones with most to say about hard problems. Steps are consumed in order, each once. (Pacing is
tinker's, bounds of this kind are AReaL's and others'; by whole steps is ours.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Rollouts = TypeVar("Rollouts")


@dataclass
class Ahead(Generic[Rollouts]):
    """Roll-outs that are under way or wait to be learnt from."""

    roll_out: Callable[[int], Coroutine[Any, Any, Rollouts]]
    """Roll out a step, with the weights and the state of the moment."""
    staleness: int
    """Most steps between the weights that begin a roll-out and those that learn from it."""
    steps: int
    """Steps of the run: none is begun beyond them."""
    _begun: dict[int, asyncio.Task[Rollouts]] = field(default_factory=dict)

    def begin(self, step: int) -> None:
        """Begin what may begin while `step` is the next one to learn from."""
        for number in range(step, min(step + self.staleness + 1, self.steps)):
            if number not in self._begun:
                self._begun[number] = asyncio.ensure_future(self.roll_out(number))

    async def take(self, step: int) -> Rollouts:
        """Return the roll-outs of a step, once; its error if it failed."""
        self.begin(step)
        return await self._begun.pop(step)

    async def aclose(self) -> None:
        """Cancel what is under way."""
        tasks = list(self._begun.values())
        self._begun.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
