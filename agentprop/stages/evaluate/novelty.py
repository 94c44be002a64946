"""A benchmark and the runs a model was trained on → the same benchmark, its results told apart by what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentprop.errors import InputError
from agentprop.grading.omega import TrainedOn
from agentprop.stages.common.accepted import join
from agentprop.stages.evaluate.items import AskedQuestion, Benchmark

COLUMN = "novelty"
"""Column of the results."""


def trained_on(runs: Sequence[str]) -> TrainedOn | None:
    """Return what the valid problems of the runs have in them; None without runs. Raises InputError."""
    if not runs:
        return None
    found = TrainedOn.of(one.problem for one in join(runs).problems())
    if not found.skills:
        raise InputError(f"no valid problem of {', '.join(runs)} names skills", hint="name the runs it was trained on")
    return found


def with_splits(benchmark: Benchmark, trained: TrainedOn) -> Benchmark:
    """Return the benchmark with another column. Raises InputError if none of its problems names skills."""

    def split(item: AskedQuestion) -> AskedQuestion:
        found = trained.split(item.problem)
        return item if found is None else replace(item, groups={**item.groups, COLUMN: found})

    items = [split(item) for item in benchmark.items]
    if not any(COLUMN in item.groups for item in items):
        raise InputError("no problem of the benchmark names skills", hint="evaluate on a run, or drop trained_on")
    return replace(benchmark, items=items)
