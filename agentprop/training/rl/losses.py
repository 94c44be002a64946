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
    action_A: Tensor | None = None
    """Index of each token's action in the rollout batch; only used by losses over whole replies."""


class Loss(NamedTuple):
    """Result of a loss."""

    loss: Tensor
    """Loss of shape [], to call backward on."""
    sums: Sums
    """Sums that `token_means` turns into metrics."""


def ratio(logp_A: Tensor, logp_old_A: Tensor) -> Tensor:
    """Return r = exp(log π_θ − log π_old) [A], finite for any finite log-probs."""
    return (logp_A - logp_old_A).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()


def rollout_correction(
    logp_old_A: Tensor, logp_engine_A: Tensor, *, cap: float = 2.0, low: float | None = None
) -> Tensor:
    """Return the correction c for sampling by another engine, [A], detached.

    Without `low` it is min(π_old/π_engine, cap); with it, the ratio inside [low, cap] and 0 outside, as in IcePop.

    >>> old = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    >>> [round(c, 4) for c in rollout_correction(old, torch.zeros(6)).tolist()]
    [0.3679, 0.6065, 1.0, 1.6487, 2.0, 2.0]
    >>> [round(c, 4) for c in rollout_correction(old, torch.zeros(6), cap=5.0, low=0.5).tolist()]
    [0.0, 0.6065, 1.0, 1.6487, 2.7183, 0.0]
    """
    found = ratio(logp_old_A.detach(), logp_engine_A.detach())
    if low is None:
        return found.clamp(max=cap)
    return torch.where((found >= low) & (found <= cap), found, 0.0)


def with_extras(tokens: Tokens, gain_A: Tensor, sums: Sums, *, n_tokens: float, beta: float) -> Loss:
    """Return −(1/N) Σ c·(gain − β·KL), where KL is the k3 estimator of KL(π_θ ‖ π_ref) and c the correction.

    Raises ValueError if β > 0 and the tokens have no `logp_ref_A`.
    """
    if beta:
        kl = _k3(tokens)
        gain_A, sums = gain_A - beta * kl, sums | {"kl_ref": kl.detach().sum()}
    if tokens.correction_A is not None:
        gain_A, sums = gain_A * tokens.correction_A.detach(), sums | {"correction": tokens.correction_A.sum()}
    return Loss(-gain_A.sum() / n_tokens, sums)


def _k3(tokens: Tokens) -> Tensor:
    """Return π_ref/π_θ − 1 − log(π_ref/π_θ) of each token, [A], with its graph."""
    if tokens.logp_ref_A is None:
        raise ValueError("a KL term with β > 0 needs the reference's log-probs")
    log_ratio = (tokens.logp_ref_A.detach() - tokens.logp_A).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
    return log_ratio.exp() - 1 - log_ratio


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
