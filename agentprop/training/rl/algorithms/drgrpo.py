"""Centred rewards → Dr.GRPO's clipped-ratio loss, which divides by neither a spread nor a length that was sampled.

Dr.GRPO (arXiv 2503.20783) removes two biases of GRPO: dividing by the standard deviation of a group weighs easy and
hopeless tasks more, and dividing by the tokens that were sampled weighs short replies more. So A is the reward minus
the mean of its group, and the sum over tokens is divided by a constant. Ours: the constant is the episodes of an
optimiser step times the most tokens of a reply; whatever it is, a step of Adam is the same up to its ε and the gradient
clip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from agentprop.config.reinforce import ReinforceConfig
from agentprop.errors import ConfigError
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.algorithms.base import Weighed
from agentprop.training.rl.algorithms.grpo import Grpo, grpo_loss
from agentprop.training.rl.losses import Loss, Tokens


@dataclass(frozen=True)
class DrGrpo:
    """Dr.GRPO: no spread, and a constant length."""

    constant: float
    """Divisor of the sum over the tokens of an optimiser step, in tokens."""
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
        """Build from the settings of a stage. Raises ConfigError if advantages would be divided by a spread."""
        if config.std != "none":
            raise ConfigError("Dr.GRPO only subtracts the mean of a group", hint="add --set std=none")
        same = Grpo.of(config)
        episodes = config.groups * config.group_size / config.minibatches
        return cls(episodes * config.reply_tokens, same.beta, same.clip_low, same.clip_high)

    def weigh(self, actions: Actions, old: Tensor, ref: Tensor | None) -> Weighed:
        """Return the advantages themselves as weights, [A]."""
        return Grpo().weigh(actions, old, ref)

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """Return the clipped loss over the constant; the number of tokens that were sampled does not count."""
        return grpo_loss(
            tokens, n_tokens=self.constant, clip_low=self.clip_low, clip_high=self.clip_high, beta=self.beta
        )
