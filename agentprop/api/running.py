"""Work in a thread beside the caller's: because an event loop is running there, or because it is done ahead of time."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from agentprop.engine.interruption import request_stop

Result = TypeVar("Result")


def outside_loop(work: Callable[[], Result]) -> Result:
    """Do the work in this thread, or in another one if an event loop is running here.

    An interruption asks the other thread to stop, as a signal would, and is raised once it has.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1, "agentprop-work") as pool:
        thread = pool.submit(threading.get_ident).result()
        done = pool.submit(work)
        try:
            return done.result()
        except KeyboardInterrupt:
            request_stop(thread)
            raise


class AheadThread:
    """A thread that does jobs in order, and that the end of the program does not wait for."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        threading.Thread(target=_do, args=(self._jobs,), name=name, daemon=True).start()

    def submit(self, job: Callable[[], Result]) -> Future[Result]:
        """Have a job done after those before it."""
        future: Future[Result] = Future()
        self._jobs.put((future, job))
        return future

    def close(self) -> None:
        """End the thread after the jobs that it has."""
        self._jobs.put(None)


def _do(jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]) -> None:
    while (given := jobs.get()) is not None:
        future, job = given
        try:
            future.set_result(job())
        except BaseException as error:  # whoever waits for the future must hear of it
            future.set_exception(error)
        del given, future, job  # they would keep the data set alive while the thread waits
