"""Jobs → the body that a child reads; each distinct source is written once, however many jobs share it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from agentprop.sandbox.inside.codec import CodecError, encode
from agentprop.sandbox.plans import TestPlan
from agentprop.sandbox.records import DEFAULT_MEMORY_MB, Job, Profile

SOURCE_LIMIT = 1 << 20
"""Most characters of one source."""
BODY_LIMIT = 16 << 20
"""Most bytes of one body."""


class BodyTooLarge(ValueError):
    """The body or a source exceeds its limit."""


@dataclass(frozen=True, slots=True)
class Body:
    """Input of one child."""

    text: bytes
    """JSON in ASCII."""
    frames: int
    """Number of result frames that a complete run writes."""
    timeouts_s: tuple[float, ...]
    """Wall-clock seconds allowed for each frame."""
    memory_mb: int = DEFAULT_MEMORY_MB
    """Mebibytes on top of the interpreter and the preloaded modules."""
    profile: Profile = "pure"
    """Profile of the system calls that are allowed."""
    stdin: str = ""
    """Standard input of the code."""

    @property
    def batched(self) -> bool:
        """The body holds several jobs, each with its own time limit."""
        return len(self.timeouts_s) > 1


def jobs_body(jobs: Sequence[Job], known: Mapping[str, str] = MappingProxyType({})) -> Body:
    """Build the body of jobs with equal memory and profile; modules as in `known` are left out. Raises BodyTooLarge.

    The standard input of a single job is that of its process; jobs that share a process have theirs in the body.
    """
    alone = len(jobs) == 1
    numbers: dict[str, int] = {}

    def number(source: str) -> int:
        if len(source) > SOURCE_LIMIT:
            raise BodyTooLarge(f"a source of {len(source)} characters; the limit is {SOURCE_LIMIT}")
        return numbers.setdefault(source, len(numbers))

    def row(job: Job) -> list[object]:
        modules = {name: None if known.get(name) == source else number(source) for name, source in job.modules.items()}
        return [number(job.code), modules, job.returns, job.ticks, "" if alone else job.stdin]

    table = [row(job) for job in jobs]
    text = _json({"mode": "jobs", "sources": list(numbers), "jobs": table})
    timeouts = tuple(job.timeout_s for job in jobs)
    return Body(text, len(jobs), timeouts, jobs[0].memory_mb, jobs[0].profile, jobs[0].stdin if alone else "")


def calls_body(
    source: str,
    function: str,
    arguments: Sequence[Sequence[object]],
    timeout_s: float,
    shared: str = "",
    modules: Mapping[str, str] | None = None,
    ticks: int | None = None,
) -> Body:
    """The body that calls one function on many argument lists, under one limit of time for all of them.

    Each call may use so many `ticks`; None counts none.
    """
    try:
        cases = [encode(list(case)) for case in arguments]
    except CodecError as problem:
        raise TypeError(f"arguments must be plain values: {problem}") from problem
    called = {"mode": "values", "source": source, "function": function, "cases": cases, "shared": shared}
    text = _json({**called, "modules": dict(modules or {}), "ticks": ticks})
    return Body(text, len(arguments), (timeout_s,))


def program_body(source: str, plan: TestPlan, timeout_s: float) -> Body:
    """The program's half of a pair: of the tests it is told what they share with it, and what they ask for."""
    text = _json({"mode": "candidate", "source": source, "target": plan.target, "shared": plan.shared})
    return Body(text, 1, (timeout_s,))


def tests_body(plan: TestPlan, timeout_s: float) -> Body:
    """The tests' half of a pair."""
    return Body(_json({"mode": "tests", **asdict(plan)}), 1, (timeout_s,))


def _json(data: dict[str, object]) -> bytes:
    text = json.dumps(data, separators=(",", ":")).encode("ascii")
    if len(text) > BODY_LIMIT:
        raise BodyTooLarge(f"a body of {len(text)} bytes; the limit is {BODY_LIMIT}")
    return text
