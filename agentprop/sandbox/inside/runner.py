"""A body in, frames out: runs untrusted jobs in the child, one fresh namespace and one result frame for each.

A body is JSON: `{"mode": …, "sources": [text, …], …}` where everything else names sources by index. A frame is a
4-byte length and a JSON list (see `Frame`). Everything here runs at the mercy of the code it runs: the harness
believes a frame about that code's own values only, and never about time, memory or success of anything else.
"""

from __future__ import annotations

import builtins
import io
import os
import random
import struct
import sys
import time
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TextIO

from .codec import CodecError, dump, encode
from .importer import CompileCache, MemoryImporter, remember_lines

RESULT_FD = 3
MAIN = "<job>"
CAPTURED_LIMIT = 64 * 1024
"""Bytes a job of a batch may print; one that prints more is run again by itself, on real pipes."""
SENDING_INTERVAL_S = 0.005
"""Frames of quick jobs are sent together: waking the harness for each costs more than the job."""
SENDING_BYTES = 32 * 1024
ERROR_LIMIT = 2_000
"""Characters of the one-line error."""
TRACEBACK_LIMIT = 4_000
TRACEBACK_FRAMES = 5
FOREIGN = "foreign"
"""Detail of a value that is not plain: what stands in its place is the codec's text of it."""
RAISED = "raised: "
"""Begins a detail that is the word of an exception of the code itself."""
DETAIL_LIMIT = 200


class Frame(NamedTuple):
    """What a child says about one job or one case."""

    number: int
    status: str
    """ok, error or memory."""
    error: str | None
    traceback: str | None
    detail: str | None
    stdout: str
    stderr: str
    has_value: bool
    value: object
    """Encoded by the codec."""
    duration_s: float
    cpu_s: float


class Ending(NamedTuple):
    """How a piece of untrusted code ended."""

    status: str = "ok"
    error: str | None = None
    traceback: str | None = None
    detail: str | None = None


class _Captured(io.BytesIO):
    """A job's output in a batch; too much of it ends the child, and the harness runs the rest one by one."""

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > CAPTURED_LIMIT:
            os._exit(0)
        return super().write(data)


class Runner:
    """Runs code for one child and reports on the result pipe."""

    def __init__(self, result: int = RESULT_FD) -> None:
        self._result = result
        self.cache = CompileCache()
        self.importer = MemoryImporter(self.cache)
        self._pid = os.getpid()
        self._unsent = bytearray()
        self._sent_at = time.monotonic()
        sys.meta_path.insert(0, self.importer)

    def run_jobs(self, sources: list[str], jobs: list[list[Any]]) -> None:
        """Run `[code, {module: source}, returns]` triples in order."""
        captured = len(jobs) > 1
        for index, (code, modules, returns) in enumerate(jobs):
            self.importer.serve({name: sources[source] for name, source in modules.items()})
            streams = _redirect() if captured else None
            started, cpu = time.monotonic(), time.process_time()
            ending, has_value, value = self._run_job(sources[code], returns)
            seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu
            stdout, stderr = _collect(streams) if streams else ("", "")
            self.report(Frame(index, *ending, stdout, stderr, has_value, value, seconds, cpu_s))

    def _run_job(self, source: str, returns: str | None) -> tuple[Ending, bool, object]:
        namespace = fresh_namespace()
        ending = self.execute(source, namespace)
        if ending.status != "ok" or returns is None:
            return ending, False, None
        if returns not in namespace:
            return Ending("error", f"NameError: the code leaves no global named {returns!r}"), False, None
        return self.export(namespace[returns])

    def execute(self, source: str, namespace: dict[str, Any]) -> Ending:
        """Run the source as a program and say how it ended."""
        random.seed(0)
        try:
            exec(self.cache.compile(source, MAIN), namespace)
        except SystemExit as problem:
            return _ending_of_exit(problem)
        except BaseException as problem:
            remember_lines(MAIN, source)
            self.importer.show_lines()
            return describe(problem)
        return Ending()

    def export(self, value: object) -> tuple[Ending, bool, object]:
        """The value as the codec writes it, or why it cannot leave."""
        try:
            return Ending(), True, encode(value)
        except CodecError as problem:
            return Ending("error", f"TypeError: {problem}"), False, None
        except BaseException as problem:
            return describe(problem), False, None

    def _returned(self, value: object) -> tuple[Ending, bool, object]:
        """A call's value; one that holds other types than plain ones as a text, and the detail says so."""
        ending, has_value, encoded = self.export(value)
        if has_value:
            return ending, True, encoded
        try:
            text = dump(encode(value, foreign=True)).decode()
        except CodecError as problem:
            text = dump(["o", str(problem)]).decode()
        return Ending(detail=FOREIGN), True, encode(text)

    def call_case(self, index: int, function: Callable[..., object], arguments: object) -> Frame:
        """One call as a frame: its value, or the name of what it raised as the detail."""
        started, cpu = time.monotonic(), time.process_time()
        try:
            ending, has_value, value = self._returned(function(*arguments))  # type: ignore[misc]
        except BaseException as problem:
            ending, has_value, value = describe(problem)._replace(detail=type(problem).__name__), False, None
        seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu
        return Frame(index, *ending, "", "", has_value, value, seconds, cpu_s)

    def report(self, frame: Frame) -> None:
        """Write one frame, from the process the harness started and from no fork of it."""
        if os.getpid() != self._pid:
            os._exit(0)
        _flush(sys.stdout, sys.__stdout__)
        self._unsent += framed(list(frame))
        now = time.monotonic()
        if now - self._sent_at > SENDING_INTERVAL_S or len(self._unsent) > SENDING_BYTES:
            self.send()

    def send(self) -> None:
        """Pass on the frames reported so far."""
        write_all(self._result, self._unsent)
        self._unsent.clear()
        self._sent_at = time.monotonic()


