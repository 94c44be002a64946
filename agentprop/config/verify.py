"""Settings of the stage that judges problems."""

from __future__ import annotations

from typing import ClassVar

from agentprop.config.base import Count, StageConfig
from agentprop.config.parts import (
    Budget,
    CorpusSettings,
    JudgingSettings,
    Library,
    ModelCalls,
    Partitioned,
    Placed,
    PromptSettings,
    Scaffold,
)


class VerifyConfig(
    Library,
    JudgingSettings,
    ModelCalls,
    PromptSettings,
    Scaffold,
    CorpusSettings,
    Partitioned,
    Placed,
    Budget,
    StageConfig,
):
    """Problems → verdicts."""

    stage: ClassVar[str] = "verify"
    outside_identity: ClassVar[frozenset[str]] = Budget.bounds | {
        "workers",
        "prompts",
        "reuse",
        "comparison_timeout_s",
        "program_timeout_s",
    }

    reuse: tuple[str, ...] = ()
    """Earlier verify runs whose attempts to use again, instead of asking the same model once more."""
    audit_checkers: bool = False
    """Judge no problem; instead measure how often the answer checkers err, on answers changed on purpose."""
    audit_problems: Count = 200
    """Number of problems to audit the checkers on."""
