"""Settings of agentic SFT."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.config.base import Count, Share
from agentprop.config.parts import Limited, Splits
from agentprop.config.training import TRAINING_FREE, NonNegative, Schedule, TrainConfig


class TrainSftConfig(Splits, Limited, TrainConfig):
    """Trajectories whose problem V accepted → a model that imitates them."""

    stage: ClassVar[str] = "train-sft"
    outside_identity: ClassVar[frozenset[str]] = TRAINING_FREE | {"max_steps"}
    full_rate: ClassVar[float] = 1e-5
    lora_rate: ClassVar[float] = 1e-4

    schedule: Schedule = "cosine"
    """How the learning rate goes after the warm-up: constant, or to zero at the last step of all epochs."""
    imitate: Literal["trajectories", "answers"] = "trajectories"
    """What is learnt: the trajectories, which makes a proposer; or, given the statement alone, the bare answers, which
    makes a first solver where no trained one can be had."""
    epochs: Count = 3
    """Passes over the trajectories."""
    max_steps: Count | None = None
    """Stop after so many optimiser steps; the schedule is still that of all epochs."""
    batch_size: Count = 32
    """Trajectories per optimiser step."""
    validation_share: Share = 0.05
    """Share of the remaining bundles of skills that is held out too: what is made with them is only evaluated on."""
    eval_every: Count = 50
    """Steps between evaluations; there is one at the end in any case."""
    patience: Count | None = None
    """Stop after so many evaluations without improvement, and keep the best; null never stops early."""
    min_improvement: NonNegative = 1e-3
    """Nats per token by which an evaluation must be better than the best one to count as improvement."""
    extracted: tuple[str, ...] = ()
    """Extract runs whose skills are learnt too: L_skill-acq, the text of a skill given its corpus span."""
    skill_weight: NonNegative = 0.1
    """Weight of L_skill-acq beside the loss of imitation, where there are extract runs."""
