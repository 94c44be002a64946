"""`Sandbox`: untrusted code in, typed results out, from any number of threads, through a few zygotes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from agentprop.errors import SandboxUnavailable
from agentprop.sandbox.body import Body, BodyTooLarge, calls_body, jobs_body
from agentprop.sandbox.conversation import ChildRecord, unavailable
from agentprop.sandbox.levels import SandboxSlot, climb, start_slot
from agentprop.sandbox.outcome import batch_results, deserves_another_try, single_result
from agentprop.sandbox.records import DEFAULT_TIMEOUT_S, OUTSIDE, CallOutcome, Isolation, Job, Level, Result
from agentprop.sandbox.verify import call_outcomes, run_pair
from agentprop.sandbox.zygote_process import ZygoteFailed

Outcome = TypeVar("Outcome")

DEFAULT_PRELOAD = ("sympy", "mpmath", "numpy")
"""Imported before the first fork, where they exist."""
CALLS_PER_ZYGOTE = 20_000
BATCH_JOBS = 256
"""Jobs one process is given at most."""


class Sandbox:
    """A pool of zygotes; each call gets a process of its own, which is dead when the call returns.

    Nothing starts before the first call. A zygote that dies is replaced once within the call it failed, and what may
    have been the machine's doing is tried once more, with no other second try of this sandbox beside it.
    There are as many slots as processors, and at least the two that candidates and their tests need.
    """

    def __init__(
        self,
        *,
        preload: Sequence[str] = DEFAULT_PRELOAD,
        slots: int | None = None,
        min_level: Level = "L1",
        max_level: Level = "L3",
        allow_weak: bool = False,
    ) -> None:
        self._preload = tuple(preload)
        self._capacity = max(2, slots or _processors())
        self._min_level, self._max_level, self._allow_weak = min_level, max_level, allow_weak
        self._reset()

    def _reset(self) -> None:
        self._owner = os.getpid()
        self._condition = threading.Condition()
        self._free: list[SandboxSlot | None] = [None] * self._capacity
        self._isolation: Isolation | None = None
        self._starting = threading.Lock()
        self._trying_again = threading.Lock()
        self._closed = False

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the idle zygotes at once and the busy ones when their calls return."""
        with self._condition:
            self._closed = True
            idle, self._free = self._free, []
            self._condition.notify_all()
        for slot in idle:
            if slot is not None:
                slot.close()

    @property
    def isolation(self) -> Isolation:
        """The isolation in force; starts the first zygote if none has run yet."""
        if self._isolation is None or os.getpid() != self._owner:
            with self._slots(1):
                pass
        assert self._isolation is not None
        return self._isolation

    @property
    def _level(self) -> Level:
        return self.isolation.level

    def run(
        self,
        code: str,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        modules: Mapping[str, str] | None = None,
        returns: str | None = None,
        stdin: str = "",
    ) -> Result:
        """Run one piece of code."""
        return self.run_job(Job(code, modules or {}, returns, timeout_s=timeout_s, stdin=stdin))

    def run_job(self, job: Job) -> Result:
        """Run one job in a process of its own."""
        if job.profile != "pure" and self._level != "L3":
            reason = f"the {job.profile} profile needs namespaces, and the isolation in force is {self._level}"
            raise SandboxUnavailable(reason, hint="run it with the pure profile, which changes no file")
        try:
            body = jobs_body([job])
        except BodyTooLarge as problem:
            return Result("error", "too-large", error=f"SyntaxError: {problem}", isolation=self.isolation.level)
        talk = self._converse(body)
        return single_result(talk, body, self._level)

    def run_batch(self, jobs: Sequence[Job]) -> list[Result]:
        """Run jobs, those of one origin many in one process; whatever that process left unclear is run by itself."""
        results: list[Result | None] = [None] * len(jobs)
        for positions in _batches(jobs):
            batch = [jobs[position] for position in positions]
            for position, result in zip(positions, self._run_together(batch), strict=True):
                results[position] = result
        return [result or self.run_job(job) for job, result in zip(jobs, results, strict=True)]

    def _run_together(self, batch: Sequence[Job]) -> Sequence[Result | None]:
        try:
            body = jobs_body(batch)
        except BodyTooLarge:
            return [None] * len(batch)
        return batch_results(self._converse(body), body, self._level)

    def call(
        self,
        source: str,
        function: str,
        arguments: Sequence[Sequence[object]],
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> list[CallOutcome]:
        """Call a function of the source once for each argument list, in one process, under one time limit."""
        if not arguments:
            return []
        body = calls_body(source, function, arguments, timeout_s)
        return call_outcomes(self._converse(body), body)

    def run_tests(self, candidate: str, tests: str, function: str, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> Result:
        """Run tests against a candidate's function, both in processes of their own, with plain values between them."""

        def attempt() -> Result:
            with self._slots(2) as (one, other):
                return run_pair(one, other, candidate, tests, function, timeout_s, self._level)

        try:
            result = _twice(attempt)
            if result.status in OUTSIDE:
                with self._trying_again:
                    result = _twice(attempt)
            return result
        except ZygoteFailed as problem:
            return Result("sandbox-unavailable", str(problem), isolation=self._level)

    def _converse(self, body: Body) -> ChildRecord:
        """Run one body, once more where the machine may be to blame; jobs of a batch are each tried alone instead."""
        talk = self._attempt(body)
        if body.batched or not deserves_another_try(talk, body):
            return talk
        with self._trying_again:
            return self._attempt(body)

    def _attempt(self, body: Body) -> ChildRecord:
        """Run one body, once more on a new zygote if the first one fails."""

        def attempt() -> ChildRecord:
            with self._slots(1) as (slot,):
                return slot.start(body).finish()

        try:
            return _twice(attempt)
        except ZygoteFailed as problem:
            return unavailable(str(problem))

    @contextmanager
    def _slots(self, count: int) -> Iterator[list[SandboxSlot]]:
        """Borrow started slots, all or none; whatever is in use when something fails is ended, its state unknown."""
        places = self._take(count)
        slots: list[SandboxSlot] = []
        try:
            for place in places:
                slots.append(place or self._start())
            yield slots
        except BaseException:
            for slot in slots:
                slot.close()
            slots = []
            raise
        finally:
            self._give(slots, count)

    def _take(self, count: int) -> list[SandboxSlot | None]:
        if os.getpid() != self._owner:
            self._reset()  # forked: the parent's zygotes are not ours to talk to
        with self._condition:
            self._condition.wait_for(lambda: self._closed or len(self._free) >= count)
            if self._closed:
                raise RuntimeError("the sandbox is closed")
            self._free.sort(key=lambda place: place is not None)
            return [self._free.pop() for _ in range(count)]

    def _give(self, slots: list[SandboxSlot], count: int) -> None:
        worn = [slot for slot in slots if self._closed or slot.calls >= CALLS_PER_ZYGOTE]
        kept = [slot for slot in slots if slot not in worn]
        for slot in worn:
            slot.close()
        with self._condition:
            self._free += [*kept, *[None] * (count - len(kept))]
            self._condition.notify_all()

    def _start(self) -> SandboxSlot:
        """A new slot: at the level found by the first one, or refused. Raises ZygoteFailed if it no longer starts."""
        with self._starting:
            if self._isolation is None:
                slot, self._isolation = climb(self._preload, self._min_level, self._max_level, self._allow_weak)
                return slot
            level = self._isolation.level
        return start_slot(level, self._preload)


def _processors() -> int:
    """Those this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _twice(attempt: Callable[[], Outcome]) -> Outcome:
    try:
        return attempt()
    except ZygoteFailed:
        return attempt()


def _batches(jobs: Sequence[Job]) -> list[list[int]]:
    """Positions of jobs that may share a process: code of one author, same limits, nothing on standard input, no file
    of their own."""
    groups: dict[tuple[str, int], list[int]] = {}
    for position, job in enumerate(jobs):
        if job.origin is not None and not job.stdin and job.profile == "pure":
            groups.setdefault((job.origin, job.memory_mb), []).append(position)
    batches = [group[i : i + BATCH_JOBS] for group in groups.values() for i in range(0, len(group), BATCH_JOBS)]
    return [batch for batch in batches if len(batch) > 1]
