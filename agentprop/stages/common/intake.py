"""A run directory or a pipe → the problems to work on, in order, each with what it brings along."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agentprop.records import PipedProblem, Problem, Skill, Trajectory
from agentprop.skills import Package
from agentprop.stages.common.library import completed
from agentprop.storage import read_stream
from agentprop.storage.run import StoredRun, open_run


@dataclass(frozen=True)
class Item:
    """A problem to work on, and what it brings along."""

    problem: Problem
    """The problem."""
    trajectory: Trajectory | None = None
    """How it came to be, if that was asked for or comes through a pipe."""
    skills: tuple[Skill, ...] = ()
    """The packages it composes, if they were asked for or come through a pipe."""
    from_pipe: bool = False
    """Nothing but the pipe holds it: a run that reads it keeps it."""

    def piped(self) -> PipedProblem:
        """What is passed on through a pipe."""
        return PipedProblem(problem=self.problem, trajectory=self.trajectory, skills=self.skills)


@dataclass(frozen=True)
class Intake:
    """Where problems come from."""

    items: Iterator[Item]
    """The problems, as they come."""
    inputs: Mapping[str, str]
    """Fingerprints of what is read."""
    total: int | None = None
    """How many problems there are at most; None if that is not known."""
    stored: StoredRun | None = None
    """The run they come from; None for a pipe."""
    library: dict[str, Package] = field(default_factory=dict)
    """The packages to judge them with."""


def take_in(source: str, library: dict[str, Package] | None = None, *, traces: bool, skills: bool = False) -> Intake:
    """Open a run directory, or the stream on stdin if the source is `-`.

    `traces` brings each problem's trajectory along and `skills` its packages; a pipe always has both. `library` is
    completed with the packages that a run stores.
    """
    if source == "-":
        # a reader of its own: a thread may still wait in it when the interpreter ends and closes sys.stdin
        pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
        records = read_stream(pipe, PipedProblem)
        piped = (Item(p.problem, p.trajectory, p.skills, from_pipe=True) for p in records)
        return Intake(piped, {"source": "stdin"}, library=library or {})
    stored = open_run(source)
    found = _with_traces(stored) if traces else (Item(problem) for problem in stored.iter(Problem))
    items = _with_skills(stored, found) if skills else found
    known = completed(library, stored.iter(Skill)) if library is not None else {}
    return Intake(items, {"source": stored.fingerprint}, stored.rows.get("problem", 0), stored, known)


def _with_traces(stored: StoredRun) -> Iterator[Item]:
    """Problems with their trajectories, a segment at a time: both are stored by the same commit."""
    for segment in stored.segments:
        problems = list(stored.iter(Problem, segment))
        wanted = {problem.trajectory_id for problem in problems}
        traces = {t.id: t for t in stored.iter(Trajectory, segment) if t.id in wanted}
        for problem in problems:
            yield Item(problem, _trace(problem, traces, stored))


def _trace(problem: Problem, near: Mapping[str, Trajectory], stored: StoredRun) -> Trajectory | None:
    if problem.trajectory_id is None:
        return None
    return near.get(problem.trajectory_id) or next(stored.find(Trajectory, problem.trajectory_id), None)


def _with_skills(stored: StoredRun, items: Iterator[Item]) -> Iterator[Item]:
    skills = {skill.name: skill for skill in stored.iter(Skill)}
    for item in items:
        used = tuple(skills[name] for name in item.problem.skills if name in skills)
        yield Item(item.problem, item.trajectory, used)
