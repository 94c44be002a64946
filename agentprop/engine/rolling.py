"""The order of `ordered_map` for work that waits instead of computing: many conversations at once in one process.

Every batch is a list of tasks that start as places become free, in order, however far behind the batch at the head
is; so a slow conversation delays the commit of its batch, not the use of the server.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")

_IDLE_S = 0.25
"""`idle` is called and `stop` asked at least this often while nothing comes back."""


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
    """Yield the results of each batch, in order; batch i + window is pulled right after batch i was dealt with.

    When `stop` says so, what is under way is abandoned: replies that were paid for are in the cache, so a resumed run
    does not pay for them again. An exception of a task is raised in its place.
    """
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
        loop.run_until_complete(_abandon([task for tasks in waiting for task in tasks]))
        if close is not None:
            loop.run_until_complete(close())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def together(works: Iterable[Awaitable[Result]]) -> list[Result]:
    """All results; where one fails the others are ended before its exception is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await _abandon(tasks)


async def _abandon(tasks: Sequence[asyncio.Future[Result]]) -> None:
    """End tasks whose results nobody will ask for, those of a batch in which another one failed among them."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _until(
    loop: asyncio.AbstractEventLoop,
    tasks: Sequence[asyncio.Task[Result]],
    stop: Callable[[], bool],
    idle: Callable[[], None],
) -> bool:
    """Run until all tasks are done or one has failed; False when it was asked to stop before."""
    while True:
        waiting = [task for task in tasks if not task.done()]
        if not waiting or any(task.done() and task.exception() for task in tasks):
            return True
        if stop():
            return False
        loop.run_until_complete(asyncio.wait(waiting, timeout=_IDLE_S, return_when=asyncio.FIRST_EXCEPTION))
        idle()
