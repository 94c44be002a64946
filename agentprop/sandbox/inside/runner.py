"""A body → frames: runs untrusted jobs in the child, each in a fresh namespace and with one result frame.

A body is JSON: `{"mode": …, "sources": [text, …], …}`, and its other parts refer to sources by index. A frame is a
4-byte length and a JSON list (see `Frame`). The untrusted code can tamper with everything here, so the harness believes
a frame only about that code's own values, never about time, memory or the success of anything else.
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
from .importer import SOURCES, CompileCache, MemoryImporter, remember_lines
from .meter import Meter, OutOfTicks

RESULT_FD = 3
MAIN = "<job>"
CAPTURED_LIMIT = 64 * 1024
"""Most bytes that a job of a batch may print; one that prints more is run again by itself, on real pipes."""
SENDING_INTERVAL_S = 0.005
"""Seconds between sends: frames of quick jobs are sent together, since waking the harness costs more than the job."""
SENDING_BYTES = 32 * 1024
ERROR_LIMIT = 2_000
"""Most characters of the one-line error."""
TRACEBACK_LIMIT = 4_000
TRACEBACK_FRAMES = 5
FOREIGN = "foreign"
"""Detail of a value that is not plain: what stands in its place is the codec's text of it."""
RAISED = "raised: "
"""Prefix of a detail that comes from an exception of the code itself."""
DETAIL_LIMIT = 200


class Frame(NamedTuple):
    """Report of a child on one job or one case."""

    number: int
    status: str
    """Status: ok, error or memory."""
    error: str | None
    traceback: str | None
    detail: str | None
    stdout: str
    stderr: str
    has_value: bool
    value: object
    """Value, encoded by the codec."""
    duration_s: float
    cpu_s: float
    ticks: int = 0
    """Ticks used, if they were counted."""


class CodeOutcome(NamedTuple):
    """Outcome of a piece of untrusted code."""

    status: str = "ok"
    error: str | None = None
    traceback: str | None = None
    detail: str | None = None


class _Captured(io.BytesIO):
    """Output of a job in a batch; too much of it ends the child, and the harness runs the remaining jobs one by one."""

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > CAPTURED_LIMIT:
            os._exit(0)
        return super().write(data)


class Runner:
    """Runner of code in one child, which reports on the result pipe."""

    def __init__(self, result: int = RESULT_FD) -> None:
        self._result = result
        self.cache = CompileCache()
        self.importer = MemoryImporter(self.cache)
        self._pid = os.getpid()
        self._unsent = bytearray()
        self._sent_at = time.monotonic()
        sys.meta_path.insert(0, self.importer)

    def run_jobs(self, sources: list[str], jobs: list[list[Any]]) -> None:
        """Run `[code, {module: source}, returns, limit of ticks, standard input]` rows in order.

        A module without a source is one that the zygote knows.
        """
        captured = len(jobs) > 1
        for index, (code, modules, returns, ticks, given) in enumerate(jobs):
            self.importer.serve({n: SOURCES[n] if source is None else sources[source] for n, source in modules.items()})
            streams = _redirect(given) if captured else None
            meter = Meter(ticks) if ticks is not None else None
            started, cpu = time.monotonic(), time.process_time()
            outcome, has_value, value = self._run_job(sources[code], returns, meter)
            seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu
            stdout, stderr = _collect(streams) if streams else ("", "")
            self.report(Frame(index, *outcome, stdout, stderr, has_value, value, seconds, cpu_s, used(meter)))

    def _run_job(
        self, source: str, returns: str | None, meter: Meter | None = None
    ) -> tuple[CodeOutcome, bool, object]:
        namespace = fresh_namespace()
        outcome = self.execute(source, namespace, meter)
        outcome = overrun(meter) or outcome
        if outcome.status != "ok" or returns is None:
            return outcome, False, None
        if returns not in namespace:
            return CodeOutcome("error", f"NameError: the code leaves no global named {returns!r}"), False, None
        return self.export(namespace[returns])

    def execute(self, source: str, namespace: dict[str, Any], meter: Meter | None = None) -> CodeOutcome:
        """Run a source as a program, counting its ticks if there is a meter, and return its outcome."""
        random.seed(0)
        try:
            if meter is None:
                exec(self.cache.compile(source, MAIN), namespace)
            else:
                code = meter.compile(source, MAIN)
                namespace.update(meter.namespace())
                exec(code, namespace)
        except SystemExit as problem:
            return _outcome_of_exit(problem)
        except BaseException as problem:
            remember_lines(MAIN, source)
            self.importer.show_lines()
            return describe(problem)
        return CodeOutcome()

    def export(self, value: object) -> tuple[CodeOutcome, bool, object]:
        """Encode a value; return (outcome, True, value), or the error and False."""
        try:
            return CodeOutcome(), True, encode(value)
        except CodecError as problem:
            return CodeOutcome("error", f"TypeError: {problem}"), False, None
        except BaseException as problem:
            return describe(problem), False, None

    def _returned(self, value: object) -> tuple[CodeOutcome, bool, object]:
        """A call's value; one that holds other types than plain ones as a text, and the detail says so."""
        outcome, has_value, encoded = self.export(value)
        if has_value:
            return outcome, True, encoded
        try:
            text = dump(encode(value, foreign=True)).decode()
        except CodecError as problem:
            text = dump(["o", str(problem)]).decode()
        return CodeOutcome(detail=FOREIGN), True, encode(text)

    def call_case(
        self, index: int, function: Callable[..., object], arguments: object, meter: Meter | None = None
    ) -> Frame:
        """One call as a frame: its value, or the name of what it raised as the detail."""
        if meter is not None:
            meter.restart()
        started, cpu = time.monotonic(), time.process_time()
        try:
            outcome, has_value, value = self._returned(function(*arguments))  # type: ignore[misc]
        except BaseException as problem:
            outcome, has_value, value = describe(problem)._replace(detail=type(problem).__name__), False, None
        seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu
        if (ended := overrun(meter)) is not None:
            outcome, has_value, value = ended, False, None
        return Frame(index, *outcome, "", "", has_value, value, seconds, cpu_s, used(meter))

    def report(self, frame: Frame) -> None:
        """Queue one frame; a fork of the process that the harness started exits instead."""
        if os.getpid() != self._pid:
            os._exit(0)
        _flush(sys.stdout, sys.__stdout__)
        self._unsent += framed(list(frame))
        now = time.monotonic()
        if now - self._sent_at > SENDING_INTERVAL_S or len(self._unsent) > SENDING_BYTES:
            self.send()

    def send(self) -> None:
        """Send the queued frames."""
        write_all(self._result, self._unsent)
        self._unsent.clear()
        self._sent_at = time.monotonic()


