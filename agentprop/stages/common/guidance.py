"""Settings and earlier runs → what a language model is told beyond the protocol when it proposes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from agentprop.agent.guidance import Guidance
from agentprop.config import ProposeConfig
from agentprop.errors import RunError
from agentprop.records import Difficulty, Problem

SHOWN, CHARACTERS = 3, 500
"""Statements shown of a category that are too easy, and as many that are hopeless; characters of each."""
TRAINED = ("train-sft", "train-mgpo", "train-solver")
"""Stages that make models."""


def guidance_of(config: ProposeConfig) -> Guidance | None:
    """What the run's proposer is told; None if it is told the protocol alone."""
    wanted = not _trained(config.proposer) if config.guidance is None else config.guidance
    if config.proposer == "builtin" or config.one_shot or not wanted:
        return None
    easy, hard = _earlier(config.learn_from, float(config.target_pass_rate.partition("..")[2]))
    return Guidance(config.exemplar, config.target_pass_rate, easy, hard)


def _trained(model: str) -> bool:
    """True if the model is the result of a training run of agentprop."""
    if model == "builtin":
        return False
    from agentprop.models.registry import resolve  # clients of servers, which the built-in proposer does without

    settings = resolve(model)
    return settings.local and _stage_of(Path(settings.model).resolve().parent) in TRAINED


def _stage_of(folder: Path) -> str | None:
    """Stage of the run in a directory; None if there is none."""
    from agentprop.storage.run import open_run  # reads Parquet, which most programs that make a plan never do

    try:
        return open_run(folder).stage
    except RunError:
        return None


def _earlier(runs: Sequence[str], most: float) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Category → statements that were solved more often than `most`; and those that were never solved."""
    easy: dict[str, list[str]] = defaultdict(list)
    hard: dict[str, list[str]] = defaultdict(list)
    for category, statement, rate in _measured(runs):
        found = easy if rate > most else hard if rate == 0 else None
        if found is not None and len(found[category]) < SHOWN:
            found[category].append(statement[:CHARACTERS])
    return _frozen(easy), _frozen(hard)


def _measured(runs: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """(category, statement, pass rate) of the problems that a probe measured; the last measurement counts."""
    from agentprop.storage.run import open_run  # as above

    stored = [open_run(path) for path in runs]
    rates = {
        row["problem_id"]: row["c"] / row["k"]
        for run in stored
        for row in run.iter_rows(Difficulty, ["problem_id", "c", "k"])
        if row["k"]
    }
    for run in stored if rates else ():
        for row in run.iter_rows(Problem, ["id", "category", "statement"]):
            if row["id"] in rates:
                yield row["category"], row["statement"], rates.pop(row["id"])


def _frozen(found: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {category: tuple(statements) for category, statements in found.items()}
