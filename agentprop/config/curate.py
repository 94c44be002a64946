"""Settings of the stage that checks problems which others wrote."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import StageConfig
from agentprop.config.parts import (
    Attempts,
    Budget,
    CorpusSettings,
    Decontamination,
    JudgingSettings,
    Library,
    Limited,
    ProbingSettings,
    PromptSettings,
    Scaffold,
)


class CurateConfig(
    Library,
    CorpusSettings,
    Decontamination,
    JudgingSettings,
    PromptSettings,
    Scaffold,
    ProbingSettings,
    Attempts,
    Limited,
    Budget,
    StageConfig,
):
    """Problems of others → those to keep, and the reasons against the rest.

    The sampling settings are those of the probers; verifiers take what the models' own settings say.
    """

    stage: ClassVar[str] = "curate"
    outside_identity: ClassVar[frozenset[str]] = (
        Budget.bounds
        | {"workers", "limit", "sources", "decontaminate", "benchmarks", "accept_undetermined"}
        | {"prompts", "reuse", "comparison_timeout_s", "program_timeout_s"}
        | ProbingSettings.model_fields.keys()
        | Attempts.model_fields.keys()
    )
    """A run identifies its sources and benchmarks by their contents; the probe run inside it has an identity of its
    own."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files, patterns, directories, data sets of the hub as hf:OWNER/NAME, and `-` for stdin."""
    lints: tuple[str, ...] | None = None
    """Lint checks to run, by name; null runs all that are installed."""
    reuse: tuple[str, ...] = ()
    """Earlier verify runs whose attempts to use again, instead of asking the same model once more."""
    accept_undetermined: bool = False
    """Keep also problems about which nothing was found out: no fault, and no evidence that the answer is right."""
