"""What an update is to reach, and in how many steps: an algorithm and the settings of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from agentprop.training.rl.advantages import GroupAdvantages
from agentprop.training.rl.algorithms import Algorithm
from agentprop.training.rl.explore import Explore
from agentprop.training.rl.lp_reg import LpReg
from agentprop.training.rl.pear import Pear


@dataclass(frozen=True)
class Correction:
    """Correction for another engine's sampling, by the ratio π_old/π_engine of each token."""

    cap: float = 2.0
    """Largest ratio."""
    low: float | None = None
    """Smallest ratio of a token that is not left out; None cuts ratios off at the cap instead of leaving tokens out."""


@dataclass(frozen=True)
class Objective:
    """Objective of an update, and its number of steps."""

    algorithm: Algorithm
    """Algorithm: weights and loss of the action tokens."""
    constant_groups: Literal["drop", "kl_only"] = "drop"
    """Treatment of groups without a signal: drop them, or still pull them to the reference."""
    correction: Correction | None = None
    """Correction π_old/π_engine; None if the trainer's own model sampled."""
    minibatches: int = 4
    """Optimiser steps per rollout batch."""
    explore: Explore | None = None
    """What keeps entropy up; None for nothing."""
    lp_reg: LpReg | None = None
    """What holds rare tokens up; None for nothing."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Weight of the actions of a stage, relative to others."""
    annealed: bool = False
    """Replies were drawn at temperatures that fall, so corrections are reported by position and may be too uneven."""
    pear: Pear | None = None
    """What lowers rewards by the entropy of thinking; None for nothing."""
    staleness: int = 0
    """Most steps between the weights that sampled and those that learn; corrections are reported by it."""

    @classmethod
    def of(cls, config: Any, algorithm: Algorithm, *, exact: bool) -> Self:
        """Build from the settings of a stage; `exact` says that the trainer's own model samples."""
        correction = Correction(config.correction_cap, config.correction_low if config.correction == "mask" else None)
        return cls(
            algorithm,
            constant_groups=config.constant_groups,
            correction=None if exact and config.anneal_decay is None else correction,
            minibatches=config.minibatches,
            explore=Explore.of(config),
            lp_reg=LpReg.of(config),
            stages=getattr(config, "stage_weights", None) or {},
            annealed=config.anneal_decay is not None,
            staleness=config.max_staleness,
        )

    def skips(self, group: GroupAdvantages) -> bool:
        """Return True if nothing can be learnt from a group, so that it is in no step and no N."""
        return group.singleton or (group.constant and self.constant_groups == "drop")
