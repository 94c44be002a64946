"""`Sandbox`: untrusted code → typed results, from any number of threads, through a few zygotes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from agentprop.errors import SandboxUnavailable
from agentprop.sandbox.body import Body, BodyTooLarge, calls_body, jobs_body
from agentprop.sandbox.child_output import ChildOutput, unavailable
from agentprop.sandbox.levels import SandboxSlot, start_slot, strongest_slot
from agentprop.sandbox.outcome import batch_results, deserves_another_try, single_result
from agentprop.sandbox.plans import TestPlan
from agentprop.sandbox.records import DEFAULT_TIMEOUT_S, OUTSIDE, CallOutcome, Isolation, Job, Level, Preload, Result
from agentprop.sandbox.verify import PlanResult, call_outcomes, run_pair
from agentprop.sandbox.zygote_process import ZygoteFailed

Outcome = TypeVar("Outcome")

DEFAULT_PRELOAD = ("sympy", "mpmath", "numpy")
"""Modules imported before the first fork, if they are installed."""
CALLS_PER_ZYGOTE = 20_000
"""Calls after which a zygote is replaced."""
BATCH_JOBS = 256
"""Most jobs in one process."""


class Sandbox:
    """Pool of zygotes; each call gets its own process, which has ended when the call returns.

    Nothing starts before the first call. If a zygote dies, the call is repeated once on a new one. What the machine may
    have caused is tried once more, with no other second try of this sandbox beside it. There are as many slots as
    processors, and at least the two that a candidate and its tests need. `sources`, by module name, are compiled once
    for all calls; only a sandbox in which nobody else's code runs may have them, since that code would find them.
    """

    def __init__(
        self,
        *,
        preload: Sequence[str] = DEFAULT_PRELOAD,
        sources: Mapping[str, str] | None = None,
        slots: int | None = None,
        min_level: Level = "L1",
        max_level: Level = "L3",
        allow_weak: bool = False,
    ) -> None:
        self._preload = Preload(tuple(preload), sources or {})
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
        """End idle zygotes now, and busy ones when their calls return."""
        with self._condition:
            self._closed = True
            idle, self._free = self._free, []
            self._condition.notify_all()
        for slot in idle:
            if slot is not None:
                slot.close()

    @property
    def isolation(self) -> Isolation:
        """Isolation in force; starts the first zygote if none was started yet."""
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
        """Run one piece of code; see `Job` for the arguments."""
        return self.run_job(Job(code, modules or {}, returns, timeout_s=timeout_s, stdin=stdin))

    def run_job(self, job: Job) -> Result:
        """Run one job in its own process. Raises SandboxUnavailable if its profile needs stronger isolation."""
        if job.profile != "pure" and self._level != "L3":
            reason = f"the {job.profile} profile needs namespaces, and the isolation in force is {self._level}"
            raise SandboxUnavailable(reason, hint="run it with the pure profile, which changes no file")
        try:
            body = jobs_body([job])
        except BodyTooLarge as problem:
            return Result("error", "too-large", error=f"SyntaxError: {problem}", isolation=self.isolation.level)
        child = self._run_body(body)
        return single_result(child, body, self._level)

    def run_batch(self, jobs: Sequence[Job]) -> list[Result]:
        """Run jobs of one trust domain, many in one process; jobs without a clear result run again by themselves."""
        results: list[Result | None] = [None] * len(jobs)
        for positions in _batches(jobs):
            batch = [jobs[position] for position in positions]
            for position, result in zip(positions, self._run_together(batch), strict=True):
                results[position] = result
        return [result or self.run_job(job) for job, result in zip(jobs, results, strict=True)]

    def run_in_turn(self, jobs: Sequence[Job]) -> Iterator[Result]:
        """Run jobs of one author in one process, and yield their results in order.

        A job without a clear result runs again by itself before it is believed, as soon as its result is asked for.
        Each finds its standard input in `sys.stdin`, not in the file of number 0.
        """
        results = self._run_together(jobs) if len(jobs) > 1 else [None] * len(jobs)
        for job, result in zip(jobs, results, strict=True):
            yield result or self.run_job(job)

    def _run_together(self, batch: Sequence[Job]) -> Sequence[Result | None]:
        try:
            body = jobs_body(batch)
        except BodyTooLarge:
            return [None] * len(batch)
        return batch_results(self._run_body(body), body, self._level)

    def call(
        self,
        source: str,
        function: str,
        arguments: Sequence[Sequence[object]],
        *,
        shared: str = "",
        modules: Mapping[str, str] | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        ticks: int | None = None,
    ) -> list[CallOutcome]:
        """Call a function of the source once for each argument list, in one process, under one time limit.

        Each call, and the source before the first, may use so many `ticks`; None counts none.

        `shared` is run before the source, in its namespace; both may import `modules`, sources by name. A value that is
        not plain comes out with `Foreign` parts.
        """
        if not arguments:
            return []
        body = calls_body(source, function, arguments, timeout_s, shared, modules, ticks)
        return call_outcomes(self._run_body(body), body)

    def run_tests(self, program: str, plan: TestPlan, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> PlanResult:
        """Run tests written as code against a program, each in a process of its own."""

        def attempt() -> PlanResult:
            with self._slots(2) as (one, other):
                return run_pair(one, other, program, plan, timeout_s, self._level)

        try:
            result = _retry_once(attempt)
            if result.code in OUTSIDE:
                with self._trying_again:
                    result = _retry_once(attempt)
            return result
        except BodyTooLarge as problem:
            return PlanResult("undetermined", "too-large", str(problem), self._level)
        except ZygoteFailed as problem:
            return PlanResult("undetermined", "sandbox-unavailable", str(problem), self._level)

    def _run_body(self, body: Body) -> ChildOutput:
        """Run one body, once more where the machine may be to blame; jobs of a batch are each tried alone instead."""
        child = self._attempt(body)
        if body.batched or self._closed or not deserves_another_try(child, body):
            return child
        with self._trying_again:
            return self._attempt(body)

    def _attempt(self, body: Body) -> ChildOutput:
        """Run one body, once more on a new zygote if the first one fails."""

        def attempt() -> ChildOutput:
            with self._slots(1) as (slot,):
                return slot.start(body).finish()

        try:
            return _retry_once(attempt)
        except ZygoteFailed as problem:
            return unavailable(str(problem))

    @contextmanager
    def _slots(self, count: int) -> Iterator[list[SandboxSlot]]:
        """Borrow started slots, all or none; on an exception they are ended, since their state is unknown."""
        places = self._borrow(count)
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
            self._give_back(slots, count)

    def _borrow(self, count: int) -> list[SandboxSlot | None]:
        if os.getpid() != self._owner:
            self._reset()  # in a forked process: the zygotes belong to the parent
        with self._condition:
            self._condition.wait_for(lambda: self._closed or len(self._free) >= count)
            if self._closed:
                raise SandboxUnavailable("the sandbox is closed")  # about the run, not about a record
            self._free.sort(key=lambda place: place is not None)
            return [self._free.pop() for _ in range(count)]

    def _give_back(self, slots: list[SandboxSlot], count: int) -> None:
        worn = [slot for slot in slots if self._closed or slot.calls >= CALLS_PER_ZYGOTE]
        kept = [slot for slot in slots if slot not in worn]
        for slot in worn:
            slot.close()
        with self._condition:
            self._free += [*kept, *[None] * (count - len(kept))]
            self._condition.notify_all()

    def _start(self) -> SandboxSlot:
        """Start a slot at the level that the first one found. Raises SandboxUnavailable."""
        with self._starting:
            if self._isolation is None:
                slot, self._isolation = strongest_slot(
                    self._preload, self._min_level, self._max_level, self._allow_weak
                )
                return slot
            level = self._isolation.level
        return start_slot(level, self._preload)


def _processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _retry_once(attempt: Callable[[], Outcome]) -> Outcome:
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
