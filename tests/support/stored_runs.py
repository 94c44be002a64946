"""Runs made of given records, as the stages store them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from agentprop.records import Difficulty, MadeBy, Problem, Record, Trajectory
from agentprop.storage.run import Run

K = 16
PROBER = "qwen3-1.7b@abc"
Export = Callable[..., dict[str, Any]]
"""`exported("verl", "out.parquet", limit=3)` → the summary."""


def store(path: Path, stage: str, records: Iterable[Record]) -> Path:
    """A finished run that holds these records."""
    with Run.open(path, stage, {}) as run:
        for record in records:
            run.add(record)
        run.commit({})
        run.finish({})
    return path


def difficulty(problem: Problem, c: int, prober: str = PROBER) -> Difficulty:
    """c of K attempts were right."""
    sampling = '{"temperature": 0.6}'
    return Difficulty(
        problem_id=problem.id, prober=prober, k=K, c=c, sampling=sampling, made_by=MadeBy(name=prober, version="1")
    )


def another(trajectory: Trajectory, words: str, **changed: Any) -> Trajectory:
    """Another try at the same task, in other words."""
    turns = [t.model_copy(update={"message": f"{t.message} {words}"}) for t in trajectory.turns[:2]]
    data = trajectory.model_dump() | {"id": "", "messages_hash": "", "turns": tuple(turns), **changed}
    return Trajectory.model_validate(data)


def altered(problem: Problem, **changed: Any) -> Problem:
    """Another problem of the same kind."""
    return Problem.model_validate(problem.model_dump() | {"id": "", **changed})
