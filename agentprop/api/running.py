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
    """A thread that does jobs in order. The end of the program ends it: only the job at work is waited for."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Given] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=_do, args=(self._jobs, self._ending), name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], Result]) -> Future[Result]:
        """Have a job done after those before it. The future is cancelled if the thread ends before."""
        future: Future[Result] = Future()
        if self._ending.is_set():
            future.cancel()
        else:
            self._jobs.put((future, job))
        return future

    def close(self) -> None:
        """End the thread after the job at work."""
        self._ending.set()
        self._jobs.put(None)

    def join(self) -> None:
        """Wait for the end. A thread that the interpreter ends by force may be inside pydantic, and aborts it all."""
        if self._thread is not threading.current_thread():
            self._thread.join()


_Given = tuple[Future[Any], Callable[[], Any]] | None


def _do(jobs: queue.SimpleQueue[_Given], ending: threading.Event) -> None:
    while (given := jobs.get()) is not None:
        future, job = given
        if ending.is_set():
            future.cancel()
            continue
        try:
            future.set_result(job())
        except BaseException as error:  # whoever waits for the future must hear of it
            future.set_exception(error)
        del given, future, job  # they would keep the data set alive while the thread waits
