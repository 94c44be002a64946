"""Settings that the two stages of reinforcement learning share."""

from __future__ import annotations

from math import inf
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from agentprop.config.base import Count, Positive, Share
from agentprop.config.parts import Budget
from agentprop.config.training import TRAINING_FREE, NonNegative, TrainConfig, Whole

GroupSize = Annotated[int, Field(ge=2)]
AtLeastOne = Annotated[float, Field(ge=1)]


IN_PROCESS, VLLM = "in-process", "vllm"


class ReinforceConfig(Budget, TrainConfig):
    """Settings of training on groups of attempts. A step is one rollout batch and the update on it."""

    outside_identity: ClassVar[frozenset[str]] = (
        TRAINING_FREE
        | Budget.bounds
        | {"steps", "sampler", "sampler_devices", "sampler_memory", "sampler_sleep", "transport"}
        | {"cache_gib", "sample_every"}
    )
    full_rate: ClassVar[float] = 1e-6
    lora_rate: ClassVar[float] = 1e-5

    steps: Count = 200
    """Number of rollout batches; raising it continues a run, with the learning rate of the old schedule unless that is
    constant."""
    groups: Count = 8
    """Groups in a rollout batch."""
    group_size: GroupSize = 8
    """Attempts in a group (G), which are compared with each other."""
    max_staleness: Whole = 0
    """Roll out up to so many steps ahead of the one that is learnt from, on servers that sample meanwhile; 0 is exact.
    What is older is corrected for by `correction`; a run that is resumed meets the same tasks, but not the same
    replies. Each optimiser step of `minibatches` moves the weights further from those that sampled."""
    minibatches: Count = 4
    """Optimiser steps per rollout batch; with one step, gate and clip have no effect."""
    reply_tokens: Count = 2048
    """Most tokens in one reply of the policy."""
    mask_cut_off: bool = True
    """Leave attempts that were cut off out of the loss: a reply or context too long, an episode out of turns. They stay
    in the statistics of their group. False counts them as failures and trains on all their tokens, those of the reply
    that was cut off included, which teaches the policy to be brief."""
    sampler: str = IN_PROCESS
    """Sampler: `in-process` is the trainer's own model; `vllm` is a server on this machine that receives the weights
    after every step; a name from agentprop.toml is such a server with that model's serve_args and serve_env."""
    sampler_devices: tuple[str, ...] = ()
    """Devices of vLLM servers that sample, such as cuda:1 and cuda:2: a server on each, and the groups go to them in
    turn. Empty means one server on whatever device it finds. The trainer's own is `device`."""
    sampler_memory: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of a GPU's memory for each such server; null means 0.9 of a GPU, 0.4 of the trainer's own, divided by the
    servers on it."""
    transport: Literal["auto", "disk", "adapter", "nccl"] = "auto"
    """Way of new weights to such servers: the whole model by way of the disk, or by NCCL to other GPUs; or adapters
    alone, each step's under a name of its own. auto is adapter if `lora_rank` is set, else disk."""
    sampler_sleep: bool = False
    """Let servers on the trainer's own GPU drop their weights and caches while it learns."""
    cache_gib: Positive | None = None
    """Memory of the in-process sampler's keys and values, in GiB. Null means what its replies could use, up to a share
    of the free memory of the device; a run keeps what it began with."""
    constant_groups: Literal["drop", "kl_only"] = "drop"
    """Treatment of groups whose attempts all earn the same: drop them, or still pull them to the reference model."""
    refill: NonNegative = 0.0
    """Let new tasks take the places of groups whose attempts all earn the same (dynamic sampling, DAPO), in rounds: at
    most so many more groups for each group of a step, so 1 at most doubles it. Needs constant_groups = drop."""
    std: Literal["sample", "none"] = "sample"
    """Divide advantages by the standard deviation of their group, or only subtract the mean."""
    beta: NonNegative = 0.0
    """Strength of the pull to the reference model (β); 0 needs no reference."""
    clip_low: Share = 0.2
    """GRPO: the ratio is clipped at 1 minus this value (ε)."""
    clip_high: NonNegative = 0.2
    """GRPO: the ratio is clipped at 1 plus this value (ε)."""
    ratio_cap: AtLeastOne = 5.0
    """CISPO: largest ratio that weighs a token."""
    reply_clip_low: Share = 3e-4
    """GSPO: the ratio of a whole reply is clipped at 1 minus this value (ε)."""
    reply_clip_high: NonNegative = 4e-4
    """GSPO: the ratio of a whole reply is clipped at 1 plus this value (ε)."""
    correction: Literal["truncate", "mask"] = "truncate"
    """Correction for a sampler other than the trainer's model, by the importance ratio π_old/π_engine of each token:
    cut the ratio off at `correction_cap`, or leave tokens out whose ratio is beyond it or below `correction_low`."""
    correction_cap: AtLeastOne = 2.0
    """Largest importance ratio of the correction."""
    correction_low: Share = 0.5
    """Smallest importance ratio of a correction by mask."""
    cov: Literal["none", "clip", "kl"] = "none"
    """Keep entropy up where log-prob and weight of a token vary together most: leave some of those tokens out of the
    loss (Clip-Cov), or pull them to the sampling policy (KL-Cov); KL-Cov acts from the second optimiser step on."""
    cov_share: Share | None = None
    """Share of tokens that `cov` chooses; null means 0.0002 for clip and 0.002 for kl."""
    cov_low: float = 1.0
    """Clip-Cov: smallest covariance of a token that may be left out."""
    cov_high: Annotated[float, Field(validate_default=True)] = 5.0
    """Clip-Cov: largest covariance of a token that may be left out."""
    cov_kl: NonNegative = 1.0
    """KL-Cov: weight of |log r| of a chosen token."""
    lp_reg: NonNegative = 0.0
    """Weight of a term that holds up rare tokens which are pushed down but are no noise (β of Lp-Reg, 1 in its recipe);
    0 is off. It acts from the second optimiser step of `minibatches` on."""
    lp_reg_share: Share = 0.01
    """Lp-Reg: share of the tokens pushed down, those with the lowest log-probs, that may be held up."""
    lp_reg_min_p: Annotated[float, Field(gt=0, le=1)] = 0.02
    """Lp-Reg: entries of the vocabulary with less than this times the likeliest one's probability are noise."""
    anneal_decay: Positive | None = None
    """Draw the tokens of a reply hot at first and ever colder, over about so many tokens (EAD); a quarter of
    `reply_tokens` is a good start. Null draws all at temperature 1. For the in-process sampler; `correction` then
    accounts for the temperatures. Evaluations are not annealed."""
    anneal_growth: NonNegative = 5.0
    """EAD: tokens that the decay grows by with every step."""
    anneal_high: Annotated[float, Field(ge=1)] = 1.2
    """EAD: largest temperature."""
    anneal_low: Annotated[float, Field(gt=0, le=1)] = 0.1
    """EAD: smallest temperature."""
    evaluate_every: Count | None = None
    """Evaluate the policy before the first step, after every so many steps and at the end, on tasks that training never
    sees, and publish the best evaluated model; null never evaluates, and the last model is published. The proposer gets
    tasks with the pairs in `held_out`, or new ones if there are none; the solver gets `evaluate_groups` of the
    questions, which are then held out."""
    evaluate_groups: Count = 8
    """Groups in an evaluation, of `group_size` attempts each."""
    sample_every: Count = 10
    """Keep the attempts of every so many steps, for `agentprop show`."""

    @field_validator("cov_high")
    @classmethod
    def _leaves_room(cls, cov_high: float, info: ValidationInfo) -> float:
        if cov_high <= info.data.get("cov_low", -inf):
            raise PydanticCustomError("cov", "must be above cov_low: no covariance lies between them")
        return cov_high
