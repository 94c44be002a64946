"""Requests to run code from many concurrent rollouts → few forks of the sandbox.

Jobs of one origin that wait for the sandbox at the same time share one child. Code without an origin, such as that of a
language model, runs in a child of its own; so does all code while the event loop has other things to do:
`shared=False`. Several jobs of one author can be given together, and share a child all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from agentprop.sandbox.pool import Sandbox
from agentprop.sandbox.records import Job, Result


@dataclass
class Executor:
    """Runner of jobs; with `shared`, the jobs of one iteration of the event loop run together, in order.

    The loop waits for them, or goes on `beside` them with the rollouts of another executor.
    """

    sandbox: Sandbox
    shared: bool = True
    beside: bool = False
    waiting: list[tuple[Job, asyncio.Future[Result]]] = field(default_factory=list)

    async def run(self, job: Job) -> Result:
        """The result of one job."""
        if not self.shared or job.origin is None:
            return await asyncio.to_thread(self.sandbox.run_job, job)
        loop = asyncio.get_running_loop()
        if not self.waiting:
            # Every rollout that is ready runs before this callback, so the batch is as large as it can be.
            loop.call_soon(self._flush)
        future: asyncio.Future[Result] = loop.create_future()
        self.waiting.append((job, future))
        return await future

    async def run_in_turn(self, jobs: Sequence[Job]) -> list[Result]:
        """The results of jobs of one author, run in one child, up to the first that does not end well."""
        return await asyncio.to_thread(_up_to_a_failure, self.sandbox, jobs)

    def _flush(self) -> None:
        batch, self.waiting = self.waiting, []
        jobs = [job for job, _ in batch]
        if self.beside:
            with suppress(RuntimeError):  # a program that ends begins no thread any more
                running = asyncio.get_running_loop().run_in_executor(None, self.sandbox.run_batch, jobs)
                running.add_done_callback(lambda done: _settle(batch, done.result))
                return
        _settle(batch, lambda: self.sandbox.run_batch(jobs))


def _settle(batch: Sequence[tuple[Job, asyncio.Future[Result]]], results: Callable[[], Sequence[Result]]) -> None:
    """Give those who wait their results."""
    try:
        found = results()
    except Exception as problem:  # those who wait must hear of it, or they would wait for ever
        for _, future in batch:
            if not future.done():
                future.set_exception(problem)
        return
    for (_, future), result in zip(batch, found, strict=True):
        if not future.done():
            future.set_result(result)


def _up_to_a_failure(sandbox: Sandbox, jobs: Sequence[Job]) -> list[Result]:
    results: list[Result] = []
    for result in sandbox.run_in_turn(jobs):
        results.append(result)
        if result.status != "ok":
            break
    return results
