"""A run directory or a pipe → the problems to probe: those whose last verdict in the run, if any, is `valid`."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from agentprop.errors import RunError
from agentprop.records import Problem, Verdict
from agentprop.stages.common.intake import Intake, open_intake
from agentprop.storage.run import StoredRun


def problems_of(source: str, *, limit: int | None, nested: bool) -> Intake:
    """Open at most `limit` problems; `nested` adds trajectories and skills. Raises RunError if there are none."""
    intake = open_intake(source, traces=nested, skills=nested)
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
    """Ids of the problems whose last verdict is not `valid`."""
    last = {row["problem_id"]: row["value"] for row in stored.iter_rows(Verdict, ["problem_id", "value"])}
    proposed = stored.done_ids(Problem) if any(value != "valid" for value in last.values()) else set()
    return {problem_id for problem_id, value in last.items() if value != "valid" and problem_id in proposed}
