"""Weights and log-probs of a rollout batch → the few tokens whose update lowers entropy most, and what becomes of them.

The entropy of a policy falls by the covariance, over its tokens, of log-prob and advantage (Entropy Mechanism, arXiv
2505.22617): what is likely and paid becomes likelier. Two remedies touch only the tokens that lead this sum:

    Clip-Cov    of the tokens with cov in (low, high), leave a share of all tokens out of the loss, drawn at random
    KL-Cov      of the share of tokens with the largest cov, add β·|log r|/N to the loss: a pull to the sampling policy

Shares and bounds of the authors' recipes: 2e-4, 1 and 5; 2e-3 and β = 1. Ours: cov is taken of the weights that scale
the update (w of MGPO, A of the others), once per rollout batch and over all processes, because inside one rollout A is
constant and a covariance there is 0; what Clip-Cov draws depends on the seed and on a token's place in its group alone,
and so does KL-Cov's choice among equals; KL-Cov leaves the algorithm's own term as it is. |log r| has no gradient at
r = 1, so KL-Cov acts from the second optimiser step of a batch on. Clip-Cov breaks the zero sum of weights by what it
leaves out, which `cov_w_sum` shows.

    A           1       1      −1      −1
    π           0.9     0.1    0.9     0.1
    cov         1.10   −1.10  −1.10    1.10      so the first and the last may be left out
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, NamedTuple, Self

import torch
from torch import Tensor

from agentprop.training.model.distributed import World

CLIP_SHARE, KL_SHARE = 2e-4, 2e-3


@dataclass(frozen=True)
class Explore:
    """What keeps entropy up."""

    kind: Literal["clip", "kl"]
    """Clip-Cov or KL-Cov."""
    share: float
    """Share of tokens that is chosen; at least one token is, if one may be."""
    low: float = 1.0
    """Smallest covariance that Clip-Cov leaves out."""
    high: float = 5.0
    """Largest covariance that Clip-Cov leaves out."""
    kl: float = 1.0
    """Weight β of |log r| in KL-Cov."""

    @classmethod
    def of(cls, config: Any) -> Self | None:
        """Build from the settings of a stage; None if they ask for nothing."""
        if config.cov == "none":
            return None
        share = config.cov_share
        if share is None:
            share = CLIP_SHARE if config.cov == "clip" else KL_SHARE
        return cls(config.cov, share, config.cov_low, config.cov_high, config.cov_kl)


class Chosen(NamedTuple):
    """Tokens that `cov` touches."""

    weight_A: Tensor
    """Weights, with 0 for tokens that are left out, [A]."""
    pull_A: Tensor | None
    """Weight of each token's |log r|, [A]; None for Clip-Cov."""
    metrics: dict[str, float]
    """cov_mean, cov_share and cov_w_sum, over all processes."""


def covariances(weight_A: Tensor, logp_A: Tensor, in_loss_A: Tensor, world: World) -> Tensor:
    """Return (w − mean w)·(log π − mean log π) of each token, float64 [A]; 0 for tokens that are not in the loss."""
    w, logp, kept = weight_A.double(), logp_A.double(), in_loss_A.double()
    n, total_w, total_logp = world.sum([float(kept.sum()), float((w * kept).sum()), float((logp * kept).sum())])
    n = max(n, 1.0)
    return (w - total_w / n) * (logp - total_logp / n) * kept


def choose(explore: Explore, weight_A: Tensor, logp_A: Tensor, in_loss_A: Tensor, keys: Tensor, world: World) -> Chosen:
    """Choose tokens and change their weights or give them a pull.

    `keys` are the numbers of the tokens, int64 [A], by which Clip-Cov draws, and KL-Cov among equal ones: see `draws`.
    Every process calls it.
    """
    cov = covariances(weight_A, logp_A, in_loss_A, world)
    n, total = world.sum([float(in_loss_A.sum()), float(cov.sum())])
    count = max(1, int(explore.share * n))
    if explore.kind == "clip":
        able = in_loss_A & (cov > explore.low) & (cov < explore.high)
        chosen = largest(torch.where(able, keys.double(), -torch.inf), count, world)
    else:
        # Sure tokens of one action have one weight and the log-prob 0, so many of the largest are often equal.
        chosen = largest(torch.where(in_loss_A, cov, -torch.inf), count, world, keys)
    touched, left_out = world.sum([float(chosen.sum()), float(weight_A[chosen].double().sum())])
    metrics = {"cov_mean": total / max(n, 1.0), "cov_share": touched / max(n, 1.0)}
    if explore.kind == "clip":
        return Chosen(torch.where(chosen, 0.0, weight_A), None, metrics | {"cov_w_sum": left_out})
    return Chosen(weight_A, torch.where(chosen, explore.kl, 0.0), metrics)


def draws(seed: str, numbers: list[int], sizes: list[int]) -> Tensor:
    """Return a random number below 2^53 for each token of each group, int64 [A], whoever computes it.

    `numbers` are those of the groups, unique over all processes, and `sizes` their tokens.
    """
    parts = [
        torch.randint(2**53, (size,), generator=_generator(f"{seed}/{number}"))
        for number, size in zip(numbers, sizes, strict=True)
    ]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.int64)


def _generator(seed: str) -> torch.Generator:
    found = torch.Generator()
    found.manual_seed(int.from_bytes(blake2b(seed.encode(), digest_size=7).digest(), "big"))
    return found


def largest(values_A: Tensor, count: int, world: World, keys: Tensor | None = None) -> Tensor:
    """Mask of the `count` largest finite values over all processes; of equal ones those with the largest keys.

    Without keys, equal values at the end are all taken.
    """
    keys = torch.zeros_like(values_A, dtype=torch.int64) if keys is None else keys
    own = torch.full((2, count), -torch.inf, dtype=torch.float64)
    best = _descending(values_A, keys)[:count]
    own[:, : len(best)] = torch.stack([values_A[best].double(), keys[best].double()])
    value, key = torch.cat(world.gather(own), dim=1)
    last = _descending(value, key)[count - 1]
    beyond: Tensor = (values_A > value[last]) | ((values_A == value[last]) & (keys >= key[last]))
    return beyond & values_A.isfinite()


def _descending(values: Tensor, keys: Tensor) -> Tensor:
    """Order from the largest value to the smallest, equal ones from the largest key to the smallest."""
    by_key = keys.argsort(descending=True)
    order: Tensor = by_key[values[by_key].argsort(descending=True, stable=True)]
    return order
