"""Group-normalised advantages → GSPO's loss, whose ratio is that of a whole reply.

GSPO (arXiv 2507.18071): tokens of a reply share s = exp(mean of log π_θ − log π_old over its tokens), the geometric
mean of their ratios, and the clip acts on s, so it takes or leaves a reply as a whole. Log ratios of 0.3, −0.1 and 0.1
give s = e^0.1 = 1.105, while their product is 1.350. The range 1 − 3e-4 … 1 + 4e-4 is the one that public trainers
quote.

Ours: a reply is one action of an episode, since the mean over an episode of many turns would hide a broken one; the
loss is the mean over tokens, as in `grpo`, and not over replies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from agentprop.config.reinforce import ReinforceConfig
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.algorithms.base import Weighed
from agentprop.training.rl.algorithms.grpo import Grpo
from agentprop.training.rl.losses import MAX_LOG_RATIO, Loss, Tokens, ratio, ratio_sums, with_extras


@dataclass(frozen=True)
class Gspo:
    """GSPO with the ratio of whole replies."""

    beta: float = 0.0
    """Weight β of the KL term; 0 needs no reference."""
    clip_low: float = 3e-4
    """The ratio of a reply is clipped at 1 − ε; this is ε."""
    clip_high: float = 4e-4
    """The ratio of a reply is clipped at 1 + ε; this is ε."""
    omega: float = 0.0
    """Weight of the stage advantage: 0, so only whole episodes are compared."""

    @classmethod
    def of(cls, config: ReinforceConfig) -> Self:
        """Build from the settings of a stage. Raises ConfigError for settings of MGPO alone."""
        return cls(Grpo.of(config).beta, config.reply_clip_low, config.reply_clip_high)

    def weigh(self, actions: Actions, old: Tensor, ref: Tensor | None) -> Weighed:
        """Return the advantages themselves as weights, [A]."""
        return Grpo().weigh(actions, old, ref)

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """Return the loss with clipped ratios of replies."""
        return gspo_loss(tokens, n_tokens=n_tokens, clip_low=self.clip_low, clip_high=self.clip_high, beta=self.beta)


def gspo_loss(
    tokens: Tokens, *, n_tokens: float, clip_low: float = 3e-4, clip_high: float = 4e-4, beta: float = 0.0
) -> Loss:
    """Compute L = −(1/N) Σ c·( min(s·A, clip(s, 1 − ε_low, 1 + ε_high)·A) − β·KL ), with s of each token's reply.

    The tokens need `action_A`, and all tokens of a reply must be among them.
    """
    a = tokens.weight_A.detach()
    s = reply_ratio(tokens)
    clipped = s.clamp(1 - clip_low, 1 + clip_high)
    sums = ratio_sums(tokens, ratio(tokens.logp_A.detach(), tokens.logp_old_A.detach())) | {
        "reply_ratio": s.detach().sum(),
        "frac_clipped_low": ((s < 1 - clip_low) & (a < 0)).sum(),
        "frac_clipped_high": ((s > 1 + clip_high) & (a > 0)).sum(),
        "w_sum_pre": a.sum(),
    }
    return with_extras(tokens, torch.minimum(s * a, clipped * a), sums, n_tokens=n_tokens, beta=beta)


def reply_ratio(tokens: Tokens) -> Tensor:
    """Return the geometric mean of the ratios of each token's reply, [A], with its graph.

    Raises ValueError without the index of each token's action.
    """
    if tokens.action_A is None:
        raise ValueError("the ratio of a reply needs to know which tokens it has")
    _, reply_A = torch.unique(tokens.action_A, return_inverse=True)
    log_r = tokens.logp_A - tokens.logp_old_A.detach()
    count = torch.bincount(reply_A)
    total = log_r.new_zeros(len(count)).index_add(0, reply_A, log_r)
    return (total / count).clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()[reply_A]
