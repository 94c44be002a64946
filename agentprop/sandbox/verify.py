"""A candidate and what it is asked become outcomes, without the expected answers ever sharing a process with it."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

from agentprop.sandbox.body import Body, pair_body
from agentprop.sandbox.conversation import Conversation
from agentprop.sandbox.inside.runner import Frame
from agentprop.sandbox.levels import Slot
from agentprop.sandbox.outcome import judge, single_result
from agentprop.sandbox.records import CallOutcome, Level, Result

CANDIDATE_FAULTS = ("timeout", "memory", "killed", "output-limit", "sandbox-unavailable")


def call_outcomes(talk: Conversation, body: Body) -> list[CallOutcome]:
    """One outcome for each case; a case without a frame shares the fate of the process."""
    status, detail = judge(talk, body)
    frames = talk.reader.frames if status not in ("sandbox-unavailable",) and talk.bad_frame is None else []
    frames = frames if len(frames) <= body.frames else []
    told = [_outcome(frame) for frame in frames]
    error = frames[0].error if len(frames) == 1 and frames[0].detail is None and not frames[0].has_value else detail
    missing = CallOutcome("error" if status in ("ok", "memory") else status, error=error)
    return told + [missing] * (body.frames - len(told))


def _outcome(frame: Frame) -> CallOutcome:
    if frame.status == "ok":
        return CallOutcome("ok", frame.value, has_value=frame.has_value)
    return CallOutcome("memory" if frame.status == "memory" else "error", error=frame.error, exception=frame.detail)


def run_pair(
    candidate_slot: Slot, tests_slot: Slot, candidate: str, tests: str, function: str, timeout_s: float, level: Level
) -> Result:
    """The tests' result; the candidate's process is ended as soon as they are over."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    candidate_body = pair_body("candidate", candidate, function, timeout_s)
    tests_body = pair_body("tests", tests, function, timeout_s)
    told: list[Conversation] = []
    thread = threading.Thread(target=lambda: told.append(candidate_slot.run(candidate_body, ours)))
    with ours, theirs:
        thread.start()
        talk = tests_slot.run(tests_body, theirs)
    thread.join()
    result = single_result(talk, tests_body, level)
    status, detail = judge(told[0], candidate_body) if told else ("sandbox-unavailable", "no zygote")
    fault = told[0].reader.frames[0].error if told and told[0].reader.frames else None
    if result.status != "ok" and status in CANDIDATE_FAULTS:
        return replace(result, status=status, detail=f"candidate: {detail}")
    if result.status == "error" and fault:
        return replace(result, detail="candidate", error=fault)
    return result
