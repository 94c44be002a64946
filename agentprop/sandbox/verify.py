"""A program and its tests become a verdict, without the expected answers ever sharing a process with the program.

`passed` needs proof: every test there is ran to its end and called the program. `failed` needs evidence about the
program: a test that called it and failed, an exception it raised, a crash or exit of its own. Whatever else happens is
`undetermined`, with its reason.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

from agentprop.sandbox.body import Body, program_body, tests_body
from agentprop.sandbox.child_output import ChildOutput
from agentprop.sandbox.inside.codec import CodecError, Foreign, decode, load
from agentprop.sandbox.inside.runner import FOREIGN, Frame
from agentprop.sandbox.levels import SandboxSlot
from agentprop.sandbox.outcome import judge, single_result
from agentprop.sandbox.plans import TestPlan
from agentprop.sandbox.records import CallOutcome, Level, Result, Status

CRASHES = frozenset(("SIGSEGV", "SIGABRT", "SIGFPE", "SIGILL", "SIGTRAP"))
"""Signals by which a program ends itself; any other may have come from elsewhere."""
AT_THE_FENCE = re.compile(r"\[Errno (?:1|11|12|13|24|28|30|38)\]|can't start new thread")
"""Errors of a program that our own limits cause: EPERM, EAGAIN, ENOMEM, EACCES, EMFILE, ENOSPC, EROFS, ENOSYS."""
FENCED_KINDS = frozenset(("OSError", "PermissionError", "BlockingIOError", "RuntimeError"))
OVER = "over"
"""Why a program's process is ended when its tests are."""
NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


@dataclass(frozen=True, slots=True)
class PlanResult:
    """What tests written as code say about a program."""

    verdict: Literal["passed", "failed", "undetermined"]
    code: str
    """`tests` for a verdict of the tests; else what happened: timeout, memory, no-calls, incomplete, undecided, …"""
    why: str
    """The reason in a sentence."""
    isolation: str
    """The level in force."""
    duration_s: float = 0.0
    """Wall-clock seconds of the tests."""
    tests: tuple[tuple[str, str, int, str], ...] = ()
    """Name, end, calls of the program, and reason of each test that ran."""


# --- values out ---


def call_outcomes(child: ChildOutput, body: Body) -> list[CallOutcome]:
    """Return one outcome for each case; a case without a frame has the status of the process."""
    status, detail = judge(child, body)
    frames = child.reader.frames
    if frames and frames[0].status != "ok" and frames[0].detail is None:
        return [_outcome(frames[0])] * body.frames  # the source itself failed, so no case was called
    if status == "sandbox-unavailable" or child.bad_frame is not None or len(frames) > body.frames:
        return [CallOutcome(status, error=detail)] * body.frames
    reported = [_outcome(frame) for frame in frames]
    return reported + [CallOutcome(status, error=detail)] * (body.frames - len(reported))


def _outcome(frame: Frame) -> CallOutcome:
    """What a frame says; a value that is not plain holds `Foreign` parts."""
    if frame.status == "ok":
        value = _foreign(frame.value) if frame.detail == FOREIGN else frame.value
        return CallOutcome("ok", value, has_value=frame.has_value, ticks=frame.ticks)
    status: Status = "memory" if frame.status == "memory" else "error"
    return CallOutcome(status, error=frame.error, exception=frame.detail, ticks=frame.ticks)


def _foreign(text: object) -> object:
    try:
        return decode(load(str(text).encode("ascii", "replace")), foreign=True)
    except CodecError as problem:
        return Foreign(str(problem))


def says_nothing(status: str, told: str | None, exception: str | None = None) -> str | None:
    """Why the way a program ended is no evidence about it; None if it is.

    `told` is the error or detail that came with the status, `exception` the name of what a call raised.
    """
    text = told or status
    if status in ("ok", "error"):
        fenced = exception in FENCED_KINDS and AT_THE_FENCE.search(text)
        if fenced or exception == "MemoryError":
            return f"it met a limit of the sandbox: {text}"
        missing = NO_MODULE.search(text)
        return f"the sandbox has no module {missing[1]}" if missing else None
    return None if status == "killed" and text in CRASHES else text


