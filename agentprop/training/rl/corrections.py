"""Log-probs of the trainer and of the sampling engine → corrections π_old/π_engine, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from agentprop.errors import ConfigError
from agentprop.training.means import RunningMeans, effective_share
from agentprop.training.model.distributed import World
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.frozen import FrozenLogprobs
from agentprop.training.rl.losses import rollout_correction
from agentprop.training.rl.objective import Correction

LEAST_EFFECTIVE = 0.3
"""Least effective share of a batch that was annealed (ours)."""
ROUNDING = 1e-3
"""Largest difference of a correction from 1 that two computations of the same log-probs may make."""


def corrections(frozen: FrozenLogprobs, how: Correction) -> Tensor:
    """Return the correction c of each action token [A]; 1 for tokens without a log-prob of the engine."""
    engine = torch.where(frozen.engine.isnan(), frozen.old, frozen.engine)
    return rollout_correction(frozen.old, engine, cap=how.cap, low=how.low)


def ages(groups: Sequence[TrainingGroup], step: int) -> Tensor:
    """Return the age of each action in steps, int64 [J]: how much older the weights are that began to sample it."""
    found = [
        step - version
        for group in groups
        for example, counts in zip(group.examples, group.lengths, strict=True)
        for version in (*example.versions, *[step] * len(counts))[: len(counts)]  # a sampler without versions is new
    ]
    return torch.tensor(found, dtype=torch.int64)


def by_age(means: RunningMeans, correction: Tensor, age_A: Tensor, most: int) -> None:
    """Add the mean age, and the mean correction and effective share of each age.

    With stale weights the correction is no longer the gap between two engines alone, so it is told apart.
    """
    means.add_mean("age", float(age_A.double().mean()) if len(age_A) else 0.0, len(age_A))
    for age in range(most + 1):
        found = correction[age_A == age]
        means.add_mean(f"correction_age_{age}", float(found.double().mean()) if len(found) else 0.0, len(found))
        means.add_weights(f"effective_share_age_{age}", found.tolist())


def check_effective(correction: Tensor, world: World) -> None:
    """Raise ConfigError if the corrections are so uneven that few tokens are left of the batch, over all processes."""
    c = correction.double()
    n, total, squares = world.sum([float(len(c)), float(c.sum()), float((c * c).sum())])
    share = effective_share(total, squares, n)
    if share < LEAST_EFFECTIVE:
        raise ConfigError(
            f"annealed replies differ so much from the policy's own that {share:.0%} of a batch still counts",
            hint="raise anneal_decay or anneal_low",
        )


def by_position(means: RunningMeans, correction: Tensor, action_A: Tensor) -> None:
    """Add the mean correction of each tenth of the replies, from `correction_tenth_1` on, and the share `annealed`.

    A token counts as annealed if its correction is not 1; that of one at temperature 1 is, up to rounding.
    """
    means.add("annealed", ((correction - 1).abs() > ROUNDING).tolist())
    count = torch.bincount(action_A)
    first = torch.cat([count.new_zeros(1), count.cumsum(0)[:-1]]) if len(count) else count
    tenth_A = (torch.arange(len(action_A)) - first[action_A]) * 10 // count[action_A]
    for tenth in range(10):
        found = correction[tenth_A == tenth]
        means.add_mean(f"correction_tenth_{tenth + 1}", float(found.double().mean()) if len(found) else 0.0, len(found))
