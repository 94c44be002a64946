"""The worker process: items from a pipe → results into the pipe, until the parent sends None or is gone.

A worker is a fresh interpreter. It ignores Ctrl-C, which the parent handles, writes to stderr only and sends its log
records to the parent. It ends when the parent ends, even by SIGKILL, because a thread notices that the pipe closed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import logging.handlers
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from agentprop.engine.interruption import SIGNALS
from agentprop.portable import unblock_signals


@dataclass(frozen=True)
class WorkerSetup:
    """The job description of a worker; it is pickled to the worker process."""

    function: Callable[..., Any]
    """Item → result. With `waits`: arguments → an asynchronous context manager that gives a coroutine function."""
    initializer: Callable[..., None] | None = None
    """Called once before the first item."""
    arguments: tuple[Any, ...] = ()
    """Arguments of the initializer, or of the context manager."""
    waits: bool = False
    """Items wait rather than compute: each starts on arrival, in one event loop, and they finish in any order."""


GC_THRESHOLD = 10_000
"""Allocations between collections of the youngest generation. Python's default of 700 would scan, again and again,
conversations that are still under way."""
Inbox = Callable[[Any], object]
"""Callable that receives the parent's messages: (index, item), or None for the end."""


class _Outbox:
    """The worker's sending end of the pipe, shared by all its threads."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, kind: str, value: Any = None, index: int = -1, seconds: float = 0.0) -> None:
        """Send one message to the parent; exit the process if the parent is gone."""
        try:
            with self._lock:
                self._pipe.send((kind, value, index, seconds))
        except ConnectionError:
            os._exit(1)

    def put_nowait(self, record: logging.LogRecord) -> None:
        """Send a log record: the one method that logging's QueueHandler calls on a queue."""
        self.send("log", record)


def main(descriptor: int, level: int) -> None:
    """Run this process as a worker that the parent reaches by the pipe of a descriptor."""
    serve(Connection(descriptor), level)


def serve(pipe: Connection[Any, Any], level: int) -> None:
    """Run a worker: read the setup and then items from the pipe, send results, and return when None arrives."""
    outbox = _Outbox(pipe)
    _prepare_process(outbox, level)
    try:
        setup = pipe.recv()
    except EOFError:
        return
    except Exception as error:
        outbox.send("unusable", portable(error))
        return
    if setup.waits:
        asyncio.run(_wait(setup, pipe, outbox))
    else:
        _compute(setup, pipe, outbox)


def _compute(setup: WorkerSetup, pipe: Connection[Any, Any], outbox: _Outbox) -> None:
    """Process items one after the other."""
    inbox: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()
    _listen(pipe, inbox.put)
    try:
        if setup.initializer:
            setup.initializer(*setup.arguments)
    except Exception as error:
        outbox.send("unusable", portable(error))
        return
    freeze_collector()
    outbox.send("ready")
    while message := inbox.get():
        index, item = message
        started = time.perf_counter()
        try:
            kind, value = "result", pickle.dumps(setup.function(item))
        except Exception as error:
            kind, value = "raised", pickle.dumps(portable(error))
        outbox.send(kind, value, index, time.perf_counter() - started)


async def _wait(setup: WorkerSetup, pipe: Connection[Any, Any], outbox: _Outbox) -> None:
    """Process all items at once; cancel those that are unfinished at the end."""
    inbox: asyncio.Queue[tuple[int, Any] | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    _listen(pipe, lambda message: loop.call_soon_threadsafe(inbox.put_nowait, message))
    results: queue.SimpleQueue[tuple[str, bytes, int]] = queue.SimpleQueue()
    begun = False
    try:
        async with setup.function(*setup.arguments) as function:
            begun = True
            freeze_collector()
            outbox.send("ready")
            threading.Thread(target=_send_results, args=(results, outbox), daemon=True).start()
            tasks: set[asyncio.Task[None]] = set()
            while message := await inbox.get():
                task = asyncio.create_task(_run_item(function, *message, results))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    except Exception as error:
        if begun:  # closing failed: no item is at fault, and no caller waits for it
            raise
        outbox.send("unusable", portable(error))


async def _run_item(
    function: Callable[[Any], Any], index: int, item: Any, results: queue.SimpleQueue[tuple[str, bytes, int]]
) -> None:
    try:
        kind, value = "result", pickle.dumps(await function(item))
    except Exception as error:
        kind, value = "raised", pickle.dumps(portable(error))
    results.put((kind, value, index))


def _send_results(results: queue.SimpleQueue[tuple[str, bytes, int]], outbox: _Outbox) -> None:
    """Send results from a thread of their own, so that a busy parent never blocks the event loop."""
    while True:
        outbox.send(*results.get())


def freeze_collector() -> None:
    """Exempt the objects that the setup made from garbage collection: they live as long as the worker."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


def _prepare_process(outbox: _Outbox, level: int) -> None:
    """Leave signals to the parent, keep stdout clean, close stdin, and send log records to the parent."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    unblock_signals(SIGNALS)
    sys.stdout.flush()
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    logger = logging.getLogger("agentprop")
    logger.setLevel(level)
    logger.propagate = False
    logger.addHandler(logging.handlers.QueueHandler(outbox))  # type: ignore[arg-type]


def _listen(pipe: Connection[Any, Any], inbox: Inbox) -> None:
    """Drain the pipe from a thread, so that parent and worker never block each other; exit if the parent is gone."""

    def listen() -> None:
        try:
            while True:
                inbox(pipe.recv())
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()


def portable(error: Exception) -> BaseException:
    """Return the error in a form that can be pickled, with its traceback as a note."""
    text = "".join(traceback.format_exception(error)).rstrip()
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # pickling runs the error's own code: whatever that raises, the text must arrive
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"in a worker process:\n{text}")
    return error
