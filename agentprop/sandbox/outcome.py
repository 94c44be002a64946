"""Output of a child → results; the kernel's and the clock's account come first, the child's own last."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from agentprop.sandbox.body import Body
from agentprop.sandbox.child_output import ChildOutput
from agentprop.sandbox.inside.protocol import DEADLINE, ENTERED
from agentprop.sandbox.inside.runner import Frame
from agentprop.sandbox.limits import CPU, MEMORY, Allowance
from agentprop.sandbox.records import OUTSIDE, Level, Result, Status

HEAD_BYTES = 48 << 10
TAIL_BYTES = 16 << 10
CPU_SLACK_S = 0.1
NEARLY_ALL = 0.9
"""Share of the memory allowance at which a sudden death is put down to memory."""
BUSY = 0.5
"""Share of its time, or of its memory, that code must have used itself before running into the limit is put down to it
without a second try."""


def single_result(child: ChildOutput, body: Body, level: Level) -> Result:
    """Return the result of a body with one job."""
    status, detail = judge(child, body)
    frame = child.reader.frames[0] if child.reader.frames else None
    stdout, cut_stdout = shorten(bytes(child.stdout))
    stderr, cut_stderr = shorten(bytes(child.stderr))
    reported = frame if frame is not None and status in ("ok", "error", "memory") else None
    valued = reported is not None and status == "ok" and reported.has_value
    return Result(
        status,
        detail,
        stdout,
        stderr,
        error=reported.error if reported else None,
        traceback=reported.traceback if reported else None,
        value=reported.value if reported and valued else None,
        has_value=valued,
        duration_s=child.ended.wall_s if child.ended else 0.0,
        cpu_s=cpu_seconds(child),
        ticks=frame.ticks if frame is not None else 0,
        truncated=cut_stdout or cut_stderr,
        isolation=level,
    )


def batch_results(child: ChildOutput, body: Body, level: Level) -> list[Result | None]:
    """Return the results of a batch, in order; None for each job that has to be run again by itself.

    If the child breaks the protocol in any way, or prints outside its jobs' streams, none of its results is used.
    """
    frames: Sequence[Frame | None] = child.reader.frames
    surprised = child.bad_frame is not None or child.stdout or child.stderr or len(frames) > body.frames
    if child.first != ENTERED or surprised:
        frames = []
    padded = [*frames, *[None] * (body.frames - len(frames))]
    return [_batched_result(frame, body, level) for frame in padded]


def _batched_result(frame: Frame | None, body: Body, level: Level) -> Result | None:
    if frame is None or frame.status not in ("ok", "error"):
        return None
    status: Status = "ok" if frame.status == "ok" else "error"
    return Result(
        status,
        frame.detail,
        frame.stdout,
        frame.stderr,
        frame.error,
        frame.traceback,
        frame.value,
        frame.has_value,
        frame.duration_s,
        frame.cpu_s,
        ticks=frame.ticks,
        isolation=level,
        calls_per_fork=body.frames,
    )


def judge(child: ChildOutput, body: Body) -> tuple[Status, str | None]:
    """Return status and detail, by the first rule that matches: limits, death, frames."""
    if child.first != ENTERED:
        reason = child.reader.buffer.decode(errors="backslashreplace")
        return "sandbox-unavailable", reason or "the child did not finish its set-up"
    return _judge_limits(child) or _judge_death(child) or _judge_frames(child, body)


def deserves_another_try(child: ChildOutput, body: Body) -> bool:
    """Whether what happened may be the machine's doing: then it is tried once more before it is believed.

    So is a time-out of code that computed for less than half of it, on a machine that may have been busy with others,
    and a lack of memory of code that held less than half of its own.
    """
    status, _ = judge(child, body)
    if status in OUTSIDE:
        return True
    if child.ended is None or child.allowance is None:
        return False
    if status == "timeout":
        return cpu_seconds(child) < BUSY * sum(body.timeouts_s)
    return status == "memory" and _share_of_memory(child) < BUSY


def _judge_limits(child: ChildOutput) -> tuple[Status, str] | None:
    if child.cancelled == "output-limit":
        return "output-limit", "killed while writing more than it may"
    if child.cancelled == "timeout" or (child.ended is not None and child.ended.reason == DEADLINE):
        return "timeout", "wall"
    allowed, killed_by = _allowance(child), _signal(child)
    if killed_by in (signal.SIGKILL, signal.SIGXCPU) and cpu_seconds(child) >= allowed.cpu_s - CPU_SLACK_S:
        return "timeout", f"cpu{allowed.named(CPU)}"
    return None


def _judge_death(child: ChildOutput) -> tuple[Status, str] | None:
    killed_by = _signal(child)
    if killed_by is None or (child.cancelled is not None and killed_by == signal.SIGKILL):
        return None
    if killed_by == signal.SIGKILL:  # a limit on memory makes allocations fail, and kills nobody
        if child.starved_of_memory:
            return "out-of-memory", "the kernel killed it because the memory of the machine or of our group ran out"
        return "interrupted", "SIGKILL from outside, below its own limits"
    if _share_of_memory(child) >= NEARLY_ALL:
        return "memory", f"died at its memory limit{_allowance(child).named(MEMORY)}"
    return "killed", _signal_name(killed_by)


def _allowance(child: ChildOutput) -> Allowance:
    assert child.allowance is not None  # a child that entered was allowed something
    return child.allowance


def _share_of_memory(child: ChildOutput) -> float:
    """Memory held at most ÷ what was allowed."""
    return child.ended.max_rss_kb / max(1, _allowance(child).memory_mb << 10) if child.ended is not None else 0.0


def _judge_frames(child: ChildOutput, body: Body) -> tuple[Status, str | None]:
    frames = child.reader.frames
    if child.bad_frame is not None or len(frames) > body.frames:
        return "error", "bad-frame: " + (child.bad_frame or "more frames than jobs")
    if len(frames) < body.frames:
        return "error", "early-exit: the process ended before its result was written"
    frame = frames[0]
    if frame.status == "memory":
        return "memory", f"MemoryError{_allowance(child).named(MEMORY)}"
    return ("ok" if frame.status == "ok" else "error"), frame.detail


def cpu_seconds(child: ChildOutput) -> float:
    """Return user and system time of the child, in seconds."""
    return child.ended.user_s + child.ended.system_s if child.ended else 0.0


def _signal(child: ChildOutput) -> int | None:
    """The signal that ended the child; an abort ends it by an exit code (see `linux.exit_at`)."""
    if child.ended is None:
        return None
    status = child.ended.wait_status
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    aborted = os.WIFEXITED(status) and os.WEXITSTATUS(status) == signal.SIGABRT
    return signal.SIGABRT if aborted else None


def _signal_name(number: int) -> str:
    """Return the name of a signal, or its number, since most real-time signals have no name."""
    return next((known.name for known in signal.Signals if known == number), f"signal {number}")


def shorten(data: bytes) -> tuple[str, bool]:
    """Decode output, dropping the middle if it is long; return the text and True if something was dropped."""
    long = len(data) > HEAD_BYTES + TAIL_BYTES
    if long:
        left_out = len(data) - HEAD_BYTES - TAIL_BYTES
        data = data[:HEAD_BYTES] + f"\n[... {left_out} bytes left out ...]\n".encode() + data[-TAIL_BYTES:]
    return data.decode("utf-8", errors="backslashreplace"), long
