"""Settings of the export of problems and trajectories to other tools."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from agentprop.config.base import BandText, Count, Share, StageConfig

FormatName = Literal[
    "trl-sft", "trl-grpo", "trl-preference", "trl-unpaired", "verl", "openai-chat", "verifiers", "jsonl", "dataset"
]


class ExportConfig(StageConfig):
    """Runs → a file or directory that other tools read."""

    stage: ClassVar[str] = "export"

    format: FormatName
    """For a proposer: trl-sft and openai-chat (accepted trajectories to imitate), trl-preference (pairs from one task),
    trl-unpaired (trajectories with a label). For a solver, question and answer alone: trl-grpo, verl, verifiers. For
    people and benchmarks: jsonl (problems), dataset (problems and trajectories, Parquet)."""
    difficulty: BandText | None = None
    """LO..HI: only problems whose measured pass rate lies in there; needs a probe run. Null means all."""
    prober: str | None = None
    """Whose measurements count, by a part of the name; null means the last of each problem."""
    limit: Count | None = None
    """Take at most so many rows; null means all."""
    held_out: tuple[str, ...] = ()
    """Pairs of skills, first+second, that training must not see together: a split `compositional` of its own."""
    held_out_share: Share = 0.0
    """Share of all pairs of skills that is held out besides; which ones follows from the seed and their names."""
    held_out_level: Annotated[int, Field(ge=2)] | None = None
    """Problems of so many skills or more are held out: a split `exploratory` of its own. Null holds none out."""
    validation_share: Share = 0.0
    """Share of the remaining bundles of skills that goes to a split `validation`."""
    license: str | None = None
    """Identifier of the licence for the card, such as cc-by-4.0."""

    @field_validator("held_out")
    @classmethod
    def _pairs(cls, held_out: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(set(filter(None, pair.split("+")))) != 2 for pair in held_out):
            raise PydanticCustomError("pairs", "must hold pairs such as divisor-count+digit-sum")
        return held_out
