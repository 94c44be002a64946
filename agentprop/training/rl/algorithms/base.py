"""Interface of an algorithm of policy optimisation: weights of the action tokens, and a loss over them.

To add one, write one file with a class of this shape and name it in `ALGORITHMS`, or in another package as an entry
point of the group `agentprop.algorithms`. It receives the settings of the stage; in `of` it may ignore or refuse
settings that it cannot use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from torch import Tensor

    from agentprop.training.rl.actions import Actions
    from agentprop.training.rl.losses import Loss, Tokens


class Weighed(NamedTuple):
    """Weights of the action tokens' log-probs, and metrics about them."""

    weight_A: Tensor
    """Weight of each action token, float32, detached, [A]."""
    metrics: dict[str, float]
    """Means over the units, by name."""
    units: int
    """Number of units (actions, tokens or trajectories) that the weights were computed for."""


class Algorithm(Protocol):
    """Algorithm: a group's advantages → a gradient."""

    @property
    def beta(self) -> float:
        """Strength β of the pull to the reference π_ref; at 0 no reference is kept."""
        ...

    @property
    def omega(self) -> float:
        """Weight ω of the stage advantage A_S beside A_E; 0 compares only whole episodes."""
        ...

    @classmethod
    def of(cls, config: Any) -> Self:
        """Build from the settings of a stage. Raises ConfigError for settings that do not apply."""
        ...

    def weigh(self, actions: Actions, old: Tensor, ref: Tensor | None) -> Weighed:
        """Return the weights of a whole rollout batch, before its first step; log-probs are [A], in nats."""
        ...

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """Return the loss of some tokens of an optimiser step that has `n_tokens` over all micro-batches and ranks."""
        ...