def fresh_namespace(name: str = "__main__") -> dict[str, Any]:
    """The globals of a new module, `__main__` unless named otherwise."""
    module = ModuleType(name)
    module.__dict__["__builtins__"] = builtins
    sys.modules[name] = module
    return module.__dict__


def _flush(*streams: TextIO | None) -> None:
    """Push out what was printed; a stream that the code has broken or closed has nothing left to say."""
    for stream in streams:
        try:
            stream.flush()  # type: ignore[union-attr]
        except BaseException:
            continue


def framed(data: object) -> bytes:
    """Length and JSON."""
    text = dump(data)
    return struct.pack("<I", len(text)) + text


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Write every byte, in as many calls as the pipe wants."""
    position = 0
    while position < len(data):
        position += os.write(descriptor, data[position:])


def describe(problem: BaseException) -> Ending:
    """The exception as one line and its last frames, leaving out the frame of this file."""
    status = "memory" if isinstance(problem, MemoryError) else "error"
    try:
        where = problem.__traceback__.tb_next if problem.__traceback__ else None
        line = traceback.format_exception_only(type(problem), problem)[-1].strip()
        lines = traceback.format_exception(type(problem), problem, where, limit=-TRACEBACK_FRAMES)
        return Ending(status, line[:ERROR_LIMIT], "".join(lines)[-TRACEBACK_LIMIT:], _own_detail(problem))
    except BaseException:  # the exception's own methods are untrusted too
        return Ending(status, type(problem).__name__[:ERROR_LIMIT])


def _own_detail(problem: BaseException) -> str | None:
    """What an exception says in its attribute `detail`, marked as its own word."""
    detail = getattr(problem, "detail", None)
    return f"{RAISED}{detail[:DETAIL_LIMIT]}" if type(detail) is str else None


def _ending_of_exit(problem: SystemExit) -> Ending:
    """`sys.exit()` and `sys.exit(0)` are a good end; the code is shown only where printing it cannot run anything."""
    code = problem.code
    if code is None or (type(code) is int and code == 0):
        return Ending(detail="SystemExit(0)")
    shown = repr(code)[:ERROR_LIMIT] if type(code) in (int, str) else type(code).__name__
    return Ending("error", f"SystemExit: {shown}")


def _redirect() -> tuple[TextIO, TextIO]:
    streams = (_text(_Captured()), _text(_Captured()))
    sys.stdout, sys.stderr = streams
    sys.stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    return streams


def _text(buffer: io.BytesIO) -> TextIO:
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", newline="\n")


def _collect(streams: tuple[TextIO, TextIO]) -> tuple[str, str]:
    stdout, stderr = (_contents(stream) for stream in streams)
    return stdout, stderr


def _contents(stream: TextIO) -> str:
    if stream.closed:
        return ""
    stream.flush()
    text: bytes = stream.buffer.getvalue()  # type: ignore[attr-defined]
    return text.decode("utf-8", errors="backslashreplace")
