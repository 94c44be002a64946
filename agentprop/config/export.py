"""Settings of the export of problems and trajectories to other tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentprop.config.base import Share, StageConfig
from agentprop.config.parts import CorpusSettings, DifficultyBand, Limited, Splits
from agentprop.records import Domain


class ExportConfig(DifficultyBand, Splits, CorpusSettings, Limited, StageConfig):
    """Runs → a file or directory that other tools read."""

    stage: ClassVar[str] = "export"
    renamed: ClassVar[Mapping[str, str]] = {"prober": "measured_by"}

    format: str
    """For a proposer: trl-sft and openai-chat (accepted trajectories to imitate), trl-preference (pairs from one task),
    trl-drafts (pairs of drafts from one trajectory), trl-unpaired (trajectories with a label). For a solver, question
    and answer alone: trl-grpo, verl, verifiers. For people and benchmarks: jsonl (problems), dataset (problems and
    trajectories, Parquet). Or an installed format."""
    with_solutions: bool = False
    """Write problems with their solutions in words, as conversations to imitate, in place of trajectories; with trl-sft
    and openai-chat. Problems without a solution are left out and counted."""
    measured_by: str | None = None
    """Prober whose measurements to use, by part of its name; null means the latest measurement of each problem."""
    held_out_share: Share = 0.0
    """Share of all pairs of skills to hold out besides those named; the seed and the names decide which."""
    held_out_level: Annotated[int, Field(ge=2)] | None = None
    """Hold out problems with this many skills or more, as the split `exploratory`; null holds none out."""
    reweight: dict[Domain, Literal["hard", "easy", "flat"]] | None = None
    """Difficulty that is preferred in a domain, such as mathematics = hard: problems of others are kept less often, and
    the balance of domains stays. Needs a probe run."""
    route: str | None = None
    """Part of the name of a policy that made some of the trajectories: of bundles of skills that it never manages, keep
    the trajectories of other proposers; of those that it sometimes manages, a few of its own; of others nothing."""
    license: str | None = None
    """Identifier of the licence for the card, such as cc-by-4.0."""
