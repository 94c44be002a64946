"""Runs, a pipe and files → the problems to probe: those whose last verdict in the runs, if any, is `valid`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from agentprop.config import ProbeConfig
from agentprop.errors import RunError
from agentprop.grading.program_tests import ProgramTests
from agentprop.records import Problem, Verdict
from agentprop.stages.common.intake import Intake, ProblemItem, open_intake
from agentprop.storage.run import StoredRun


def problems_of(
    sources: str | Sequence[str] | Intake, config: ProbeConfig, *, nested: bool, quiet: bool = True
) -> Intake:
    """Open at most `config.limit` problems; `nested` adds trajectories and skills. Raises RunError if there are none.

    An intake that is open already is taken as it is.
    """
    if isinstance(sources, Intake):
        return sources
    intake = open_intake(sources, config, stage="probe", traces=nested, skills=nested, quiet=quiet)
    _check(intake)
    refused = set().union(*map(_refused, intake.runs))
    wanted = (item for item in intake.items if item.problem.id not in refused)
    total, limit = None if intake.total is None else intake.total - len(refused), config.limit
    if limit is not None:
        total = limit if total is None else min(total, limit)
    return replace(intake, items=islice(wanted, limit), total=total)


def _check(intake: Intake) -> None:
    for stored in intake.runs:
        if not stored.rows.get(Problem.kind) and len(intake.inputs) == 1:
            hint = "name the run that proposed the problems"
            raise RunError(f"{stored.name}, a run of {stored.stage}, holds no problems", hint=hint)


def _refused(stored: StoredRun) -> set[str]:
    """Ids of the problems whose last verdict is not `valid`."""
    last = {row["problem_id"]: row["value"] for row in stored.iter_rows(Verdict, ["problem_id", "value"])}
    proposed = stored.done_ids(Problem) if any(value != "valid" for value in last.values()) else set()
    return {problem_id for problem_id, value in last.items() if value != "valid" and problem_id in proposed}


def noting_tests(items: Iterator[ProblemItem], tests: dict[str, ProgramTests]) -> Iterator[ProblemItem]:
    """The same items; what their rows have for tests of programs is noted under the problem's id as they pass."""
    for item in items:
        if item.claim is not None and item.claim.tests is not None:
            tests[item.problem.id] = item.claim.tests
        yield item
