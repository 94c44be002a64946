"""Runs of propose, verify and extract → the data of agentic SFT: only trajectories whose problem was accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from agentprop.config import TrainSftConfig
from agentprop.errors import ConfigError, InputError
from agentprop.records import Problem
from agentprop.stages.common.accepted import JoinedRuns
from agentprop.stages.train.passages import skill_passages

if TYPE_CHECKING:
    from agentprop.training.data.imitation import Material, Sample, TrajectoryReader
    from agentprop.training.data.splits import Holdout


def gather(
    config: TrainSftConfig, joined: JoinedRuns, reader: TrajectoryReader, stop: Callable[[], bool] = bool
) -> Material:
    """Everything as token sequences; `reader.counts` says what became of what. Raises InputError if nothing is left.

    Raises KeyboardInterrupt between two trajectories once `stop` returns True.

    Problems whose skills are a held-out bundle or contain a held-out pair are held out, and so are trajectories that
    begin with such a pair.
    """
    from agentprop.training.data.imitation import Material

    bundles, pairs = _holdouts(config)
    train: list[Sample] = []
    held_out: list[Sample] = []
    for problem, first, sample in _samples(config, joined, reader):
        if sample is not None:
            known = bundles.split(problem.skills) == pairs.split(first) == "train"
            (train if known else held_out).append(sample)
        if len(train) + len(held_out) == config.limit:
            break
        if stop():
            raise KeyboardInterrupt
    reader.counts.update(train=len(train), held_out=len(held_out), **joined.left_out)
    _check(config, train, held_out, reader, joined)
    skills = ((one.skill, one.passage) for one in (skill_passages(config.extracted) if config.skill_weight else ()))
    return Material(tuple(train), tuple(held_out), reader.skills(skills))


def _samples(
    config: TrainSftConfig, joined: JoinedRuns, reader: TrajectoryReader
) -> Iterator[tuple[Problem, Sequence[str], Sample | None]]:
    """Yield each accepted problem, the skills its proposer began with, and its sample, None if too long."""
    if config.imitate == "answers":
        for accepted in joined.problems():
            problem = accepted.problem
            yield problem, (), reader.contained(problem, partial(reader.answer, problem))
    else:
        for accepted, trajectory in joined.demonstrations():
            sample = reader.contained(trajectory, partial(reader.trajectory, trajectory))
            yield accepted.problem, trajectory.task.skill_names, sample


def _holdouts(config: TrainSftConfig) -> tuple[Holdout, Holdout]:
    """Return the rules for a problem's skills, and for the skills that a trajectory begins with."""
    from agentprop.training.data.splits import Holdout, pair_named

    pairs = frozenset(map(pair_named, config.held_out))
    return Holdout(pairs, validation=config.validation_share, seed=config.seed), Holdout(pairs)


def _check(
    config: TrainSftConfig,
    train: Sequence[Sample],
    held_out: Sequence[Sample],
    reader: TrajectoryReader,
    joined: JoinedRuns,
) -> None:
    if not train and not held_out and reader.counts["too_long"]:
        raise InputError(
            f"all {reader.counts['too_long']} accepted trajectories are longer than {config.max_length} tokens",
            hint="raise max_length",
        )
    if not train and not held_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(joined.left_out.items()))
        raise InputError(
            f"there is no trajectory whose problem was found valid ({reasons or 'there are no problems'})",
            hint="propose more problems, judge them with `agentprop verify`, and name both runs",
        )
    if not train:
        raise InputError("every trajectory is held out", hint="lower validation_share, or hold fewer pairs out")
    if config.patience and not held_out:
        raise ConfigError("patience needs held-out data, and nothing is held out", hint="raise validation_share")
