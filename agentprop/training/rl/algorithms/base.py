"""What an algorithm of policy optimisation is to the update: weights of the action tokens, and a loss of them.

To add one, write one file with a class of this shape and name it in `ALGORITHMS`, or in another package as an entry
point of the group `agentprop.algorithms`. Its settings are those of the stage; what it cannot use it ignores or refuses
in `of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from torch import Tensor

    from agentprop.training.rl.actions import Actions
    from agentprop.training.rl.losses import Loss, Tokens


class Weighed(NamedTuple):
    """What the log-prob of each action token is multiplied with, and what is worth knowing about it."""

    weight_A: Tensor
    """Float32, detached, [A]."""
    metrics: dict[str, float]
    """Means over the units."""
    units: int
    """Actions, tokens or trajectories that the weights are taken over."""


class Algorithm(Protocol):
    """How a group's advantages become a gradient."""

    @property
    def beta(self) -> float:
        """Strength of the pull to the reference π_ref; at 0 no reference is kept."""
        ...

    @property
    def omega(self) -> float:
        """ω, the weight of the stage advantage A_S beside A_E; 0 compares episodes alone."""
        ...

    @classmethod
    def of(cls, config: Any) -> Self:
        """From the settings of a stage. Raises ConfigError for settings that do not go with it."""
        ...

    def weigh(self, actions: Actions, old: Tensor, ref: Tensor | None) -> Weighed:
        """The weights of a whole rollout batch, before the first step; log-probs [A] in nats of π_old and π_ref."""
        ...

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """The loss of some tokens of an optimiser step that has `n_tokens` over all micro-batches and ranks."""
        ...
