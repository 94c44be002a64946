"""A run directory or a pipe → the problems to judge, each with what it brings along."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentprop.records import Attempt, PipedProblem, Problem, Skill, Trajectory, Verdict
from agentprop.skills import Package
from agentprop.stages.common.library import completed
from agentprop.storage import read_stream
from agentprop.storage.run import StoredRun, open_run


@dataclass(frozen=True)
class Item:
    """A problem to judge, and what it brings along."""

    problem: Problem
    """The problem."""
    skills: tuple[Skill, ...] = ()
    """Packages nested in a pipe."""
    piped: PipedProblem | None = None
    """The piped record, to be passed on."""
    trajectory: Trajectory | None = None
    """How it came to be, for verifiers that look at it."""


@dataclass(frozen=True)
class Judged:
    """A judged problem."""

    item: Item
    """What went in."""
    attempts: tuple[Attempt, ...]
    """Every attempt, the auditor's last."""
    verdict: Verdict
    """The verdict."""
    reused: int = 0
    """How many of the attempts come from an earlier run."""


@dataclass(frozen=True)
class Intake:
    """Where problems come from."""

    items: Iterator[Item]
    """The problems, as they come."""
    library: dict[str, Package]
    """The packages to judge them with."""
    inputs: Mapping[str, str]
    """Fingerprints of what is read."""
    total: int | None = None
    """How many problems there are, where that is known."""


def take_in(source: str, library: dict[str, Package], *, traces: bool) -> Intake:
    """Open a run directory, or the stream on stdin where the source is `-`."""
    if source == "-":
        # a reader of its own: a thread may still wait in it when the interpreter ends and closes sys.stdin
        pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
        records = read_stream(pipe, PipedProblem)
        return Intake((Item(p.problem, p.skills, p, p.trajectory) for p in records), library, {"source": "stdin"})
    stored = open_run(source)
    items = _with_traces(stored) if traces else (Item(problem) for problem in stored.iter(Problem))
    total = stored.rows.get("problem", 0)
    return Intake(items, completed(library, stored.iter(Skill)), {"source": stored.fingerprint}, total)


def _with_traces(stored: StoredRun) -> Iterator[Item]:
    """Problems with their trajectories, a segment at a time: both are stored by the same commit."""
    for segment in stored.segments:
        problems = list(stored.iter(Problem, segment))
        wanted = {problem.trajectory_id for problem in problems}
        traces = {t.id: t for t in stored.iter(Trajectory, segment) if t.id in wanted}
        for problem in problems:
            yield Item(problem, trajectory=_trace(problem, traces, stored))


def _trace(problem: Problem, near: Mapping[str, Trajectory], stored: StoredRun) -> Trajectory | None:
    if problem.trajectory_id is None:
        return None
    return near.get(problem.trajectory_id) or next(stored.find(Trajectory, problem.trajectory_id), None)
