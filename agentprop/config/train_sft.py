"""Settings of supervised fine-tuning (agentic SFT)."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.config.base import Count, Share
from agentprop.config.parts import Limited, Splits
from agentprop.config.training import TRAINING_FREE, NonNegative, Schedule, TrainConfig


class TrainSftConfig(Splits, Limited, TrainConfig):
    """Trajectories of accepted problems → a model that imitates them."""

    stage: ClassVar[str] = "train-sft"
    outside_identity: ClassVar[frozenset[str]] = TRAINING_FREE | {"max_steps"}
    full_rate: ClassVar[float] = 1e-5
    lora_rate: ClassVar[float] = 1e-4

    schedule: Schedule = "cosine"
    """Learning rate after the warm-up: constant, or falling to zero at the last step of the last epoch."""
    imitate: Literal["trajectories", "answers"] = "trajectories"
    """Target of the imitation: `trajectories` makes a proposer; `answers`, the bare answer to each statement, makes a
    first solver if there is no trained one."""
    learn_stages: tuple[Literal["draft", "check", "refine", "finalize"], ...] = ()
    """Imitate only the turns of these stages and read the others; empty means all. `draft` alone teaches what to
    compose from a new library, with the protocol known (exploration-focused SFT)."""
    names: tuple[str, ...] = ()
    """Names that change places for each task, as in `propose` and `train-mgpo`: trajectories are imitated as a model
    would have read and written them. Empty changes none."""
    epochs: Count = 3
    """Number of passes over the trajectories."""
    max_steps: Count | None = None
    """Stop after this many optimiser steps; the schedule remains that of all epochs."""
    batch_size: Count = 32
    """Number of trajectories per optimiser step."""
    validation_share: Share = 0.05
    """Share of the remaining skill bundles to hold out for validation."""
    eval_every: Count = 50
    """Steps between evaluations; there is always one at the end."""
    patience: Count | None = None
    """Stop after this many evaluations without improvement and keep the best model; null never stops early."""
    min_improvement: NonNegative = 1e-3
    """Smallest improvement of the held-out loss that counts, in nats per token."""
    extracted: tuple[str, ...] = ()
    """Extract runs whose skills to learn as well: the text of a skill given its passage of the corpus (L_skill-acq)."""
    skill_weight: NonNegative = 0.1
    """Weight of the loss on skills (L_skill-acq) beside the loss on trajectories."""
