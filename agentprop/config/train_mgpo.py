"""Settings of the training of the proposer by MGPO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from agentprop.config.base import Count, Positive, Share, Temperature, TopP
from agentprop.config.parts import (
    CurriculumSettings,
    EpisodeSettings,
    JudgingSettings,
    Library,
    ProbingSettings,
    Scaffold,
    TaskSettings,
)
from agentprop.config.reinforce import ReinforceConfig
from agentprop.config.training import NonNegative

StageWeights = dict[Literal["draft", "check", "refine", "finalize"], Positive]
Granularity = Literal["action", "token", "trajectory"]
Gate = Literal["paper", "sapo", "none"]


class TrainMgpoConfig(
    TaskSettings,
    Library,
    EpisodeSettings,
    JudgingSettings,
    ProbingSettings,
    Scaffold,
    CurriculumSettings,
    ReinforceConfig,
):
    """Skills and a proposer → a better proposer. Defaults are ours unless a line says that they are the paper's."""

    stage: ClassVar[str] = "train-mgpo"
    outside_identity: ClassVar[frozenset[str]] = ReinforceConfig.outside_identity | {
        "comparison_timeout_s",
        "program_timeout_s",
    }
    renamed: ClassVar[Mapping[str, str]] = {"edits": "prune", "prober_tokens": "prober_reply_tokens"}

    algorithm: str = "mgpo"
    """Algorithm: mgpo; grpo, its ablation on the same trajectories; drgrpo, gspo or cispo; or the name of an installed
    algorithm."""
    omega: NonNegative = 0.5
    """Weight of the stage advantage (ω, paper); 0 compares only whole episodes, as GRPO always does."""
    beta: NonNegative = 0.01
    """Weight of the implicit reward (β in R_θ = β·log(π_θ/π_ref)), or of the KL term in GRPO; 0 needs no reference
    model."""
    stage_weights: StageWeights | None = None
    """Weights of stages relative to others, such as draft = 1.5; their sizes are scaled so that the update stays as
    large. Needs granularity = action."""
    granularity: Granularity = "action"
    """Unit that the implicit reward (R_θ) is summed over; beta = 0.02 for tokens and 0.001 for trajectories pull about
    as strongly as the default does for actions."""
    gate: Gate = "paper"
    """Gate on the probability ratio: sech² (paper), r·sech² (sapo), or none."""
    tau_pos: Positive = 1.0
    """Temperature of the gate for tokens pushed up (τ for w > 0); the paper only says that it is the smaller one."""
    tau_neg: Annotated[float, Field(gt=0, validate_default=True)] = 1.05
    """Temperature of the gate for tokens pushed down (τ for w ≤ 0)."""

    anneal_turns: Literal["all", "think"] = "all"
    """EAD: turns that are annealed: all, or only thoughts, so that code, edits and submissions are drawn at temperature
    1."""
    hints: Share = 0.0
    """Probability that an episode that failed is tried once more from its dead end, with a hint (REX-RAG); at most one
    of eight episodes is. It falls to 0 over `steps`, because a proposer that is used gets no hints."""

    verifier_temperature: Temperature | None = None
    """Sampling temperature of the verifiers; null leaves it to each model's settings."""
    verifier_reply_tokens: Count | None = None
    """Most tokens of a verifier's reply, reasoning included; null leaves it to each model's settings."""
    r_base: NonNegative = 0.5
    """Reward of a valid problem (R_base in r_T = V·(R_base + 1[ρ > 0]·λ·(1 − ρ)))."""
    lam: NonNegative = 0.5
    """Largest bonus for difficulty (λ in r_T)."""
    malformed_reward: Annotated[float, Field(le=0)] = 0.0
    """Process reward of a malformed message (r_proc), and of one that was cut off if that counts as a failure."""
    prober_temperature: Temperature = 0.6
    """Sampling temperature of the prober's attempts."""
    prober_top_p: TopP = 0.95
    """Nucleus of the prober's attempts (top-p)."""
    prober_reply_tokens: Count | None = None
    """Most tokens of the prober's attempt, reasoning included; null leaves it to the prober's settings."""

    allow_retokenised: bool = False
    """Train on re-tokenised text if the server gives no token ids; the share of turns that differ is reported."""

    @field_validator("tau_neg")
    @classmethod
    def _decays_first(cls, tau_neg: float, info: ValidationInfo) -> float:
        if tau_neg < info.data.get("tau_pos", 0.0):
            raise PydanticCustomError("tau", "must be at least tau_pos: what is pushed down has to decay first")
        return tau_neg
