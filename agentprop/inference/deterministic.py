"""Sampling in the event loop and code beside it, so that a rollout is the same to the last bit however fast they are.

The rounding of a logit depends on the rows it is computed with, so who is decoded together must not depend on a clock.
Passes run in the loop, one per turn of it, and the result of a piece of code is handed over when a sandbox that is
counted in passes would have it: the real one works while the model samples, and nobody can tell whether it was quick.
Only code that takes longer than that holds the sampling up.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from transformers import PreTrainedTokenizerBase

from agentprop.inference.chat import InProcessChat
from agentprop.inference.engine import WantedReply
from agentprop.sandbox import Job as Code
from agentprop.sandbox import Result
from agentprop.sandbox.executor import Executor

PLACES = 2
"""Pieces of code that the counted sandbox runs at once; fixed, so that a run is the same on every machine."""
PASSES = 4
"""Passes that it takes for each: about what a small program takes beside a small model."""
THREADS = 16
"""Programs that are waited for at once; how many run is the sandbox's business."""


class DeterministicChat(InProcessChat):
    """As its base class, with passes in the event loop; equal calls in equal order give equal replies, bit by bit."""

    def __init__(
        self, model: nn.Module, tokenizer: PreTrainedTokenizerBase, *, forgetful: bool = False, **options: Any
    ) -> None:
        """`forgetful`: begin anew whenever nothing is under way, for questions that share nothing with earlier ones."""
        super().__init__(model, tokenizer, **options)
        self._forgetful = forgetful
        self.passes = 0
        """Passes so far."""
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._pump: asyncio.Task[None] | None = None

    def renew(self, name: str) -> None:
        """The weights have changed: begin as if nothing had ever been sampled, which is what a resumed run does."""
        self.generator.forget()
        self.identity = name

    async def _work(self, jobs: Sequence[WantedReply]) -> None:
        loop = asyncio.get_running_loop()
        if self._forgetful and not self._waiting:
            self.renew(self.identity)
        for job in jobs:
            self._waiting[id(job)] = loop.create_future()
            self.generator.add(job)
        done = [self._waiting[id(job)] for job in jobs]
        if self._pump is None or self._pump.done():
            self._pump = loop.create_task(self._advance())
        await asyncio.gather(*done)

    async def _advance(self) -> None:
        """One pass, then everybody else's turn, until nothing is left."""
        try:
            while self.generator.busy:
                self.passes += 1
                for job in self.generator.step():
                    future = self._waiting.pop(id(job))
                    if not future.done():
                        future.set_result(None)
                await asyncio.sleep(0)
        except Exception as error:
            self.generator.abandon()
            waiting, self._waiting = self._waiting, {}
            for future in waiting.values():
                future.set_exception(error)


@dataclass
class Delayed(Executor):
    """Runs each piece of code in a process of its own, and gives its result when it is due, not when it is there."""

    model: DeterministicChat | None = None
    """Whose passes are counted."""
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "agentprop-code"))
    free: list[int] = field(default_factory=lambda: [0] * PLACES)
    """A heap of the passes at which a place of the counted sandbox is free."""

    async def run(self, job: Code) -> Result:
        """The result of one job; it is due at once while nobody samples."""
        assert self.model is not None
        found = self.threads.submit(self.sandbox.run_job, job)
        due = max(self.free[0], self.model.passes) + PASSES
        heapq.heapreplace(self.free, due)
        await asyncio.sleep(0)  # whoever is ready hands its code over before anybody waits
        while self.model.generator.busy and self.model.passes < due:
            await asyncio.sleep(0)
        return found.result()
