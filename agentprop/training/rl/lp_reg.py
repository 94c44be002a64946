"""Rare tokens that are pushed down → the few that are held up, because the policy meant them and they are no noise.

Low-probability regularisation (Lp-Reg, arXiv 2510.03222): what a policy says rarely is partly noise and partly the
beginning of another thought, and an update that punishes both drives the second out. The proxy is the policy without
its noise: entries with less than `min_p` times the probability of the likeliest are cut, the rest normalised again. Of
the tokens with a negative weight those with the lowest log-probs are chosen, less what is noise itself, and

    loss += β/N · k3,    k3 = e^d − d − 1,    d = log π_proxy − log π_θ    for chosen tokens with d > 0

The slope by log π_θ is β·(1 − e^d): a pull up that grows as the token sinks. For p = (0.90, 0.05, 0.035, 0.015) and
min_p = 0.02 the third token has the proxy 0.0355, so d = 0.0151, k3 = 0.00011 and the slope is −0.0152, very little.
Once it is half as likely, d = 0.7083 and the slope is −1.03. So this is a brake, which acts from the second optimiser
step of a batch on.

Values of the authors' recipe: a share of 1 % (14B), min_p = 0.02, β = 1, d clamped to ±10, the clip wide open.
Ours: tokens are chosen once per rollout batch, over all processes, by the sign of the weight that scales the update;
the proxy is that of the weights the batch is first scored with; only tokens below a probability of 0.1 can be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from agentprop.training.model.distributed import World
from agentprop.training.rl.explore import largest
from agentprop.training.rl.losses import Sums, Tokens

MAX_GAP = 10.0
"""Clamp of d, nats."""


@dataclass(frozen=True)
class LpReg:
    """What holds rare tokens up."""

    beta: float = 1.0
    """Weight β of the term."""
    share: float = 0.01
    """Share of the tokens pushed down that is chosen; at least one is, if one may be."""
    min_p: float = 0.02
    """Probability, relative to the likeliest entry, below which an entry is noise."""

    @classmethod
    def of(cls, config: Any) -> Self | None:
        """Build from the settings of a stage; None if they ask for nothing."""
        return cls(config.lp_reg, config.lp_reg_share, config.lp_reg_min_p) if config.lp_reg else None


def held_up(
    lp: LpReg, weight_A: Tensor, logp_A: Tensor, proxy_A: Tensor, in_loss_A: Tensor, world: World
) -> tuple[Tensor, dict[str, float]]:
    """Return log π_proxy of the chosen tokens and −∞ elsewhere, [A], and `lp_share`, the share of tokens chosen.

    Every process calls it.
    """
    down = in_loss_A & (weight_A < 0)
    n, n_down = world.sum([float(in_loss_A.sum()), float(down.sum())])
    lowest = largest(torch.where(down, -logp_A.double(), -torch.inf), max(1, int(lp.share * n_down)), world)
    chosen = lowest & proxy_A.isfinite()
    (touched,) = world.sum([float(chosen.sum())])
    return torch.where(chosen, proxy_A, -torch.inf), {"lp_share": touched / max(n, 1.0)}


def hold(lp: LpReg, tokens: Tokens, proxy_A: Tensor, n_tokens: float) -> tuple[Tensor, Sums]:
    """Return the term of the loss, (β/N)·Σ k3, with its graph, and the sum of the pulls as `lp_pull`."""
    proxy = proxy_A.to(tokens.logp_A.device)
    # Tokens that were not chosen have −∞, whose gradient would be NaN behind a mask: put d = 0 there instead.
    known = torch.where(proxy.isfinite(), proxy, tokens.logp_A.detach())
    d = (known - tokens.logp_A).clamp(0.0, MAX_GAP)
    return lp.beta * (d.exp() - d - 1).sum() / n_tokens, {"lp_pull": lp.beta * (d.detach().exp() - 1).sum()}
