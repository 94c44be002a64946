"""What a child did becomes results: what the kernel and the clock say counts first, the child's word last.

A SIGKILL that neither the harness nor a limit of the child accounts for comes from outside: it is no word on the code.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from agentprop.sandbox.body import Body
from agentprop.sandbox.conversation import ChildRecord
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


def single_result(talk: ChildRecord, body: Body, level: Level) -> Result:
    """The result of a body with one job."""
    status, detail = judge(talk, body)
    frame = talk.reader.frames[0] if talk.reader.frames else None
    stdout, cut_stdout = shorten(bytes(talk.stdout))
    stderr, cut_stderr = shorten(bytes(talk.stderr))
    told = frame if frame is not None and status in ("ok", "error", "memory") else None
    valued = told is not None and status == "ok" and told.has_value
    return Result(
        status,
        detail,
        stdout,
        stderr,
        error=told.error if told else None,
        traceback=told.traceback if told else None,
        value=told.value if told and valued else None,
        has_value=valued,
        duration_s=talk.ended.wall_s if talk.ended else 0.0,
        cpu_s=cpu_seconds(talk),
        truncated=cut_stdout or cut_stderr,
        isolation=level,
    )


def batch_results(talk: ChildRecord, body: Body, level: Level) -> list[Result | None]:
    """The results of a batch, in order; None for each job that has to be run again by itself.

    A child that breaks the protocol in any way, or prints past its jobs' own streams, is not believed at all.
    """
    frames: Sequence[Frame | None] = talk.reader.frames
    surprised = talk.bad_frame is not None or talk.stdout or talk.stderr or len(frames) > body.frames
    if talk.first != ENTERED or surprised:
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
        isolation=level,
        calls_per_fork=body.frames,
    )


def judge(talk: ChildRecord, body: Body) -> tuple[Status, str | None]:
    """Status and detail; the first that matches wins."""
    if talk.first != ENTERED:
        reason = talk.reader.buffer.decode(errors="backslashreplace")
        return "sandbox-unavailable", reason or "the child did not finish its set-up"
    return _judge_limits(talk) or _judge_death(talk) or _judge_frames(talk, body)


def deserves_another_try(talk: ChildRecord, body: Body) -> bool:
    """Whether what happened may be the machine's doing: then it is tried once more before it is believed.

    So is a time-out of code that computed for less than half of it, on a machine that may have been busy with others,
    and a lack of memory of code that held less than half of its own.
    """
    status, _ = judge(talk, body)
    if status in OUTSIDE:
        return True
    if talk.ended is None or talk.allowance is None:
        return False
    if status == "timeout":
        return cpu_seconds(talk) < BUSY * sum(body.timeouts_s)
    return status == "memory" and _share_of_memory(talk) < BUSY


def _judge_limits(talk: ChildRecord) -> tuple[Status, str] | None:
    if talk.cancelled == "output-limit":
        return "output-limit", "killed while writing more than it may"
    if talk.cancelled == "timeout" or (talk.ended is not None and talk.ended.reason == DEADLINE):
        return "timeout", "wall"
    allowed, killed_by = _allowance(talk), _signal(talk)
    if killed_by in (signal.SIGKILL, signal.SIGXCPU) and cpu_seconds(talk) >= allowed.cpu_s - CPU_SLACK_S:
        return "timeout", f"cpu{allowed.named(CPU)}"
    return None


def _judge_death(talk: ChildRecord) -> tuple[Status, str] | None:
    killed_by = _signal(talk)
    if killed_by is None or (talk.cancelled is not None and killed_by == signal.SIGKILL):
        return None
    if killed_by == signal.SIGKILL:  # a limit on memory makes allocations fail, and kills nobody
        if talk.starved_of_memory:
            return "out-of-memory", "the kernel killed it because the memory of the machine or of our group ran out"
        return "interrupted", "SIGKILL from outside, below its own limits"
    if _share_of_memory(talk) >= NEARLY_ALL:
        return "memory", f"died at its memory limit{_allowance(talk).named(MEMORY)}"
    return "killed", _signal_name(killed_by)


def _allowance(talk: ChildRecord) -> Allowance:
    assert talk.allowance is not None  # a child that entered was allowed something
    return talk.allowance


def _share_of_memory(talk: ChildRecord) -> float:
    """Memory held at most ÷ what was allowed."""
    return talk.ended.max_rss_kb / max(1, _allowance(talk).memory_mb << 10) if talk.ended is not None else 0.0


def _judge_frames(talk: ChildRecord, body: Body) -> tuple[Status, str | None]:
    frames = talk.reader.frames
    if talk.bad_frame is not None or len(frames) > body.frames:
        return "error", "bad-frame: " + (talk.bad_frame or "more frames than jobs")
    if len(frames) < body.frames:
        return "error", "early-exit: the process ended before its result was written"
    frame = frames[0]
    if frame.status == "memory":
        return "memory", f"MemoryError{_allowance(talk).named(MEMORY)}"
    return ("ok" if frame.status == "ok" else "error"), frame.detail


def cpu_seconds(talk: ChildRecord) -> float:
    """User and system time of the child."""
    return talk.ended.user_s + talk.ended.system_s if talk.ended else 0.0


def _signal(talk: ChildRecord) -> int | None:
    """The signal that ended the child; an abort ends it by an exit code (see `linux.exit_at`)."""
    if talk.ended is None:
        return None
    status = talk.ended.wait_status
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    aborted = os.WIFEXITED(status) and os.WEXITSTATUS(status) == signal.SIGABRT
    return signal.SIGABRT if aborted else None


def _signal_name(number: int) -> str:
    """Real-time signals between the first and the last have no name."""
    return next((known.name for known in signal.Signals if known == number), f"signal {number}")


def shorten(data: bytes) -> tuple[str, bool]:
    """The text, without its middle where it is long, and whether it was."""
    long = len(data) > HEAD_BYTES + TAIL_BYTES
    if long:
        left_out = len(data) - HEAD_BYTES - TAIL_BYTES
        data = data[:HEAD_BYTES] + f"\n[... {left_out} bytes left out ...]\n".encode() + data[-TAIL_BYTES:]
    return data.decode("utf-8", errors="backslashreplace"), long
