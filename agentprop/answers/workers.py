"""Calls of one function in processes that can be killed: a request goes out as a line of JSON, a reply comes back.

The clock starts when the worker says that it has begun and counts its own processor time where the system tells it, so
that a busy machine costs nobody a verdict. A worker that overruns is killed and replaced. Any thread may call.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

STARTUP_S = 60.0
"""Longest wait for a new interpreter to come up on a busy machine before giving up on it."""

PATIENCE = 12
"""Seconds that are waited for each second of processor time that a call may take."""

MEMORY_BYTES = 2 << 30
"""Address space of a worker; beyond it a call raises MemoryError."""

Request = Mapping[str, Any]
Reply = dict[str, str]
Handler = Callable[[dict[str, Any]], Reply]
"""A module's own function, found by its name in the child; what a request may contain is JSON."""

DIED: Reply = {"status": "undetermined", "rule": "crash", "why": "the worker process died"}


class WorkerProcess:
    """One child process, used by one thread at a time."""

    def __init__(self, handler: Handler) -> None:
        module, name = handler.__module__, handler.__name__
        code = f"from {module} import {name}; from {__name__} import serve; serve({name})"
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],  # nothing is imported from the working directory
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._in, self._out = self.process.stdin, self.process.stdout
        self._buffer = b""

    def ask(self, request: Request, timeout_s: float) -> Reply | None:
        """The worker's reply; None when it overran (it is dead then)."""
        try:
            self._in.write(json.dumps(request).encode() + b"\n")
            self._in.flush()
        except BrokenPipeError:
            self.close()
            return None
        began = self._line(STARTUP_S) is not None
        reply = self._timed_line(timeout_s) if began else None
        if reply is None:
            crashed = self._ended()
            self.close()
            return DIED if crashed else None
        return dict(json.loads(reply))

    def _ended(self) -> bool:
        """The process is gone or going: its output has closed, rather than stayed silent."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            return bool(selector.select(0)) and not self._out.peek(1)  # type: ignore[attr-defined]

    def _timed_line(self, seconds: float) -> bytes | None:
        """The next line, if it takes no more than so many seconds of the worker's processor time."""
        start, until = self._processor_time(), time.monotonic() + PATIENCE * seconds
        while (line := self._line(seconds)) is None:
            used = self._processor_time()
            if start is None or used is None or used - start >= seconds or time.monotonic() > until or self._ended():
                return None
        return line

    def _processor_time(self) -> float | None:
        """Seconds that the worker has computed; None where the system does not tell."""
        if sys.platform != "linux":
            return None
        try:
            return time.clock_gettime(~self.process.pid << 3 | 2)  # the clock of another process
        except OSError:
            return None

    def _line(self, seconds: float) -> bytes | None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(seconds):
                    return None
                chunk = os.read(self._out.fileno(), 65536)
                if not chunk:
                    return None
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self._in, self._out):
            try:
                stream.close()
            except BrokenPipeError:
                continue


class Pool:
    """Workers that serve one function: at most one per core, grown on demand, kept until the interpreter ends."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._start()
        if hasattr(os, "register_at_fork"):  # Windows has no fork
            os.register_at_fork(after_in_child=self._start)  # a forked child must not share its parent's pipes
        atexit.register(self.close)

    def _start(self) -> None:
        self._idle: list[WorkerProcess] = []
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(os.cpu_count() or 1)

    @property
    def size(self) -> int:
        """Workers that may serve at once."""
        return os.cpu_count() or 1

    @property
    def idle(self) -> int:
        """Workers that wait for a request."""
        return len(self._idle)

    def ask(self, request: Request, timeout_s: float) -> Reply | None:
        with self._slots:
            worker = self._borrow()
            try:
                return worker.ask(request, timeout_s)
            except BaseException:
                worker.close()
                raise
            finally:
                if worker.alive:
                    with self._lock:
                        self._idle.append(worker)

    def _borrow(self) -> WorkerProcess:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.close()
        return WorkerProcess(self._handler)

    def close(self) -> None:
        with self._lock:
            for worker in self._idle:
                worker.close()
            self._idle.clear()


# -- inside the worker -----------------------------------------------------------------------------------------------


def serve(handler: Handler) -> None:
    """Read requests from stdin until it closes; answer on stdout. Runs in the child only."""
    if sys.platform == "linux":  # others have no such limit, or refuse it below what the interpreter has mapped
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        memory = MEMORY_BYTES if soft == resource.RLIM_INFINITY else min(MEMORY_BYTES, soft)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests = _requests_until_closed(sys.stdin)
    for line in iter(requests.get, None):
        _say("{}")
        _say(json.dumps(handler(json.loads(line))))


def _requests_until_closed(stream: TextIO) -> Any:
    """A queue fed by a thread that ends the process as soon as the parent is gone, even in mid-computation."""
    import queue

    requests: queue.Queue[str] = queue.Queue()

    def feed() -> None:
        for line in stream:
            requests.put(line)
        os._exit(0)

    threading.Thread(target=feed, daemon=True).start()
    return requests


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
