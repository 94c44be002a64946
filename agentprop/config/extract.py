"""Settings of the extraction of skills from corpora."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import Count, Share, StageConfig
from agentprop.config.parts import Budget, CorpusSettings, Limited, ModelCalls, Partitioned, Placed, PromptSettings


class ExtractConfig(ModelCalls, PromptSettings, CorpusSettings, Limited, Partitioned, Placed, Budget, StageConfig):
    """Corpora → skill packages."""

    stage: ClassVar[str] = "extract"
    outside_identity: ClassVar[frozenset[str]] = frozenset({"workers", "prompts", "sources"}) | Budget.bounds
    """A run identifies its sources by their contents, not by their paths."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files, globs and directories to read, and data sets of the hub as hf:OWNER/NAME@CONFIGURATION:SPLIT."""
    teacher: str = "builtin"
    """Teacher: `builtin` mines the equations of worked solutions and lifts reference programs; a MODEL reads any
    text."""
    min_quality: Share = 0.6
    """Reject skills of lower quality, on a scale from 0 to 1 (τ_r)."""
    audit_gold: bool = False
    """Report documents whose own answer two routes contradict: `gold_audit.jsonl` beside the skills."""
    chunk_characters: Annotated[int, Field(ge=200)] = 6000
    """Characters of the corpus shown to a model at a time."""
    chunk_skills: Count = 4
    """Most skills that a model may propose from one such chunk."""
    require_scripts: bool = False
    """Reject a model's skill if it has no script that works in the sandbox; false keeps it as a text-only skill."""
    merge_similarity: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Merge two of a model's skills if they share this much of their words and word pairs (Jaccard index)."""
