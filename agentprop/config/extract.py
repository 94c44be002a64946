"""Settings of the extraction of skills from corpora."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import Count, Share, StageConfig
from agentprop.config.parts import Budget, Columns, Limited, ModelCalls


class ExtractConfig(ModelCalls, Columns, Limited, Budget, StageConfig):
    """Corpora → skill packages."""

    stage: ClassVar[str] = "extract"
    outside_identity: ClassVar[frozenset[str]] = frozenset({"workers", "sources"}) | Budget.bounds
    """Sources are known by what is in them, not by their paths."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files, globs and directories to read."""
    teacher: str = "builtin"
    """Who extracts: `builtin` mines the equations of worked solutions and lifts reference programs; a MODEL reads any
    text."""
    min_quality: Share = 0.6
    """Skills whose quality r(k) is lower are rejected (τ_r of the paper)."""
    solution_field: str | None = None
    """Field that holds the worked solution; null means: found by its name."""
    chunk_characters: Annotated[int, Field(ge=200)] = 6000
    """Characters of the corpus that a model is shown at once."""
    chunk_skills: Count = 4
    """Skills that a model may propose from them."""
    require_scripts: bool = False
    """Reject a model's skills without a script that holds in the sandbox; false keeps them without one."""
    merge_similarity: Annotated[float, Field(gt=0, le=1)] = 0.6
    """A model's skills become one if they share this part of their words and pairs of words (Jaccard index)."""
