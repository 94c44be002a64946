"""The life of a worker process: items from a pipe, results into it, until the parent says so or is gone.

A worker is a fresh interpreter. It ignores Ctrl-C, which is the parent's to handle, writes to stderr only, sends its
log records to the parent, and ends when the parent does, even by SIGKILL: the pipe closes and a thread is listening.
"""

from __future__ import annotations

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
from multiprocessing.connection import Connection
from typing import Any

from agentprop.engine.interruption import SIGNALS


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


def serve(pipe: Connection[Any, Any], level: int) -> None:
    """The life of a worker: its setup and then items from the pipe, results to the pipe, until None comes."""
    outbox = _Outbox(pipe)
    _settle(outbox, level)
    inbox: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()
    try:
        try:
            function, initializer, initargs = pipe.recv()
        except EOFError:
            return
        threading.Thread(target=_listen, args=(pipe, inbox), daemon=True).start()
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
