"""A policy before an update → log-probs and entropies of every action token at the weights that sampled."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from agentprop.training.model.distributed import World
from agentprop.training.model.logprobs import Scores
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.token_table import TokenTable, padded_rows


class FrozenLogprobs(NamedTuple):
    """Log-probs and entropies of every action token before the weights change, [A]."""

    old: Tensor
    """log π_old, nats."""
    ref: Tensor | None
    """log π_ref, nats."""
    engine: Tensor
    """The sampling engine's log-prob, nats; NaN if it gave none."""
    entropy: Tensor
    """Entropy of the policy's distribution, nats."""
    proxy: Tensor | None = None
    """Log-prob without noise, nats, of unlikely tokens; None without Lp-Reg."""


@torch.no_grad()
def freeze(
    policy: PolicyModel, table: TokenTable, objective: Objective, world: World, stop: Callable[[], bool] = bool
) -> FrozenLogprobs:
    """Compute the log-probs of every action token at the weights that sampled."""
    policy.eval()
    min_p = None if objective.lp_reg is None else objective.lp_reg.min_p
    old, entropy, proxy = _scores(policy, table, world, stop, min_p)
    ref = None
    if objective.algorithm.beta:
        with policy.reference() as reference:
            ref, _, _ = _scores(reference, table, world, stop)
    unknown = [
        np.full(s.n_actions, np.nan, np.float32) if s.logprobs is None else s.logprobs[s.mask] for s in table.sequences
    ]
    engine = torch.from_numpy(np.concatenate(unknown)) if unknown else torch.zeros(0)
    return FrozenLogprobs(old, ref, engine, entropy, proxy)


def _scores(
    policy: PolicyModel, table: TokenTable, world: World, stop: Callable[[], bool], min_p: float | None = None
) -> Scores:
    """Return log-probs, entropies and, with `min_p`, log-probs without noise, [A], on the CPU."""
    logprob, entropy = torch.zeros(2, table.n_actions)
    proxy = None if min_p is None else torch.full_like(logprob, -torch.inf)
    for batch, places in padded_rows(table.rows(range(len(table.sequences))), world, stop):
        found = policy(batch.to(policy.device), min_p=min_p)
        logprob[places] = found.logprob[: len(places)].float().cpu()
        entropy[places] = found.entropy[: len(places)].float().cpu()
        if proxy is not None:
            proxy[places] = found.proxy[: len(places)].float().cpu()
    return Scores(logprob, entropy, proxy)