def used(meter: Meter | None) -> int:
    """Ticks used, 0 if they are not counted."""
    return 0 if meter is None else meter.used


def overrun(meter: Meter | None) -> CodeOutcome | None:
    """The outcome of a program that used too many ticks, even if it swallowed what told it so."""
    if meter is None or not meter.over:
        return None
    return CodeOutcome("error", f"{OutOfTicks.__name__}: more than {meter.limit} ticks", None, OutOfTicks.__name__)


def fresh_namespace(name: str = "__main__") -> dict[str, Any]:
    """The globals of a new module, `__main__` unless named otherwise."""
    module = ModuleType(name)
    module.__dict__["__builtins__"] = builtins
    sys.modules[name] = module
    return module.__dict__


def _flush(*streams: TextIO | None) -> None:
    """Flush streams, ignoring those that the code has broken or closed."""
    for stream in streams:
        try:
            stream.flush()  # type: ignore[union-attr]
        except BaseException:
            continue


def framed(data: object) -> bytes:
    """Return data as a frame: length and JSON."""
    text = dump(data)
    return struct.pack("<I", len(text)) + text


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Write all bytes, in as many calls as the pipe needs."""
    position = 0
    while position < len(data):
        position += os.write(descriptor, data[position:])


def describe(problem: BaseException) -> CodeOutcome:
    """Describe an exception by one line and its last frames, without the frame of this file."""
    status = "memory" if isinstance(problem, MemoryError) else "error"
    try:
        where = problem.__traceback__.tb_next if problem.__traceback__ else None
        line = traceback.format_exception_only(type(problem), problem)[-1].strip()
        lines = traceback.format_exception(type(problem), problem, where, limit=-TRACEBACK_FRAMES)
        return CodeOutcome(status, line[:ERROR_LIMIT], "".join(lines)[-TRACEBACK_LIMIT:], _own_detail(problem))
    except BaseException:  # the exception's own methods are untrusted as well
        return CodeOutcome(status, type(problem).__name__[:ERROR_LIMIT])


def _own_detail(problem: BaseException) -> str | None:
    """Return an exception's attribute `detail`, marked as coming from the code."""
    detail = getattr(problem, "detail", None)
    return f"{RAISED}{detail[:DETAIL_LIMIT]}" if type(detail) is str else None


def _outcome_of_exit(problem: SystemExit) -> CodeOutcome:
    """Return the outcome of `sys.exit`; 0 and None are success, and other codes are shown if printing them is safe."""
    code = problem.code
    if code is None or (type(code) is int and code == 0):
        return CodeOutcome(detail="SystemExit(0)")
    shown = repr(code)[:ERROR_LIMIT] if type(code) in (int, str) else type(code).__name__
    return CodeOutcome("error", f"SystemExit: {shown}")


def _redirect(given: str) -> tuple[TextIO, TextIO]:
    streams = (_text(_Captured()), _text(_Captured()))
    sys.stdout, sys.stderr = streams
    sys.stdin = io.TextIOWrapper(io.BytesIO(given.encode("utf-8", "surrogatepass")), encoding="utf-8", errors="replace")
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
