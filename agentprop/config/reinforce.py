"""Settings of the stages that learn by reinforcement: what both share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentprop.config.base import Count, Share
from agentprop.config.parts import Budget
from agentprop.config.training import TRAINING_FREE, NonNegative, TrainConfig

GroupSize = Annotated[int, Field(ge=2)]
AtLeastOne = Annotated[float, Field(ge=1)]


IN_PROCESS, VLLM = "in-process", "vllm"


class ReinforceConfig(Budget, TrainConfig):
    """What both have: groups of attempts, rewarded and compared. A step is one rollout batch and its update."""

    outside_identity: ClassVar[frozenset[str]] = TRAINING_FREE | Budget.bounds | {"steps", "sampler", "sample_every"}
    full_rate: ClassVar[float] = 1e-6
    lora_rate: ClassVar[float] = 1e-5

    steps: Count = 200
    """Rollout batches; raising it goes on, at the rate of the old schedule where that is not constant."""
    groups: Count = 8
    """Groups of a rollout batch."""
    group_size: GroupSize = 8
    """G: attempts of a group, which are compared with each other."""
    minibatches: Count = 4
    """Optimiser steps per rollout batch; with one, gate and clip have nothing to do."""
    reply_tokens: Count = 2048
    """Most tokens of one reply of the policy."""
    mask_cut_off: bool = True
    """Leave out of the loss what was cut off: a reply or context that was too long, an episode out of turns. They stay
    in the statistics of their group; false counts them as failures, which teaches to be short."""
    sampler: str = IN_PROCESS
    """Who samples: `in-process`, the trainer's own module; `vllm`, a server of its own that is given the weights after
    every step; or a name from agentprop.toml, such a server with that model's serve_args and serve_env."""
    constant_groups: Literal["drop", "kl_only"] = "drop"
    """What becomes of groups without a signal: nothing, or a pull to the reference."""
    std: Literal["sample", "none"] = "sample"
    """Divide advantages by the standard deviation of their group, or only subtract its mean."""
    beta: NonNegative = 0.0
    """β of the pull to the reference; 0 needs no reference."""
    clip_low: Share = 0.2
    """GRPO: ε of the clip below 1."""
    clip_high: NonNegative = 0.2
    """GRPO: ε of the clip above 1."""
    correction_cap: AtLeastOne = 2.0
    """Cap of π_old/π_engine, by which tokens are corrected for an engine that is not the trainer itself."""
    sample_every: Count = 10
    """Steps between those whose attempts are kept, for `show` to be looked at."""
