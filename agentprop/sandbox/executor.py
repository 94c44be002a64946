"""Requests to run code from many concurrent rollouts → few forks of the sandbox.

Rollouts of one run that only execute the run's own packages belong to one trust domain, so jobs that wait at the same
time share one child. Code written by a language model must not share a child: use `shared=False`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from agentprop.sandbox.pool import Sandbox
from agentprop.sandbox.records import Job, Result


@dataclass
class Executor:
    """Runner of jobs; with `shared`, the jobs of one iteration of the event loop run together, in order."""

    sandbox: Sandbox
    shared: bool = True
    waiting: list[tuple[Job, asyncio.Future[Result]]] = field(default_factory=list)

    async def run(self, job: Job) -> Result:
        """Run one job and return its result."""
        if not self.shared:
            return await asyncio.to_thread(self.sandbox.run_job, job)
        loop = asyncio.get_running_loop()
        if not self.waiting:
            # Every rollout that is ready runs before this callback, so the batch is as large as it can be.
            loop.call_soon(self._flush)
        future: asyncio.Future[Result] = loop.create_future()
        self.waiting.append((job, future))
        return await future

    def _flush(self) -> None:
        batch, self.waiting = self.waiting, []
        for (_, future), result in zip(batch, self.sandbox.run_batch([job for job, _ in batch]), strict=True):
            future.set_result(result)
