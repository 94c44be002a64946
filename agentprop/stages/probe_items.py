"""A run directory or a pipe → the problems to probe, in order, each with what it needs to be passed on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from agentprop.errors import RunError
from agentprop.records import PipedProblem, Problem, Skill, Trajectory, Verdict
from agentprop.storage import read_stream
from agentprop.storage.run import StoredRun, open_run


@dataclass(frozen=True)
class Item:
    """A problem to probe."""

    problem: Problem
    """The problem."""
    piped: PipedProblem | None = None
    """What is passed on, where there is a pipe on either side."""


@dataclass(frozen=True)
class Intake:
    """Where problems come from."""

    items: Iterator[Item]
    """The problems, as they come."""
    inputs: Mapping[str, str]
    """Fingerprints of what is read."""
    total: int | None = None
    """How many problems there are at most, where that is known."""


def take_in(source: str, *, limit: int | None, nested: bool) -> Intake:
    """Open a run directory, or the stream on stdin where the source is `-`; `nested` brings trajectories and skills.

    Problems that a verdict of the same run calls invalid or undetermined are left out.
    """
    if source == "-":
        # a reader of its own: a thread may still wait in it when the interpreter ends and closes sys.stdin
        pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
        records = read_stream(pipe, PipedProblem)
        return Intake(islice((Item(p.problem, p) for p in records), limit), {"source": "stdin"}, limit)
    stored = open_run(source)
    rows = stored.rows.get("problem", 0)
    if not rows:
        hint = "name the run that proposed the problems"
        raise RunError(f"{source}, a run of {stored.stage}, holds no problems", hint=hint)
    items = _nested(stored) if nested else (Item(problem) for problem in stored.iter(Problem))
    refused = _refused(stored)
    wanted = (item for item in items if item.problem.id not in refused)
    total = rows - len(refused)
    return Intake(islice(wanted, limit), {"source": stored.fingerprint}, total if limit is None else min(total, limit))


def _refused(stored: StoredRun) -> set[str]:
    """The problems whose last verdict is not `valid`."""
    last = {row["problem_id"]: row["value"] for row in stored.iter_rows(Verdict, ["problem_id", "value"])}
    proposed = stored.done_ids(Problem) if any(value != "valid" for value in last.values()) else set()
    return {problem_id for problem_id, value in last.items() if value != "valid" and problem_id in proposed}


def _nested(stored: StoredRun) -> Iterator[Item]:
    """Problems with trajectory and skills, a segment at a time: a problem and its trajectory are committed together."""
    skills = {skill.name: skill for skill in stored.iter(Skill)}
    for segment in stored.segments:
        problems = list(stored.iter(Problem, segment))
        wanted = {problem.trajectory_id for problem in problems}
        traces = {trace.id: trace for trace in stored.iter(Trajectory, segment) if trace.id in wanted}
        for problem in problems:
            used = tuple(skills[name] for name in problem.skills if name in skills)
            trace = traces.get(problem.trajectory_id or "")
            yield Item(problem, PipedProblem(problem=problem, trajectory=trace, skills=used))
