"""Where owed work runs: items in, results out in the same order, computed by worker processes.

The order, and the moment each item is pulled, do not depend on the number of workers: item i + window is pulled right
after the consumer has dealt with result i, never before. So whatever makes the items may look at the results up to
i - window when it makes item i, and a run has the same content on one core or on sixty-four.

Workers are fresh interpreters (spawn). They ignore Ctrl-C, which is the parent's to handle, write to stderr only, send
their log records to the parent, and end when the parent does, even by SIGKILL: their end of the pipe closes.
"""

from __future__ import annotations

import atexit
import logging
import logging.handlers
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, Generic, Self, TypeVar

from agentprop.errors import RunError

Item = TypeVar("Item")
Result = TypeVar("Result")

_SPAWN = multiprocessing.get_context("spawn")
_TRIES = 2
"""A worker that dies takes its item with it this often before the item is given up."""
_STARTS = 3
"""Workers that die in a row before they could begin: something is wrong with the machine, not with an item."""
_AHEAD_S = 0.05
"""Work, in seconds, that waits at a busy worker, so that it need not wait for a busy parent."""
_MAX_AHEAD = 16
"""Most items that wait at one worker."""
_IDLE_S = 0.25
"""`idle` is called and `stop` asked at least this often while nothing comes back."""
_SIGNALS = {signal.SIGINT, signal.SIGTERM}

_living: set[SpawnProcess] = set()


def usable_cores() -> int:
    """Cores this process may run on: the default number of workers."""
    return len(os.sched_getaffinity(0))


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


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    window: int,
    initializer: Callable[..., None] | None = None,
    initargs: tuple[Any, ...] = (),
    stop: Callable[[], bool] | None = None,
    idle: Callable[[], None] | None = None,
) -> Iterator[Result | WorkerDied]:
    """Yield `function(item)` for each item, in order, from `workers` processes.

    An exception of `function` is raised here in its place in the order. When `stop` says so, nothing more is pulled,
    what workers hold is finished and yielded, and the iteration ends: what was yielded is a prefix of the whole.
    `idle` is called at least every quarter of a second while the caller waits.
    """
    if workers < 1 or window < 1:
        raise ValueError("ordered_map needs at least one worker and a window of at least one")
    team: _Team[Item, Result] = _Team(function, workers, initializer, initargs)
    try:
        yield from _in_order(team, iter(items), window, stop or _never, idle)
        team.dismiss()
    finally:
        team.kill()


def _in_order(
    team: _Team[Item, Result],
    items: Iterator[Item],
    window: int,
    stop: Callable[[], bool],
    idle: Callable[[], None] | None,
) -> Iterator[Result | WorkerDied]:
    pulled = _pull(team, items, window, 0)
    yielded = 0
    while yielded < pulled:
        team.serve(0)
        while yielded not in team.done:
            if stop():
                pulled = team.drop_waiting(pulled)
                if yielded >= pulled:
                    return
            team.serve(_IDLE_S)
            if idle:
                idle()
        outcome = team.done.pop(yielded)
        if isinstance(outcome, _Raised):
            raise outcome.error
        yield outcome
        yielded += 1
        if not stop():
            pulled = _pull(team, items, 1, pulled)


def _pull(team: _Team[Item, Result], items: Iterator[Item], count: int, pulled: int) -> int:
    for _ in range(count):
        try:
            item = next(items)
        except StopIteration:
            break
        team.waiting.append(_Job(pulled, item))
        pulled += 1
    return pulled


def _never() -> bool:
    return False


# --- the parent's side ---


@dataclass
class _Job(Generic[Item]):
    index: int
    item: Item
    deaths: int = 0


@dataclass(frozen=True)
class _Raised:
    error: BaseException


