"""Jobs to outcomes: the parent's side of the worker processes, which may die, and are then replaced.

A worker that dies takes down only the job it was at, and that one is tried once more in a new process. Outcomes are
kept by index and taken out in order.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import math
import multiprocessing
import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from agentprop.engine.interruption import SIGNALS
from agentprop.engine.worker import Setup, serve
from agentprop.errors import RunError

Item = TypeVar("Item")

_TRIES = 2
"""A worker that dies takes its item with it this often before the item is given up."""
_STARTS = 3
"""Workers that die in a row before they could begin: something is wrong with the machine, not with an item."""
_AHEAD_S = 0.05
"""Work, in seconds, that waits at a busy worker, so that it need not wait for a busy parent."""
_MAX_AHEAD = 16
"""Most items that wait at one worker."""
SAFE_PATH = "PYTHONSAFEPATH"
"""Variable of the interpreter's."""

_SPAWN = multiprocessing.get_context("spawn")
_living: set[SpawnProcess] = set()


@dataclass(frozen=True)
class WorkerDied:
    """In place of a result: the worker process died with this item, and so did a second one."""

    item: Any
    """The item."""
    exit_code: int
    """As multiprocessing gives it: negative for a signal."""

    @property
    def message(self) -> str:
        """The reason in a sentence."""
        return f"its worker process died twice ({_cause(self.exit_code)})"


@dataclass(frozen=True)
class Raised:
    """In place of a result: what the function raised."""

    error: BaseException


@dataclass
class QueuedItem(Generic[Item]):
    """An item, its place in the order, and how many workers died with it."""

    index: int
    item: Item
    deaths: int = 0


class Team(Generic[Item]):
    """The workers, the jobs that wait for one, and the outcomes by index.

    Jobs that compute are handed out as workers become free, jobs that only wait for others at once.
    """

    def __init__(self, size: int, setup: Setup) -> None:
        self.done: dict[int, Any] = {}
        """Results, Raised or WorkerDied, until the caller takes them out."""
        self._waiting: deque[QueuedItem[Item]] = deque()
        self._setup = setup
        self._size = size
        self._workers: list[Worker[Item]] = []
        self._mean_s = 1.0
        self._stillborn = 0

    def add(self, index: int, item: Item) -> None:
        """One more job."""
        self._waiting.append(QueuedItem(index, item))

    def serve(self, seconds: float) -> None:
        """Keep the workers busy, and take in what they send within `seconds`."""
        self._hand_out()
        by_pipe = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(by_pipe), seconds):
            self._hear(by_pipe[pipe])  # type: ignore[index]

    def drop_waiting(self, pulled: int) -> int:
        """Forget the jobs no worker has begun; returns the index where the results now end."""
        begun = max((index for worker in self._workers for index in worker.jobs), default=-1)
        kept = [job for job in self._waiting if job.index < begun]
        dropped = [job.index for job in self._waiting if job.index > begun]
        self._waiting = deque(kept)
        return min(dropped, default=pulled)

    def dismiss(self) -> None:
        """Let workers end by themselves, so that what they hold open is closed properly; those that wait give up."""
        for worker in self._workers:
            worker.say(None)
        deadline = time.monotonic() + 5
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))

    def kill(self) -> None:
        """End every worker at once."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _hand_out(self) -> None:
        """Give waiting jobs to workers, the least busy first; start workers as long as there is more to do."""
        ahead = math.inf if self._setup.waits else 1 + min(_MAX_AHEAD, int(_AHEAD_S / self._mean_s))
        while self._waiting:
            worker = min(self._workers, key=lambda w: len(w.jobs), default=None)
            if (worker is None or worker.jobs) and len(self._workers) < self._size:
                worker = self._start()
            if worker is None or len(worker.jobs) >= ahead:
                return
            self._give(worker, self._waiting.popleft())

    def _start(self) -> Worker[Item]:
        worker = Worker[Item](self._setup)
        self._workers.append(worker)
        return worker

    def _give(self, worker: Worker[Item], job: QueuedItem[Item]) -> None:
        worker.jobs[job.index] = job
        worker.say((job.index, job.item))

    def _hear(self, worker: Worker[Item]) -> None:
        try:
            kind, value, index, seconds = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if kind == "log":
            logging.getLogger(value.name).handle(value)
        elif kind == "ready":
            worker.ready = True
            self._stillborn = 0
        elif kind == "unusable":
            raise value
        else:
            self._mean_s = max(1e-6, 0.9 * self._mean_s + 0.1 * seconds)
            outcome = pickle.loads(value)
            del worker.jobs[index]
            self.done[index] = Raised(outcome) if kind == "raised" else outcome

    def _bury(self, worker: Worker[Item]) -> None:
        """A worker died: the job it was at is tried once more in a new one, those behind it were not at fault."""
        self._workers.remove(worker)
        worker.process.join(1.0)  # its pipe closes a little before it ends, and its exit code is wanted
        code = worker.end()
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn == _STARTS:
                message = f"{_STARTS} worker processes in a row died while starting ({_cause(code)})"
                raise RunError(message, hint="see what they printed; if memory is short, give fewer --workers")
            self._waiting.extendleft(reversed(worker.jobs.values()))
            return
        if not worker.jobs:
            return
        job, *behind = worker.jobs.values()
        self._waiting.extendleft(reversed(behind))
        job.deaths += 1
        if job.deaths < _TRIES:
            self._give(self._start(), job)
        else:
            self.done[job.index] = WorkerDied(job.item, code)


class Worker(Generic[Item]):
    """One process, the pipe to it, and the jobs it holds by index: the first is the one it is at."""

    def __init__(self, setup: Setup) -> None:
        self.jobs: dict[int, QueuedItem[Item]] = {}
        self.ready = False
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=serve, args=(theirs, logging.getLogger("agentprop").level))
        # until the child has said that it ignores them, signals sent to the whole process group must not reach it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            with _safe_path():
                self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        _living.add(self.process)
        # not as an argument of the process: a child that dies before it has read a large one would block us for ever
        with contextlib.suppress(ConnectionError):
            self.pipe.send(setup)

    def say(self, message: tuple[int, Item] | None) -> None:
        """Send an item and its index, or None for the end; a dead worker is noticed when it is listened to."""
        try:
            self.pipe.send(message)
        except ConnectionError:
            return

    def end(self) -> int:
        """Make sure that it is gone; its exit code."""
        self.process.kill()
        self.process.join()
        _living.discard(self.process)
        self.pipe.close()
        return self.process.exitcode or 0


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """Let interpreters that start inside the block import nothing from the working directory, as `python -P` does."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


@atexit.register
def _kill_leftovers() -> None:
    """An iterator that was never closed must not keep the interpreter waiting for its workers."""
    for process in list(_living):
        process.kill()


def _cause(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    return f"killed by {name}" + (", perhaps for memory" if name == "SIGKILL" else "")
