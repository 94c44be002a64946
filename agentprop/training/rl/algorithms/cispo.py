"""Group-normalised advantages → CISPO's loss, which caps the weight of a token instead of dropping its gradient.

CISPO is from MiniMax-M1 (arXiv 2506.13585). A clipped ratio as in GRPO silences a token once it has moved far enough,
and rare tokens move far in one step; here every token keeps its gradient, weighed by its ratio up to a cap:

    L = −(1/N) Σ stopgrad(min(r, cap))·A·log π_θ

Ours: the cap's default of 5 is that of public trainers, not checked against the paper; N as in `grpo`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from agentprop.config.reinforce import ReinforceConfig
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.algorithms.base import Weighed
from agentprop.training.rl.algorithms.grpo import Grpo
from agentprop.training.rl.losses import Loss, Tokens, ratio, ratio_sums, with_extras


@dataclass(frozen=True)
class Cispo:
    """CISPO with a capped, detached ratio."""

    beta: float = 0.0
    """Weight β of the KL term; 0 needs no reference."""
    cap: float = 5.0
    """Largest ratio that weighs a token."""
    omega: float = 0.0
    """Weight of the stage advantage: 0, so only whole episodes are compared."""

    @classmethod
    def of(cls, config: ReinforceConfig) -> Self:
        """Build from the settings of a stage. Raises ConfigError for settings of MGPO alone."""
        return cls(beta=Grpo.of(config).beta, cap=config.ratio_cap)

    def weigh(self, actions: Actions, old: Tensor, ref: Tensor | None) -> Weighed:
        """Return the advantages themselves as weights, [A]."""
        return Grpo().weigh(actions, old, ref)

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """Return the loss with capped ratios."""
        return cispo_loss(tokens, n_tokens=n_tokens, cap=self.cap, beta=self.beta)


def cispo_loss(tokens: Tokens, *, n_tokens: float, cap: float = 5.0, beta: float = 0.0) -> Loss:
    """Compute L = −(1/N) Σ c·( stopgrad(min(r, cap))·A·log π_θ − β·KL ), with A the token's weight."""
    a = tokens.weight_A.detach()
    r = ratio(tokens.logp_A.detach(), tokens.logp_old_A.detach())
    sums = ratio_sums(tokens, r) | {"frac_capped": (r > cap).sum(), "w_sum_pre": a.sum()}
    return with_extras(tokens, r.clamp(max=cap) * a * tokens.logp_A, sums, n_tokens=n_tokens, beta=beta)
