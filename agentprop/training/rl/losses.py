"""Input and output of a policy loss: action tokens → a loss and sums that add up over micro-batches and ranks.

A loss here is a *sum* over its tokens divided by N, the number of unmasked action tokens of the whole optimiser step on
all ranks, so gradients of micro-batches are simply added. A wrapper that averages gradients over ranks would need the
loss multiplied by the number of ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor

MAX_LOG_RATIO = 20.0
"""Clamp of |log-ratio| before exp, nats: e^20 is far outside every gate and clip, and finite in float32."""
EDGES = (0.2, 0.5, 0.8, 0.95, 1.05, 1.25, 2.0, 3.0)
"""Edges of the histogram of r = π_θ/π_old."""

Sums = dict[str, Tensor]
"""Sums over tokens by name, each of shape []; `tokens` is their number."""


class Tokens(NamedTuple):
    """Action tokens of a micro-batch, all [A]; masked tokens are left out or have weight 0."""

    logp_A: Tensor
    """log π_θ of each token, nats, with its graph."""
    logp_old_A: Tensor
    """log π_old of each token, nats: the trainer's own log-prob at the weights that sampled."""
    weight_A: Tensor
    """Weight of each token's log-prob: w (MGPO) or the advantage (GRPO)."""
    correction_A: Tensor | None = None
    """Correction c: the truncated ratio of π_old to the engine that sampled; None means 1."""
    logp_ref_A: Tensor | None = None
    """log π_ref of each token, nats; only used by losses with a KL term."""


class Loss(NamedTuple):
    """Result of a loss."""

    loss: Tensor
    """Loss of shape [], to call backward on."""
    sums: Sums
    """Sums that `token_means` turns into metrics."""


def ratio(logp_A: Tensor, logp_old_A: Tensor) -> Tensor:
    """Return r = exp(log π_θ − log π_old) [A], finite for any finite log-probs."""
    return (logp_A - logp_old_A).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()


def rollout_correction(logp_old_A: Tensor, logp_engine_A: Tensor, *, cap: float = 2.0) -> Tensor:
    """Return c = min(π_old/π_engine, cap) [A], detached: the correction for sampling by another engine."""
    return ratio(logp_old_A.detach(), logp_engine_A.detach()).clamp(max=cap)


def ratio_sums(tokens: Tokens, ratio_A: Tensor) -> Sums:
    """Return count, moments and histogram of r, and KL(π_old ‖ π_θ) by the k3 estimator r − 1 − log r, as sums."""
    r = ratio_A.detach()
    edges = torch.tensor(EDGES, dtype=r.dtype, device=r.device)
    histogram = torch.bincount(torch.bucketize(r, edges), minlength=len(EDGES) + 1)
    log_r = (tokens.logp_A.detach() - tokens.logp_old_A).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
    sums = {
        "tokens": r.new_tensor(len(r)),
        "ratio": r.sum(),
        "ratio_squared": (r * r).sum(),
        "kl_old": (r - 1 - log_r).sum(),
    }
    return sums | dict(zip(BINS, histogram, strict=True))


BINS = tuple(
    f"ratio_in/{low}-{high}" for low, high in zip(("0", *map(str, EDGES)), (*map(str, EDGES), "inf"), strict=True)
)
"""Names of the bins of the histogram."""


def token_means(parts: Iterable[Sums], reduce: Callable[[Tensor], Tensor] = lambda total: total) -> dict[str, float]:
    """Return the metrics of an optimiser step: every sum over its micro-batches divided by the number of tokens.

    `reduce` adds the vector of totals over ranks. There is one transfer from the device, however many sums.
    """
    kept = list(parts)
    names = list(kept[0])
    total = torch.stack([torch.stack([part[name].double() for name in names]) for part in kept]).sum(0)
    values = dict(zip(names, reduce(total).tolist(), strict=True))
    tokens = values.pop("tokens")
    means = {name: value / max(tokens, 1.0) for name, value in values.items()}
    if "ratio_squared" in means:
        means["ratio_std"] = max(0.0, means.pop("ratio_squared") - means["ratio"] ** 2) ** 0.5
    return {"tokens": tokens, **means}
