"""Settings of the judgement of problems."""

from __future__ import annotations

from typing import ClassVar

from agentprop.config.base import Count, StageConfig
from agentprop.config.parts import Budget, Judging, Library, ModelCalls


class VerifyConfig(Library, Judging, ModelCalls, Budget, StageConfig):
    """Problems → verdicts."""

    stage: ClassVar[str] = "verify"
    outside_identity: ClassVar[frozenset[str]] = Budget.bounds | {
        "workers",
        "reuse",
        "comparison_timeout_s",
        "program_timeout_s",
    }

    reuse: tuple[str, ...] = ()
    """Earlier verify runs whose attempts count here: nobody is asked again who answered there."""
    audit_checkers: bool = False
    """Judge no problem; measure how often those who compare answers are wrong, on answers changed on purpose."""
    audit_problems: Count = 200
    """Problems drawn for that."""
