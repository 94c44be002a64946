"""Settings of MGPO, which trains the proposer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from agentprop.config.base import Count, Positive, Temperature, TopP
from agentprop.config.parts import CurriculumSettings, Episode, Judging, Library, Probing, Tasks
from agentprop.config.reinforce import ReinforceConfig
from agentprop.config.training import NonNegative

Granularity = Literal["action", "token", "trajectory"]
Gate = Literal["paper", "sapo", "none"]


class TrainMgpoConfig(Tasks, Library, Episode, Judging, Probing, CurriculumSettings, ReinforceConfig):
    """Skills and a proposer → a better proposer. Values are ours unless a line says that they are the paper's."""

    stage: ClassVar[str] = "train-mgpo"
    outside_identity: ClassVar[frozenset[str]] = ReinforceConfig.outside_identity | {
        "comparison_timeout_s",
        "program_timeout_s",
    }
    renamed: ClassVar[Mapping[str, str]] = {"edits": "prune", "prober_tokens": "prober_reply_tokens"}

    algorithm: str = "mgpo"
    """What is learnt by: mgpo; grpo, its ablation on the same trajectories; or the name of an installed algorithm."""
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

    verifier_temperature: Temperature | None = None
    """Temperature of the verifiers' replies; null leaves it to each model's settings."""
    verifier_reply_tokens: Count | None = None
    """Most tokens of one reply of a verifier, reasoning included; null leaves it to each model's settings."""
    r_base: NonNegative = 0.5
    """R_base of r_T = V·(R_base + 1[ρ > 0]·λ·(1 − ρ)): what a valid problem earns."""
    lam: NonNegative = 0.5
    """λ of it: what difficulty may add."""
    malformed_reward: Annotated[float, Field(le=0)] = 0.0
    """r_proc of a malformed message."""
    prober_temperature: Temperature = 0.6
    """Temperature of the prober's attempts."""
    prober_top_p: TopP = 0.95
    """Nucleus of the prober's attempts."""
    prober_reply_tokens: Count | None = None
    """Most tokens of an attempt of the prober, reasoning included; null leaves it to the prober's settings."""

    allow_retokenised: bool = False
    """Learn from text where a server gives no token ids; the rate of drift is reported."""

    @field_validator("tau_neg")
    @classmethod
    def _decays_first(cls, tau_neg: float, info: ValidationInfo) -> float:
        if tau_neg < info.data.get("tau_pos", 0.0):
            raise PydanticCustomError("tau", "must be at least tau_pos: what is pushed down has to decay first")
        return tau_neg