# --- tests in a process of their own ---


def run_pair(
    program_slot: SandboxSlot, tests_slot: SandboxSlot, program: str, plan: TestPlan, timeout_s: float, level: Level
) -> PlanResult:
    """The verdict of the tests; the program's process is ended as soon as they are over."""
    body, tests = program_body(program, plan, timeout_s), tests_body(plan, timeout_s)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs, ThreadPoolExecutor(1) as beside:
        program_run = program_slot.start(body, ours)
        ours.close()
        program_end = beside.submit(program_run.finish)  # someone must drain what the program prints
        try:
            tests_run = tests_slot.start(tests, theirs)
            theirs.close()
            result = single_result(tests_run.finish(), tests, level)
        finally:
            program_run.cancel(OVER)
        return _verdict(result, program_end.result(), body)


def _verdict(result: Result, program: ChildOutput, body: Body) -> PlanResult:
    """What the tests' own process reports; or why it reports nothing."""
    made = _Verdicts(result, _fate(program, body))
    if isinstance(result.value, dict):
        return made.of(result.value)
    status, told = judge(program, body)
    if status not in ("ok", "error"):
        return made.undetermined(status, f"the program: {says_nothing(status, told) or told}")
    code = "tests-broken" if result.status in ("ok", "error") else result.status
    return made.undetermined(code, result.error or result.detail or "the tests ended without a report")


def _fate(program: ChildOutput, body: Body) -> tuple[Status, str | None]:
    """How a program's process ended that was gone before the tests were over, whatever we did to it then."""
    return judge(replace(program, cancelled=None) if program.cancelled == OVER else program, body)


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """Turns a report into a verdict."""

    result: Result
    fate: tuple[Status, str | None]

    def of(self, report: Mapping[str, Any]) -> PlanResult:
        """The verdict of a report: the first that applies."""
        ends = tuple(tuple(one) for one in report["tests"])
        if report.get("load") is not None:
            return self._unloaded(str(report["load"]))
        failed = next((end for end in ends if end[1] == "failed"), None)
        if failed is not None:
            return self._made("failed", "tests", f"{failed[0]}: {failed[3]}", ends)
        if report["gone"] is not None:
            if report["tampered"]:
                return self._made("failed", "tampered", str(report["gone"]), ends)
            return self._gone(str(report["gone"]), ends)
        for wanted, code in (("undecided", "undecided"), ("broken", "tests-broken"), ("skipped", "skipped")):
            for name, end, _, why in ends:
                if end == wanted:
                    return self.undetermined(code, f"{name}: {why}", ends)
        if report["missing"] or not ends:
            names = ", ".join(report["missing"][:3]) or "there are none"
            return self.undetermined("incomplete", f"not all tests were reached: {names}", ends)
        idle = next((end for end in ends if end[2] < 1), None)
        if idle is not None:
            return self.undetermined("no-calls", f"{idle[0]} never calls the program", ends)
        return self._made(
            "passed", "tests", f"all {len(ends)} tests pass" if len(ends) > 1 else "the test passes", ends
        )

    def _unloaded(self, error: str) -> PlanResult:
        """The program could not even be defined."""
        why = says_nothing("error", error, error.partition(":")[0])
        return self.undetermined("refused", why) if why else self._made("failed", "load", error)

    def _gone(self, told: str, ends: tuple[Any, ...]) -> PlanResult:
        """The program's process is no longer there: by its own doing, or by a limit."""
        status, detail = self.fate
        why = says_nothing(status, detail)
        if why is not None:
            return self.undetermined(status, f"the program: {why}", ends)
        return self._made("failed", "ended", f"{told} ({detail or status})", ends)

    def undetermined(self, code: str, why: str, ends: tuple[Any, ...] = ()) -> PlanResult:
        """No verdict, and why."""
        return self._made("undetermined", code, why, ends)

    def _made(
        self, verdict: Literal["passed", "failed", "undetermined"], code: str, why: str, ends: tuple[Any, ...] = ()
    ) -> PlanResult:
        return PlanResult(verdict, code, why, self.result.isolation, self.result.duration_s, ends)
