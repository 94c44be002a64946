"""A run directory or a pipe → the problems to probe: those that no verdict of the same run calls invalid."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from agentprop.errors import RunError
from agentprop.records import Problem, Verdict
from agentprop.stages.common.intake import Intake, take_in
from agentprop.storage.run import StoredRun


def problems_of(source: str, *, limit: int | None, nested: bool) -> Intake:
    """At most `limit` problems; `nested` brings trajectories and skills along. Raises RunError if there are none."""
    intake = take_in(source, traces=nested, skills=nested)
    if intake.stored is None:
        return replace(intake, items=islice(intake.items, limit), total=limit)
    if not intake.total:
        hint = "name the run that proposed the problems"
        raise RunError(f"{source}, a run of {intake.stored.stage}, holds no problems", hint=hint)
    refused = _refused(intake.stored)
    wanted = (item for item in intake.items if item.problem.id not in refused)
    total = intake.total - len(refused)
    return replace(intake, items=islice(wanted, limit), total=total if limit is None else min(total, limit))


def _refused(stored: StoredRun) -> set[str]:
    """The problems whose last verdict is not `valid`."""
    last = {row["problem_id"]: row["value"] for row in stored.iter_rows(Verdict, ["problem_id", "value"])}
    proposed = stored.done_ids(Problem) if any(value != "valid" for value in last.values()) else set()
    return {problem_id for problem_id, value in last.items() if value != "valid" and problem_id in proposed}
