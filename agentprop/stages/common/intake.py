"""A run directory or a pipe → the problems to work on, in order, with their trajectories and skills."""

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
class ProblemItem:
    """A problem to work on, with its trajectory and skills."""

    problem: Problem
    """The problem."""
    trajectory: Trajectory | None = None
    """Its trajectory, if asked for or from a pipe."""
    skills: tuple[Skill, ...] = ()
    """The packages that it composes, if asked for or from a pipe."""
    from_pipe: bool = False
    """It comes from a pipe and is stored nowhere else, so the run that reads it stores it."""

    def piped(self) -> PipedProblem:
        """Make the row that is passed on through a pipe."""
        return PipedProblem(problem=self.problem, trajectory=self.trajectory, skills=self.skills)


@dataclass(frozen=True)
class Intake:
    """An open source of problems."""

    items: Iterator[ProblemItem]
    """The problems, as they come."""
    inputs: Mapping[str, str]
    """Fingerprints of the source."""
    total: int | None = None
    """Largest possible number of problems; None if unknown."""
    stored: StoredRun | None = None
    """The run that they come from; None for a pipe."""
    library: dict[str, Package] = field(default_factory=dict)
    """Packages for judging them."""


def open_intake(
    source: str, library: dict[str, Package] | None = None, *, traces: bool, skills: bool = False
) -> Intake:
    """Open a run directory, or the stream on stdin if the source is `-`.

    `traces` adds each problem's trajectory and `skills` its packages; a pipe always has both. The packages that a run
    stores are added to `library`.
    """
    if source == "-":
        # A separate file object: a thread may still wait in it when the interpreter ends and closes sys.stdin.
        pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
        records = read_stream(pipe, PipedProblem)
        piped = (ProblemItem(p.problem, p.trajectory, p.skills, from_pipe=True) for p in records)
        return Intake(piped, {"source": "stdin"}, library=library or {})
    stored = open_run(source)
    found = _with_traces(stored) if traces else (ProblemItem(problem) for problem in stored.iter(Problem))
    items = _with_skills(stored, found) if skills else found
    known = completed(library, stored.iter(Skill)) if library is not None else {}
    return Intake(items, {"source": stored.fingerprint}, stored.rows.get("problem", 0), stored, known)


def _with_traces(stored: StoredRun) -> Iterator[ProblemItem]:
    """Yield problems with their trajectories, a segment at a time: both are stored by the same commit."""
    for segment in stored.segments:
        problems = list(stored.iter(Problem, segment))
        wanted = {problem.trajectory_id for problem in problems}
        traces = {t.id: t for t in stored.iter(Trajectory, segment) if t.id in wanted}
        for problem in problems:
            yield ProblemItem(problem, _trace(problem, traces, stored))


def _trace(problem: Problem, near: Mapping[str, Trajectory], stored: StoredRun) -> Trajectory | None:
    if problem.trajectory_id is None:
        return None
    return near.get(problem.trajectory_id) or next(stored.find(Trajectory, problem.trajectory_id), None)


def _with_skills(stored: StoredRun, items: Iterator[ProblemItem]) -> Iterator[ProblemItem]:
    skills = {skill.name: skill for skill in stored.iter(Skill)}
    for item in items:
        used = tuple(skills[name] for name in item.problem.skills if name in skills)
        yield ProblemItem(item.problem, item.trajectory, used)
