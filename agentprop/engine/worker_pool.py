"""Jobs → outcomes by index: the parent's side of the worker processes, which are replaced when they die.

A death costs only the job the worker was running. That job gets one more try, as the first job of a new process; the
jobs that were behind it go back to the front of the queue. A worker holds several short jobs, so that it need not wait
for a busy parent: with jobs of 10 ms it holds 1 + 0.05 s / 10 ms = 6, with jobs of a second just the one that runs.

    five jobs, one worker that holds three jobs   A: [0 1 2]   queue: 3 4
    A finishes 0 and is given 3                   A: [1 2 3]   queue: 4         outcome 0: its result
    A dies while running 1                        B: [1]       queue: 2 3 4
    B is given 2 and 3                            B: [1 2 3]   queue: 4
    B dies while running 1                        -            queue: 2 3 4     outcome 1: WorkerDied
    C is started                                  C: [2 3 4]   queue: -
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import math
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Pipe, wait
from typing import Any, Generic, TypeVar

from agentprop.engine import worker as child
from agentprop.engine.interruption import SIGNALS
from agentprop.engine.worker import WorkerSetup
from agentprop.errors import RunError
from agentprop.portable import signals_blocked

Item = TypeVar("Item")

MAX_TRIES = 2
"""Workers that may die running an item before the item is given up."""
MAX_FAILED_STARTS = 3
"""Workers that may die in a row before they are ready. After that the machine is at fault, not an item."""
_AHEAD_S = 0.05
"""Seconds of work handed to a worker in advance, so that it need not wait for a busy parent."""
_MAX_AHEAD = 16
"""Most items that wait at one worker."""
_BOOT = "import sys, json; fd, level, sys.path[:] = json.loads(sys.argv[1]); from {} import main; main(fd, level)"
"""Program of a worker. Unlike one of `multiprocessing` it does not run the caller's script, which so needs no guard."""

_alive: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class WorkerDied:
    """Stands in for a result: two worker processes died while running the item."""

    item: Any
    """The item they were running."""
    exit_code: int
    """Exit code of the second one, as multiprocessing gives it: negative for a signal."""

    @property
    def message(self) -> str:
        """The reason, as the end of a sentence."""
        return f"its worker process died twice ({_cause(self.exit_code)})"


@dataclass(frozen=True)
class Raised:
    """Stands in for a result: the exception that the function raised."""

    error: BaseException


@dataclass
class QueuedItem(Generic[Item]):
    """An item, its place in the order, and the number of workers that died running it."""

    index: int
    item: Item
    deaths: int = 0