class _Team(Generic[Item, Result]):
    """The workers, the jobs that wait for one, and the outcomes by index."""

    def __init__(
        self,
        function: Callable[[Item], Result],
        size: int,
        initializer: Callable[..., None] | None,
        initargs: tuple[Any, ...],
    ) -> None:
        self.waiting: deque[_Job[Item]] = deque()
        self.done: dict[int, Any] = {}
        self._setup = (function, initializer, initargs)
        self._size = size
        self._workers: list[_Worker[Item]] = []
        self._mean_s = 1.0
        self._stillborn = 0

    def _hand_out(self) -> None:
        """Give waiting jobs to workers, the least busy first; start workers as long as there is more to do."""
        ahead = 1 + min(_MAX_AHEAD, int(_AHEAD_S / self._mean_s))
        while self.waiting:
            worker = min(self._workers, key=lambda w: len(w.jobs), default=None)
            if (worker is None or worker.jobs) and len(self._workers) < self._size:
                worker = self._start()
            if worker is None or len(worker.jobs) >= ahead:
                return
            self._give(worker, self.waiting.popleft())

    def serve(self, seconds: float) -> None:
        """Keep the workers busy, and take in what they send within `seconds`."""
        self._hand_out()
        by_pipe = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(by_pipe), seconds):
            self._hear(by_pipe[pipe])  # type: ignore[index]

    def drop_waiting(self, pulled: int) -> int:
        """Forget the jobs no worker has begun; returns the index where the results now end."""
        begun = max((job.index for worker in self._workers for job in worker.jobs), default=-1)
        kept = [job for job in self.waiting if job.index < begun]
        dropped = [job.index for job in self.waiting if job.index > begun]
        self.waiting = deque(kept)
        return min(dropped, default=pulled)

    def dismiss(self) -> None:
        """Let idle workers end by themselves, so that what they hold open is closed properly."""
        for worker in self._workers:
            worker.say(None)
        deadline = time.monotonic() + 5
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))

    def kill(self) -> None:
        """End every worker at once."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _start(self) -> _Worker[Item]:
        worker = _Worker[Item](self._setup)
        self._workers.append(worker)
        return worker

    def _give(self, worker: _Worker[Item], job: _Job[Item]) -> None:
        worker.jobs.append(job)
        worker.say(job.item)

    def _hear(self, worker: _Worker[Item]) -> None:
        try:
            kind, value, seconds = worker.pipe.recv()
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
            self.done[worker.jobs.popleft().index] = _Raised(outcome) if kind == "raised" else outcome

    def _bury(self, worker: _Worker[Item]) -> None:
        """A worker died: the job it was at is tried once more in a new one, those behind it were not at fault."""
        self._workers.remove(worker)
        code = worker.end()
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn == _STARTS:
                message = f"{_STARTS} worker processes in a row died while starting ({_cause(code)})"
                raise RunError(message, hint="give fewer --workers, or more memory")
            self.waiting.extendleft(reversed(worker.jobs))
            return
        if not worker.jobs:
            return
        job = worker.jobs.popleft()
        self.waiting.extendleft(reversed(worker.jobs))
        job.deaths += 1
        if job.deaths < _TRIES:
            self._give(self._start(), job)
        else:
            self.done[job.index] = WorkerDied(job.item, code)


class _Worker(Generic[Item]):
    """One process, the pipe to it, and the jobs it holds: the first is the one it is at."""

    def __init__(self, setup: tuple[Any, ...]) -> None:
        self.jobs: deque[_Job[Item]] = deque()
        self.ready = False
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(theirs, logging.getLogger("agentprop").level, *setup))
        # until the child has said that it ignores them, signals sent to the whole process group must not reach it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        _living.add(self.process)

    def say(self, item: Item | None) -> None:
        """Send an item, or None for the end; a dead worker is noticed when it is listened to."""
        try:
            self.pipe.send(None if item is None else (item,))
        except ConnectionError:
            return

    def end(self) -> int:
        """Make sure that it is gone; its exit code."""
        self.process.kill()
        self.process.join()
        _living.discard(self.process)
        self.pipe.close()
        return self.process.exitcode or 0


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


# --- the worker's side ---


class _Outbox:
    """The worker's end of the pipe, for results and for log records of any thread."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, kind: str, value: Any = None, seconds: float = 0.0) -> None:
        """One message to the parent; without a parent there is nothing left to do."""
        try:
            with self._lock:
                self._pipe.send((kind, value, seconds))
        except ConnectionError:
            os._exit(1)

    def put_nowait(self, record: logging.LogRecord) -> None:
        """What logging's QueueHandler wants of a queue."""
        self.send("log", record)


def _serve(
    pipe: Connection[Any, Any],
    level: int,
    function: Callable[[Any], Any],
    initializer: Callable[..., None] | None,
    initargs: tuple[Any, ...],
) -> None:
    """The life of a worker: items from the pipe, results to the pipe, until None comes."""
    outbox = _Outbox(pipe)
    _settle(outbox, level)
    inbox: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, inbox), daemon=True).start()
    try:
        if initializer:
            initializer(*initargs)
    except Exception as error:
        outbox.send("unusable", _portable(error))
        return
    outbox.send("ready")
    while message := inbox.get():
        started = time.perf_counter()
        try:
            kind, value = "result", pickle.dumps(function(message[0]))
        except Exception as error:
            kind, value = "raised", pickle.dumps(_portable(error))
        outbox.send(kind, value, time.perf_counter() - started)


def _settle(outbox: _Outbox, level: int) -> None:
    """Signals are the parent's, stdout is the product's, stdin is nobody's, log records go to the parent."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    sys.stdout.flush()
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    logger = logging.getLogger("agentprop")
    logger.setLevel(level)
    logger.propagate = False
    logger.addHandler(logging.handlers.QueueHandler(outbox))  # type: ignore[arg-type]


def _listen(pipe: Connection[Any, Any], inbox: queue.SimpleQueue[tuple[Any] | None]) -> None:
    """Empty the pipe at all times, so that parent and worker never wait for each other; die with the parent."""
    try:
        while True:
            inbox.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(1)


def _portable(error: Exception) -> BaseException:
    """The error with its traceback as text, in a form that can travel."""
    text = "".join(traceback.format_exception(error)).rstrip()
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever an error's own pickling does, its text must arrive
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"in a worker process:\n{text}")
    return error


# --- interruption ---


class Interruption:
    """`with Interruption() as stop`: the first SIGINT or SIGTERM sets `stop`, the second raises KeyboardInterrupt.

    Pass it as `stop` to `ordered_map`: it drains, the stage commits what came back, and asks `stop()` why it ended.
    Only in the main thread. `notify` is called at the first signal, in the handler: keep it to a line on stderr.
    """

    def __init__(self, notify: Callable[[], None] | None = None) -> None:
        self._notify = notify
        self._requested = False
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether to stop."""
        return self._requested

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
        if self._notify:
            self._notify()
