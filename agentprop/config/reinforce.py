"""Settings of the stages that learn by reinforcement: what both share, MGPO of the proposer, GRPO of the solver."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from agentprop.config.base import BandText, Count, Names, Pairs, Positive, Share
from agentprop.config.training import TRAINING_FREE, NonNegative, TrainConfig
from agentprop.records import Domain

GroupSize = Annotated[int, Field(ge=2)]
AtLeastOne = Annotated[float, Field(ge=1)]
Granularity = Literal["action", "token", "trajectory"]
Gate = Literal["paper", "sapo", "none"]


IN_PROCESS, VLLM = "in-process", "vllm"


class ReinforceConfig(TrainConfig):
    """What both have: groups of attempts, rewarded and compared. A step is one rollout batch and its update."""

    outside_identity: ClassVar[frozenset[str]] = TRAINING_FREE | {
        "steps",
        "sampler",
        "sample_every",
        "max_tokens",
        "max_cost",
    }
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
    clip_low: Share = 0.2
    """GRPO: ε of the clip below 1."""
    clip_high: NonNegative = 0.2
    """GRPO: ε of the clip above 1."""
    correction_cap: AtLeastOne = 2.0
    """Cap of π_old/π_engine, by which tokens are corrected for an engine that is not the trainer itself."""
    sample_every: Count = 10
    """Steps between those whose attempts are kept, for `show` to be looked at."""
    max_tokens: Count | None = None
    """Stop after so many tokens of other language models, such as probers on servers."""
    max_cost: Positive | None = None
    """Stop after so much money for them, in the currency of their prices."""


class TrainMgpoConfig(ReinforceConfig):
    """Skills and a proposer → a better proposer. Values are ours unless a line says that they are the paper's."""

    stage: ClassVar[str] = "train-mgpo"

    domain: Domain | None = None
    """Only this domain: mathematics, coding or science; null means all."""
    categories: tuple[str, ...] = ()
    """Only these categories; empty means all of the domain."""
    skills: tuple[str, ...] = ()
    """Skill packages, directories of packages, or extract runs, besides the bundled library."""
    bundled_skills: bool = True
    """Use the library that travels with agentprop."""
    max_skills: Annotated[int, Field(ge=2)] | None = None
    """Most skills of one task; null means as many as the planner likes."""
    held_out: Pairs = ()
    """Pairs of skills `ONE+OTHER` that no task may hold together: what is evaluated on is not trained on."""

    algorithm: Literal["mgpo", "grpo"] = "mgpo"
    """MGPO, or GRPO on the same trajectories as its ablation."""
    omega: NonNegative = 0.5
    """ω, the weight of the stage advantage (paper); 0 compares episodes alone, as GRPO always does."""
    beta: NonNegative = 0.01
    """β of the implicit reward R_θ = β·log(π_θ/π_ref); of the KL term in GRPO; 0 needs no reference."""
    granularity: Granularity = "action"
    """What R_θ is summed over; 0.02 (token) and 0.001 (trajectory) are values of β of about the same strength."""
    gate: Gate = "paper"
    """sech² (paper), r·sech² as in SAPO, or none."""
    tau_pos: Positive = 1.0
    """τ of the gate where w > 0; the paper says only that it is the smaller one."""
    tau_neg: Annotated[float, Field(gt=0, validate_default=True)] = 1.05
    """τ of the gate where w ≤ 0."""

    r_base: NonNegative = 0.5
    """R_base of r_T = V·(R_base + 1[ρ > 0]·λ·(1 − ρ)): what a valid problem earns."""
    lam: NonNegative = 0.5
    """λ of it: what difficulty may add."""
    malformed_reward: Annotated[float, Field(le=0)] = 0.0
    """r_proc of a malformed message."""
    verifier: Names = ("builtin",)
    """V: `builtin`, or MODELs that vote as in `verify`."""
    auditor: str | None = None
    """MODEL that settles differences between their answers."""
    prober: tuple[str, ...] = ()
    """MODELs that measure ρ, weak → strong; none means that difficulty pays nothing."""
    k: Count = 16
    """Attempts of the prober at each valid problem; ρ is the share of right ones."""
    prober_temperature: NonNegative = 0.6
    """Temperature of the prober's attempts."""
    prober_top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Nucleus of the prober's attempts."""
    prober_tokens: Count | None = None
    """Most tokens of an attempt; null leaves it to the prober's settings."""
    switch_every: Count = 500
    """Problems after which the prober's average pass rate is updated, and the next prober may take over (paper)."""
    switch_below: Share = 0.3
    """The next prober takes over where this average has settled below it (paper)."""
    switch_samples: Count = 100
    """Problems that a prober must have measured before the next one takes over."""

    max_turns: Count = 16
    """Actions of an episode."""
    edits: bool = True
    """Whether τ_edit exists."""
    one_shot: bool = False
    """A single action, which submits: no loop, no tools, no reflection."""
    allow_retokenised: bool = False
    """Learn from text where a server gives no token ids; the rate of drift is reported."""
    mastery_alpha: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Weight of the newest step in a category's mastery."""
    mastery_epsilon: Positive = 0.1
    """ε of p(c) ∝ 1/(m_c + ε) (the form is the paper's): the smaller, the more it prefers what it fails at."""

    @field_validator("tau_neg")
    @classmethod
    def _decays_first(cls, tau_neg: float, info: ValidationInfo) -> float:
        if tau_neg < info.data.get("tau_pos", 0.0):
            raise PydanticCustomError("tau", "must be at least tau_pos: what is pushed down has to decay first")
        return tau_neg


class TrainSolverConfig(ReinforceConfig):
    """Problems → a solver that answers them: GRPO on {question, answer}, and on nothing else."""

    stage: ClassVar[str] = "train-solver"

    difficulty: BandText | None = None
    """LO..HI: only problems whose measured pass rate lies in there; needs a probe run."""
    limit: Count | None = None
    """Take at most so many problems; null means all."""
    mask_cut_off: bool = False
    """Leave replies that were cut off out of the loss; false counts them as wrong, so that a solver which no longer
    comes to an end is not left alone with it."""
    beta: NonNegative = 0.0
    """β of the KL term; 0 needs no reference."""
    wrong_reward: Annotated[float, Field(lt=1)] = 0.0
    """Reward of a wrong answer; a right one earns 1."""
