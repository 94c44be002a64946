"""What a child did becomes results: what the kernel and the clock say counts first, the child's word last."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Sequence

from agentprop.sandbox.body import Body
from agentprop.sandbox.conversation import ChildRecord
from agentprop.sandbox.inside.protocol import DEADLINE, ENTERED
from agentprop.sandbox.inside.runner import Frame
from agentprop.sandbox.records import Level, Result, Status

HEAD_BYTES = 48 << 10
TAIL_BYTES = 16 << 10
CPU_SLACK_S = 0.1
NEARLY_ALL = 0.9
"""Share of the memory allowance at which a sudden death is put down to memory."""


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
    return _judge_limits(talk, body) or _judge_death(talk, body) or _judge_frames(talk, body)


def _judge_limits(talk: ChildRecord, body: Body) -> tuple[Status, str] | None:
    if talk.cancelled == "output-limit":
        return "output-limit", "killed while writing more than it may"
    if talk.cancelled == "timeout" or (talk.ended is not None and talk.ended.reason == DEADLINE):
        return "timeout", "wall"
    killed_by = _signal(talk)
    cpu_limit = math.ceil(sum(body.timeouts_s))
    if killed_by in (signal.SIGKILL, signal.SIGXCPU) and cpu_seconds(talk) >= cpu_limit - CPU_SLACK_S:
        return "timeout", "cpu"
    return None


def _judge_death(talk: ChildRecord, body: Body) -> tuple[Status, str] | None:
    killed_by = _signal(talk)
    if killed_by is None or (talk.cancelled is not None and killed_by == signal.SIGKILL):
        return None
    if talk.ended is not None and talk.ended.max_rss_kb >= NEARLY_ALL * body.memory_mb * 1024:
        return "memory", "died at its memory limit"
    return "killed", _signal_name(killed_by)


def _judge_frames(talk: ChildRecord, body: Body) -> tuple[Status, str | None]:
    frames = talk.reader.frames
    if talk.bad_frame is not None or len(frames) > body.frames:
        return "error", "bad-frame: " + (talk.bad_frame or "more frames than jobs")
    if len(frames) < body.frames:
        return "error", "early-exit: the process ended before its result was written"
    frame = frames[0]
    if frame.status == "memory":
        return "memory", "MemoryError"
    return ("ok" if frame.status == "ok" else "error"), frame.detail


def cpu_seconds(talk: ChildRecord) -> float:
    """User and system time of the child."""
    return talk.ended.user_s + talk.ended.system_s if talk.ended else 0.0


def _signal(talk: ChildRecord) -> int | None:
    if talk.ended is None or not os.WIFSIGNALED(talk.ended.wait_status):
        return None
    return os.WTERMSIG(talk.ended.wait_status)


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
