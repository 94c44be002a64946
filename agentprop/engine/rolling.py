"""Batches of coroutines → their results in order: many conversations at once, in one process.

Tasks start in order as soon as one of the `concurrency` places is free, even while the first batch is unfinished. So a
slow conversation delays the commit of its own batch, but never leaves the server idle.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from agentprop.engine.placement import check_local

Batch = TypeVar("Batch")
Result = TypeVar("Result")

_IDLE_S = 0.25
"""Seconds: `idle` and `stop` are called at least this often while no result arrives."""


def ordered_rolling(
    expand: Callable[[Batch], Sequence[Callable[[], Awaitable[Result]]]],
    batches: Iterable[Batch],
    *,
    concurrency: int,
    window: int,
    stop: Callable[[], bool],
    idle: Callable[[], None],
    close: Callable[[], Awaitable[None]] | None = None,
) -> Iterator[list[Result]]:
    """Yield the results of each batch, in order; batch i + window is pulled right after batch i was handled.

    Once `stop` returns True, tasks under way are cancelled. Replies that were paid for are in the cache, so a resumed
    run does not pay for them again. An exception raised by a task is raised here, at its batch's place in the order.
    """
    check_local("conversations")
    loop = asyncio.new_event_loop()
    places = asyncio.Semaphore(concurrency)
    source = iter(batches)
    waiting: deque[list[asyncio.Task[Result]]] = deque()

    async def placed(work: Callable[[], Awaitable[Result]]) -> Result:
        async with places:
            return await work()

    def pull(count: int) -> None:
        for batch in islice(source, count):
            waiting.append([loop.create_task(placed(work)) for work in expand(batch)])

    try:
        pull(window)
        while waiting and not stop():
            done = _until(loop, waiting[0], stop, idle)
            if not done:
                return
            for failed in (task for task in waiting[0] if task.done() and task.exception()):
                failed.result()
            yield [task.result() for task in waiting.popleft()]
            pull(1)
    finally:
        loop.run_until_complete(_cancel_all([task for tasks in waiting for task in tasks]))
        if close is not None:
            loop.run_until_complete(close())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def together(works: Iterable[Awaitable[Result]]) -> list[Result]:
    """Return all results, in order; if one coroutine fails, cancel the others before raising its exception."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await _cancel_all(tasks)


async def _cancel_all(tasks: Sequence[asyncio.Future[Result]]) -> None:
    """Cancel tasks and wait for them to end, ignoring their results and exceptions."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _until(
    loop: asyncio.AbstractEventLoop,
    tasks: Sequence[asyncio.Task[Result]],
    stop: Callable[[], bool],
    idle: Callable[[], None],
) -> bool:
    """Run until all tasks are done or one has failed; return False if `stop` came first."""
    while True:
        waiting = [task for task in tasks if not task.done()]
        if not waiting or any(task.done() and task.exception() for task in tasks):
            return True
        if stop():
            return False
        loop.run_until_complete(asyncio.wait(waiting, timeout=_IDLE_S, return_when=asyncio.FIRST_EXCEPTION))
        idle()
