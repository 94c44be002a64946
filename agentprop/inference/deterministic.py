"""Sampling and code execution in a fixed order, so that rollouts are bitwise reproducible whatever the timing.

The rounding of a logit depends on the other rows of its batch, so which replies are decoded together must not depend on
a clock. Forward passes run in the event loop, one per iteration. The sandbox works in parallel, but the result of a
piece of code is delivered after a fixed number of passes, however soon it was ready. Only code that takes longer than
those passes delays the sampling.
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
"""Pieces of code that the simulated schedule runs at once; fixed, so that a run is the same on every machine."""
PASSES = 4
"""Passes that it allows for each piece: about as long as a small program takes beside a small model."""
THREADS = 16
"""Programs that may be waited for at once; the sandbox decides how many run."""


class DeterministicChat(InProcessChat):
    """In-process chat model with passes in the event loop: equal calls in equal order give bitwise equal replies."""

    order_matters = True
    """What is decoded together moves the last bits of the log-probs."""

    def __init__(
        self, model: nn.Module, tokenizer: PreTrainedTokenizerBase, *, fresh_when_idle: bool = False, **options: Any
    ) -> None:
        """Open the model; with `fresh_when_idle` it discards its cache whenever nothing is under way."""
        super().__init__(model, tokenizer, **options)
        self._fresh_when_idle = fresh_when_idle
        self.passes = 0
        """Number of forward passes so far."""
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._driver: asyncio.Task[None] | None = None

    def reset(self, name: str) -> None:
        """Discard all computed state after a change of weights, as if nothing had been sampled, like a resumed run."""
        self.generator.forget()
        self.identity = name

    async def _run_jobs(self, jobs: Sequence[WantedReply]) -> None:
        loop = asyncio.get_running_loop()
        if self._fresh_when_idle and not self._waiting:
            self.reset(self.identity)
        for job in jobs:
            self._waiting[id(job)] = loop.create_future()
            self.generator.add(job)
        done = [self._waiting[id(job)] for job in jobs]
        if self._driver is None or self._driver.done():
            self._driver = loop.create_task(self._advance())
        await asyncio.gather(*done)

    async def _advance(self) -> None:
        """Run one pass per iteration of the event loop until no reply is under way."""
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
class DelayedExecutor(Executor):
    """Executor that runs code, one process per piece, and delivers each result after a fixed number of passes."""

    model: DeterministicChat | None = None
    """Model whose passes are counted."""
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "agentprop-code"))
    free: list[int] = field(default_factory=lambda: [0] * PLACES)
    """Heap of the pass numbers at which each place of the simulated schedule becomes free."""

    async def run(self, job: Code) -> Result:
        """Run one job and return its result when it is due, or as soon as it is ready if no reply is under way."""
        assert self.model is not None
        found = self.threads.submit(self.sandbox.run_job, job)
        due = max(self.free[0], self.model.passes) + PASSES
        heapq.heapreplace(self.free, due)
        await asyncio.sleep(0)  # let all conversations that are ready submit their code before one of them waits
        while self.model.generator.busy and self.model.passes < due:
            await asyncio.sleep(0)
        return found.result()