class WorkerPool(Generic[Item]):
    """Up to `size` workers, the jobs that wait for one, and the outcomes by index.

    Jobs that compute are handed out as workers become free; jobs that wait on a server are handed out at once.
    """

    def __init__(self, size: int, setup: WorkerSetup) -> None:
        self.done: dict[int, Any] = {}
        """Outcomes by index until the caller removes them: results, Raised or WorkerDied."""
        self._waiting: deque[QueuedItem[Item]] = deque()
        self._setup = setup
        self._size = size
        self._workers: list[Worker[Item]] = []
        self._mean_s = 1.0
        self._failed_starts = 0

    def add(self, index: int, item: Item) -> None:
        """Queue a job."""
        self._waiting.append(QueuedItem(index, item))

    def serve(self, seconds: float) -> None:
        """Hand out jobs, then receive messages from the workers, waiting at most `seconds` for the first."""
        self._hand_out()
        by_pipe = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(by_pipe), seconds):
            self._receive(by_pipe[pipe])  # type: ignore[index]

    def drop_waiting(self, pulled: int) -> int:
        """Drop the queued jobs after the last one handed out; return the index at which the results now end."""
        # Items before the last one handed out are still owed: results must be a prefix without holes.
        begun = max((index for worker in self._workers for index in worker.jobs), default=-1)
        kept = [job for job in self._waiting if job.index < begun]
        dropped = [job.index for job in self._waiting if job.index > begun]
        self._waiting = deque(kept)
        return min(dropped, default=pulled)

    def finish(self) -> None:
        """Ask the workers to end and give them five seconds, so that they can close what they hold open."""
        for worker in self._workers:
            worker.send(None)
        deadline = time.monotonic() + 5
        for worker in self._workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, deadline - time.monotonic()))

    def kill(self) -> None:
        """Kill every worker."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _hand_out(self) -> None:
        """Give queued jobs to the least busy workers, starting workers while all of them are busy."""
        # Few items in advance if they are long: what a worker holds cannot be given to another one.
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
        worker.send((job.index, job.item))

    def _receive(self, worker: Worker[Item]) -> None:
        try:
            kind, value, index, seconds = worker.pipe.recv()
        except (EOFError, OSError):
            self._replace_dead(worker)
            return
        if kind == "log":
            logging.getLogger(value.name).handle(value)
        elif kind == "ready":
            worker.ready = True
            self._failed_starts = 0
        elif kind == "unusable":
            raise value
        else:
            self._mean_s = max(1e-6, 0.9 * self._mean_s + 0.1 * seconds)
            outcome = pickle.loads(value)
            del worker.jobs[index]
            self.done[index] = Raised(outcome) if kind == "raised" else outcome

    def _replace_dead(self, worker: Worker[Item]) -> None:
        """Handle the death of a worker: retry the job it was running, and requeue the jobs behind that one."""
        self._workers.remove(worker)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(1.0)  # the pipe closes shortly before the process ends, and we want its exit code
        code = worker.end()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts == MAX_FAILED_STARTS:
                message = f"{MAX_FAILED_STARTS} worker processes in a row died while starting ({_cause(code)})"
                raise RunError(message, hint="read what they printed above; if memory is short, lower --workers")
            self._waiting.extendleft(reversed(worker.jobs.values()))  # not one of them was started
            return
        if not worker.jobs:
            return
        job, *behind = worker.jobs.values()
        self._waiting.extendleft(reversed(behind))
        job.deaths += 1
        if job.deaths < MAX_TRIES:
            self._give(self._start(), job)  # first of a new process, so that another death counts against it alone
        else:
            self.done[job.index] = WorkerDied(job.item, code)


class Worker(Generic[Item]):
    """One process, the pipe to it, and the jobs it holds by index; it runs the first of them."""

    def __init__(self, setup: WorkerSetup) -> None:
        self.jobs: dict[int, QueuedItem[Item]] = {}
        self.ready = False
        self.pipe, theirs = Pipe()
        # Ctrl-C goes to the whole process group, and must not reach the child before it has said that it ignores it.
        with signals_blocked(SIGNALS):
            self.process = _started(theirs.fileno())
        theirs.close()
        _alive.add(self.process)
        # Not passed as a process argument: we would block for ever on a child that dies before it has read a large one.
        with contextlib.suppress(ConnectionError):
            self.pipe.send(setup)

    def send(self, message: tuple[int, Item] | None) -> None:
        """Send an item with its index, or None for the end; a dead worker is noticed on the next receive."""
        try:
            self.pipe.send(message)
        except ConnectionError:
            return

    def end(self) -> int:
        """Kill the process if it still runs, and return its exit code."""
        self.process.kill()
        self.process.wait()
        _alive.discard(self.process)
        self.pipe.close()
        return self.process.returncode


def _started(descriptor: int) -> subprocess.Popen[bytes]:
    """Start an interpreter that serves the pipe of this descriptor, and imports from where this one does.

    Nothing is imported from the working directory, there or in processes that it starts, unless this one does so.
    """
    told = json.dumps([descriptor, logging.getLogger("agentprop").level, sys.path])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _BOOT.format(child.__name__), told],
        pass_fds=[descriptor],
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )


@atexit.register
def _kill_leftovers() -> None:
    """Kill workers of iterators that were never closed: the interpreter would wait for them at exit."""
    for process in list(_alive):
        process.kill()


def _cause(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    return f"killed by {name}" + (", perhaps for memory" if name == "SIGKILL" else "")
