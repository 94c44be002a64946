"""Calls that come up at any moment → their results, computed by the workers of the place: an Executor over a pool.

`ordered_map` suits a stage whose items are the work. In a stage that converses work comes up in between: every reply is
to be graded when it arrives. Its conversations stay in this process, and its event loop awaits what workers compute:

    with worker_executor(8, prepare) as executor:                 # on Ray if the command runs there
        grade = await loop.run_in_executor(executor, graded_in_worker, problem, text)

A function travels by name, its arguments by pickle. A call that two workers died with raises WorkerLost.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from agentprop.engine.placement import LOCAL, Pool, at, here
from agentprop.engine.worker import WorkerSetup
from agentprop.engine.worker_pool import Raised, WorkerDied
from agentprop.errors import AgentpropError, RunError

POLL_S = 0.02
"""Seconds: a new call is handed out at least this soon while others are under way."""

Call = tuple["Future[Any]", Callable[[], Any]]


class WorkerLost(Exception):
    """Two workers died while running a call."""


@contextmanager
def worker_executor(
    workers: int | None, initializer: Callable[..., None] | None = None, initargs: tuple[Any, ...] = ()
) -> Iterator[Executor | None]:
    """Open the workers of the place, one for each core unless `workers` says how many.

    Yields None if neither a number nor a cluster was asked for: the threads of this process do as well. Other ordered
    work of the block stays on this machine, which is where conversations wait.
    """
    place = here()
    if workers is None and place is LOCAL:
        yield None
        return
    executor = PoolExecutor(place.open(workers or place.cores(), WorkerSetup(_call, initializer, initargs)))
    try:
        with at(LOCAL):
            yield executor
    finally:
        executor.shutdown()


class PoolExecutor(Executor):
    """A pool, served by a thread that nothing else uses it from. What ends the pool ends every call with its error."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._inbox: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._calls: dict[int, Future[Any]] = {}
        """Calls that were handed to the pool, by index."""
        self._begun = 0
        self._lock = threading.Lock()
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="agentprop-workers", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queue a call. Its future raises what the function raised, WorkerLost, or RunError if there are no workers."""
        future: Future[Any] = Future()
        with self._lock:
            if self._broken is None:
                self._inbox.put((future, partial(fn, *args, **kwargs)))
                return future
        future.set_exception(self._broken)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; calls that are still under way are lost."""
        self._inbox.put(None)
        if wait:
            self._thread.join()

    # --- in the thread ---

    def _run(self) -> None:
        error: BaseException = RunError("the workers were shut down")
        try:
            while self._take_new():
                self._pool.serve(POLL_S)
                for index in self._calls.keys() & self._pool.done.keys():
                    _settle(self._calls.pop(index), self._pool.done.pop(index))
            if not self._calls:
                self._pool.finish()
        except Exception as failure:
            of_run = isinstance(failure, AgentpropError)
            error = failure if of_run else RunError(f"the workers cannot be started: {failure}", hint=_LOGS)
            error.__cause__ = failure.__cause__ if of_run else failure
        finally:
            self._pool.kill()
            self._end(error)

    def _take_new(self) -> bool:
        """Hand the calls that came to the pool, waiting for one if none is under way; False at the end."""
        with contextlib.suppress(queue.Empty):
            while True:
                came = self._inbox.get(block=not self._calls)
                if came is None:
                    return False
                future, call = came
                if future.set_running_or_notify_cancel():
                    self._pool.add(self._begun, call)
                    self._calls[self._begun] = future
                    self._begun += 1
        return True

    def _end(self, error: BaseException) -> None:
        with self._lock:
            self._broken = error
        left = list(self._calls.values())
        with contextlib.suppress(queue.Empty):
            while True:
                came = self._inbox.get_nowait()
                if came is not None and came[0].set_running_or_notify_cancel():
                    left.append(came[0])
        for future in left:
            future.set_exception(error)


_LOGS = "read what they printed above, or Ray's logs on the nodes"


def _call(call: Callable[[], Any]) -> Any:
    """The function of the workers."""
    return call()


def _settle(future: Future[Any], outcome: Any) -> None:
    if isinstance(outcome, Raised):
        future.set_exception(outcome.error)
    elif isinstance(outcome, WorkerDied):
        future.set_exception(WorkerLost(outcome.message))
    else:
        future.set_result(outcome)
