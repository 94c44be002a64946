"""The life of a worker process: items from a pipe, results into it, until the parent says so or is gone.

A worker is a fresh interpreter. It ignores Ctrl-C, which is the parent's to handle, writes to stderr only, sends its
log records to the parent, and ends when the parent does, even by SIGKILL: the pipe closes and a thread is listening.
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


@dataclass(frozen=True)
class Setup:
    """What a worker does; it travels to the worker by pickle."""

    function: Callable[..., Any]
    """Item → result; or, where `waits`, arguments → an asynchronous context manager that gives a coroutine function."""
    initializer: Callable[..., None] | None = None
    """Called once before the first item."""
    arguments: tuple[Any, ...] = ()
    """Of the initializer, or of the context manager."""
    waits: bool = False
    """Whether items wait rather than compute: all are begun when they come, in one event loop, and end in any order."""


YOUNG = 10_000
"""Objects made before the garbage collector looks at the youngest: conversations under way are not garbage."""
Inbox = Callable[[Any], object]
"""What takes the parent's messages: (index, item), or None for the end."""


class _Outbox:
    """The worker's end of the pipe, for results and for log records of any thread."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, kind: str, value: Any = None, index: int = -1, seconds: float = 0.0) -> None:
        """One message to the parent; without a parent there is nothing left to do."""
        try:
            with self._lock:
                self._pipe.send((kind, value, index, seconds))
        except ConnectionError:
            os._exit(1)

    def put_nowait(self, record: logging.LogRecord) -> None:
        """What logging's QueueHandler wants of a queue."""
        self.send("log", record)


def serve(pipe: Connection[Any, Any], level: int) -> None:
    """The life of a worker: its setup and then items from the pipe, results to the pipe, until None comes."""
    outbox = _Outbox(pipe)
    _settle(outbox, level)
    try:
        setup = pipe.recv()
    except EOFError:
        return
    except Exception as error:
        outbox.send("unusable", _portable(error))
        return
    if setup.waits:
        asyncio.run(_wait(setup, pipe, outbox))
    else:
        _compute(setup, pipe, outbox)


def _compute(setup: Setup, pipe: Connection[Any, Any], outbox: _Outbox) -> None:
    """One item after the other."""
    inbox: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()
    _listen(pipe, inbox.put)
    try:
        if setup.initializer:
            setup.initializer(*setup.arguments)
    except Exception as error:
        outbox.send("unusable", _portable(error))
        return
    _keep()
    outbox.send("ready")
    while message := inbox.get():
        index, item = message
        started = time.perf_counter()
        try:
            kind, value = "result", pickle.dumps(setup.function(item))
        except Exception as error:
            kind, value = "raised", pickle.dumps(_portable(error))
        outbox.send(kind, value, index, time.perf_counter() - started)


async def _wait(setup: Setup, pipe: Connection[Any, Any], outbox: _Outbox) -> None:
    """All items at once; at the end those that are not done are given up."""
    inbox: asyncio.Queue[tuple[int, Any] | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    _listen(pipe, lambda message: loop.call_soon_threadsafe(inbox.put_nowait, message))
    results: queue.SimpleQueue[tuple[str, bytes, int]] = queue.SimpleQueue()
    begun = False
    try:
        async with setup.function(*setup.arguments) as function:
            begun = True
            _keep()
            outbox.send("ready")
            threading.Thread(target=_post, args=(results, outbox), daemon=True).start()
            tasks: set[asyncio.Task[None]] = set()
            while message := await inbox.get():
                task = asyncio.create_task(_answer(function, *message, results))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    except Exception as error:
        if begun:  # it could not be closed, which is no item's fault and nobody waits for
            raise
        outbox.send("unusable", _portable(error))


async def _answer(
    function: Callable[[Any], Any], index: int, item: Any, results: queue.SimpleQueue[tuple[str, bytes, int]]
) -> None:
    try:
        kind, value = "result", pickle.dumps(await function(item))
    except Exception as error:
        kind, value = "raised", pickle.dumps(_portable(error))
    results.put((kind, value, index))


def _post(results: queue.SimpleQueue[tuple[str, bytes, int]], outbox: _Outbox) -> None:
    """Send results from a thread: a busy parent holds up its results, not the event loop."""
    while True:
        outbox.send(*results.get())


def _keep() -> None:
    """What the setup made lasts as long as the worker: the garbage collector need not go through it ever again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def _settle(outbox: _Outbox, level: int) -> None:
    """Signals are the parent's, stdout is the product's, stdin is nobody's, log records go to the parent."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
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
    """Empty the pipe at all times, so that parent and worker never wait for each other; die with the parent."""

    def listen() -> None:
        try:
            while True:
                inbox(pipe.recv())
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()


def _portable(error: Exception) -> BaseException:
    """The error with its traceback as text, in a form that can travel."""
    text = "".join(traceback.format_exception(error)).rstrip()
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever an error's own pickling does, its text must arrive
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"in a worker process:\n{text}")
    return error
