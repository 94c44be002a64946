"""Run directories, a pipe and somebody's files → the problems to work on, in order, with all that is known of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from agentprop.config.parts import CorpusSettings, Partitioned
from agentprop.errors import RunError
from agentprop.grading.claims import Claim
from agentprop.records import AnswerType, PipedProblem, Problem, Reject, Skill, Trajectory
from agentprop.skills import Package
from agentprop.stages.common.foreign import ForeignProblems, answer_types, as_known, is_run, read_foreign
from agentprop.stages.common.library import completed
from agentprop.stages.common.partitions import own_share, own_total
from agentprop.stages.common.stdin import STDIN, piped
from agentprop.storage import read_stream
from agentprop.storage.run import StoredRun, open_run


@dataclass(frozen=True)
class ProblemItem:
    """A problem to work on, with its trajectory and skills, or with what somebody's row says of it."""

    problem: Problem
    """The problem."""
    trajectory: Trajectory | None = None
    """Its trajectory, if asked for or from a pipe."""
    skills: tuple[Skill, ...] = ()
    """The packages that it composes, if asked for or from a pipe."""
    from_pipe: bool = False
    """It comes from a pipe or a file and is stored nowhere else, so the run that reads it stores it."""
    claim: Claim | None = None
    """What its row gives to show that its answer is right, if somebody else wrote it."""

    def piped(self) -> PipedProblem:
        """Make the row that is passed on through a pipe."""
        return PipedProblem(problem=self.problem, trajectory=self.trajectory, skills=self.skills)


@dataclass(frozen=True)
class Intake:
    """Open sources of problems."""

    items: Iterator[ProblemItem]
    """The problems, as they come."""
    inputs: Mapping[str, str]
    """Fingerprints of the sources."""
    total: int | None = None
    """Largest possible number of problems; None if unknown."""
    runs: tuple[StoredRun, ...] = ()
    """The runs among the sources."""
    library: dict[str, Package] = field(default_factory=dict)
    """Packages for judging them."""
    foreign: ForeignProblems | None = None
    """The sources that are no runs."""
    unreadable: list[Reject] = field(default_factory=list)
    """Rows that are no problems; complete once all items were taken."""

    def sources(self) -> dict[str, Any]:
        """The part of a summary that tells of somebody's files; complete once all items were taken."""
        if self.foreign is None:
            return {}
        unreadable = {"unreadable": len(self.unreadable)} if self.unreadable else {}
        return {**unreadable, "sources": self.foreign.summary()}


def open_intake(
    sources: str | Sequence[str],
    config: CorpusSettings,
    library: dict[str, Package] | None = None,
    *,
    stage: str,
    traces: bool,
    skills: bool = False,
    quiet: bool = True,
) -> Intake:
    """Open run directories, files of others, and what comes on stdin for a source `-`, in this order.

    `traces` adds each problem's trajectory and `skills` its packages; a pipe always has both. The packages that a run
    stores are added to `library`.
    """
    named = [sources] if isinstance(sources, str) else list(dict.fromkeys(sources))
    stream = piped() if STDIN in named else None
    runs = tuple(open_run(source) for source in named if source != STDIN and is_run(source))
    for stored in runs:
        _check_problems(stored)
    files = [one for one in named if (one != STDIN or isinstance(stream, Path)) and not is_run(one)]
    foreign = read_foreign(files, config, stage, quiet=quiet) if files else None
    parts = [_of_run(stored, traces, skills) for stored in runs]
    known = library
    for stored in runs:
        known = completed(known, stored.iter(Skill)) if known is not None else None
    inputs = _inputs(runs)
    total: int | None = sum(stored.rows.get("problem", 0) for stored in runs)
    unreadable: list[Reject] = []
    if foreign is not None:
        parts.append(_of_files(foreign, answer_types(runs), unreadable))
        inputs |= foreign.inputs
    if stream is not None and not isinstance(stream, Path):
        parts.append(_of_stage(stream))
        inputs |= {"stdin" if inputs else "source": "stdin"}
    if len(parts) > len(runs):
        total = None
    items = parts[0] if len(parts) == 1 and foreign is None else _once(chain(*parts))
    return Intake(items, inputs, total, runs, known or {}, foreign, unreadable)


