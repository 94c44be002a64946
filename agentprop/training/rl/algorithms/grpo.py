"""Group-normalised advantages → GRPO's clipped-ratio loss, for the solver and as the ablation of MGPO.

GRPO is from DeepSeekMath (arXiv 2402.03300, equation 3); its KL term is the k3 estimator of equation 4. Ours: the loss
is normalised over the tokens of the whole optimiser step, as in MGPO, so that the two differ in nothing else; a group
of equal rewards has advantage 0. A `clip_high` above `clip_low` is DAPO's clip-higher (arXiv 2503.14476: 0.28 and 0.2).
The advantages are those of `advantages.advantages` with ω = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from agentprop.config.reinforce import ReinforceConfig
from agentprop.errors import ConfigError
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.algorithms.base import Weighed
from agentprop.training.rl.losses import Loss, Tokens, ratio, ratio_sums, with_extras


@dataclass(frozen=True)
class Grpo:
    """GRPO with clipped ratios."""

    beta: float = 0.0
    """Weight β of the KL term; 0 needs no reference."""
    clip_low: float = 0.2
    """The ratio is clipped at 1 − ε; this is ε."""
    clip_high: float = 0.2
    """The ratio is clipped at 1 + ε; this is ε."""
    omega: float = 0.0
    """Weight of the stage advantage: 0, so only whole episodes are compared."""

    @classmethod
    def of(cls, config: ReinforceConfig) -> Self:
        """Build from the settings of a stage. Raises ConfigError for a granularity of R_θ, which GRPO lacks."""
        if getattr(config, "granularity", "action") != "action":
            raise ConfigError(
                "GRPO has no implicit reward, so no granularity", hint="drop granularity, or train by mgpo"
            )
        return cls(beta=config.beta, clip_low=config.clip_low, clip_high=config.clip_high)

    def weigh(self, actions: Actions, old: Tensor, ref: Tensor | None) -> Weighed:
        """Return the advantages themselves as weights, [A]."""
        return Weighed(actions.advantage_J[actions.action_A].float(), {}, len(actions.advantage_J))

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """Return the clipped loss."""
        return grpo_loss(tokens, n_tokens=n_tokens, clip_low=self.clip_low, clip_high=self.clip_high, beta=self.beta)


def grpo_loss(
    tokens: Tokens, *, n_tokens: float, clip_low: float = 0.2, clip_high: float = 0.2, beta: float = 0.0
) -> Loss:
    """Compute L = −(1/N) Σ c·( min(r·A, clip(r, 1 − ε_low, 1 + ε_high)·A) − β·KL ), with A the token's weight.

    `n_tokens` is N, the unmasked action tokens of the optimiser step over all micro-batches and ranks. With β > 0 the
    tokens need `logp_ref_A`.
    """
    a = tokens.weight_A.detach()
    r = ratio(tokens.logp_A, tokens.logp_old_A.detach())
    clipped = r.clamp(1 - clip_low, 1 + clip_high)
    gain = torch.minimum(r * a, clipped * a)
    sums = ratio_sums(tokens, r) | {
        "frac_clipped_low": ((r < 1 - clip_low) & (a < 0)).sum(),
        "frac_clipped_high": ((r > 1 + clip_high) & (a > 0)).sum(),
        "w_sum_pre": a.sum(),
    }
    return with_extras(tokens, gain, sums, n_tokens=n_tokens, beta=beta)
