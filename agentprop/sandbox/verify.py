"""A candidate and what it is asked become outcomes, without the expected answers ever sharing a process with it."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from agentprop.sandbox.body import Body, pair_body
from agentprop.sandbox.conversation import ChildRecord
from agentprop.sandbox.inside.runner import Frame
from agentprop.sandbox.levels import SandboxSlot
from agentprop.sandbox.outcome import judge, single_result
from agentprop.sandbox.records import UNDECIDED, CallOutcome, Level, Result

CANDIDATE_FAULTS = ("killed", *UNDECIDED)


def call_outcomes(talk: ChildRecord, body: Body) -> list[CallOutcome]:
    """One outcome for each case; a case without a frame shares the fate of the process."""
    status, detail = judge(talk, body)
    frames = talk.reader.frames
    if frames and frames[0].status != "ok" and frames[0].detail is None:
        return [_outcome(frames[0])] * body.frames  # the source itself failed: no case was called
    if status == "sandbox-unavailable" or talk.bad_frame is not None or len(frames) > body.frames:
        return [CallOutcome(status, error=detail)] * body.frames
    told = [_outcome(frame) for frame in frames]
    return told + [CallOutcome(status, error=detail)] * (body.frames - len(told))


def _outcome(frame: Frame) -> CallOutcome:
    if frame.status == "ok":
        return CallOutcome("ok", frame.value, has_value=frame.has_value)
    return CallOutcome("memory" if frame.status == "memory" else "error", error=frame.error, exception=frame.detail)


def run_pair(
    candidate_slot: SandboxSlot,
    tests_slot: SandboxSlot,
    candidate: str,
    tests: str,
    function: str,
    timeout_s: float,
    level: Level,
) -> Result:
    """The tests' result; the candidate's process is ended as soon as they are over."""
    candidate_body = pair_body("candidate", candidate, function, timeout_s)
    tests_body = pair_body("tests", tests, function, timeout_s)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs, ThreadPoolExecutor(1) as beside:
        candidate_run = candidate_slot.start(candidate_body, ours)
        ours.close()
        candidate_end = beside.submit(candidate_run.finish)  # someone must drain what the candidate prints
        try:
            tests_run = tests_slot.start(tests_body, theirs)
            theirs.close()
            result = single_result(tests_run.finish(), tests_body, level)
        finally:
            candidate_run.cancel("over")
        return _blame(result, candidate_end.result(), candidate_body)


def _blame(result: Result, candidate: ChildRecord, body: Body) -> Result:
    """The tests' result, with the candidate's fate as the reason where that is what the tests ran into."""
    if result.status == "ok":
        return result
    status, detail = judge(candidate, body)
    if status in CANDIDATE_FAULTS:
        return replace(result, status=status, detail=f"candidate: {detail}")
    fault = candidate.reader.frames[0].error if candidate.reader.frames else None
    return replace(result, detail="candidate", error=fault) if fault and result.status == "error" else result