def own_part(intake: Intake, config: Partitioned) -> Intake:
    """The part of the problems that is the work of this process."""
    return replace(intake, items=own_share(intake.items, config), total=own_total(intake.total, config))


def _check_problems(stored: StoredRun) -> None:
    """Raises RunError for a run of a stage that makes no problems, with the command that was meant."""
    if stored.rows.get("problem") or stored.stage in ("propose", "curate"):
        return
    hint = "name the run that proposed the problems"
    if stored.stage == "extract":
        place = shlex.quote(stored.name)
        hint = f"make problems of its skills: agentprop propose --n 100 --skills {place} --out runs/problems"
    raise RunError(f"{stored.name}, a run of {stored.stage}, holds no problems", hint=hint)


def _inputs(runs: Sequence[StoredRun]) -> dict[str, str]:
    """The fingerprints of runs; that of a single one is called `source`, wherever it lies."""
    if len(runs) == 1:
        return {"source": runs[0].fingerprint}
    return {f"source {number}": stored.fingerprint for number, stored in enumerate(runs, 1)}


def _of_stage(stream: BinaryIO) -> Iterator[ProblemItem]:
    records = read_stream(stream, PipedProblem)
    return (ProblemItem(p.problem, p.trajectory, p.skills, from_pipe=True) for p in records)


def _of_files(
    foreign: ForeignProblems, known: Mapping[bytes, AnswerType], unreadable: list[Reject]
) -> Iterator[ProblemItem]:
    for found in foreign:
        if isinstance(found, Reject):
            unreadable.append(found)
        else:
            yield ProblemItem(as_known(found.problem, known), from_pipe=True, claim=found.claim)


def _once(items: Iterator[ProblemItem]) -> Iterator[ProblemItem]:
    """Leave out problems that came before: the same question with the same answer is one problem."""
    seen: set[bytes] = set()
    for item in items:
        mark = bytes.fromhex(item.problem.id)
        if mark not in seen:
            seen.add(mark)
            yield item


def _of_run(stored: StoredRun, traces: bool, skills: bool) -> Iterator[ProblemItem]:
    found = _with_traces(stored) if traces else (ProblemItem(problem) for problem in stored.iter(Problem))
    return _with_skills(stored, found) if skills else found


def _with_traces(stored: StoredRun) -> Iterator[ProblemItem]:
    """Yield problems with their trajectories, which lie in the same segment, and in the same order."""
    for segment in stored.segments:
        rows = stored.iter_rows(Problem, ["trajectory_id"], segment)
        wanted = {row["trajectory_id"] for row in rows} - {None}
        traces = (trace for trace in stored.iter(Trajectory, segment) if trace.id in wanted)
        passed: dict[str, Trajectory] = {}
        for problem in stored.iter(Problem, segment):
            yield ProblemItem(problem, _trace(problem, traces, passed, stored))


def _trace(
    problem: Problem, traces: Iterator[Trajectory], passed: dict[str, Trajectory], stored: StoredRun
) -> Trajectory | None:
    """The trajectory of a problem; those of others on the way to it are kept in `passed`."""
    wanted = problem.trajectory_id
    if wanted is None:
        return None
    while wanted not in passed and (trace := next(traces, None)) is not None:
        passed[trace.id] = trace
    return passed.pop(wanted, None) or next(stored.find(Trajectory, wanted), None)


def _with_skills(stored: StoredRun, items: Iterator[ProblemItem]) -> Iterator[ProblemItem]:
    skills = {skill.name: skill for skill in stored.iter(Skill)}
    for item in items:
        used = tuple(skills[name] for name in item.problem.skills if name in skills)
        yield ProblemItem(item.problem, item.trajectory, used)
