"""Settings of the proposal of problems."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from agentprop.config.base import Count, Positive, Share, StageConfig, one_or_more
from agentprop.config.parts import (
    Budget,
    CurriculumSettings,
    Decontamination,
    EpisodeSettings,
    Library,
    ModelCalls,
    TaskSettings,
)


class ProposeConfig(
    TaskSettings, Library, EpisodeSettings, ModelCalls, CurriculumSettings, Decontamination, Budget, StageConfig
):
    """Skills → problems, with the trajectories they came from."""

    stage: ClassVar[str] = "propose"
    bounds: ClassVar[frozenset[str]] = Budget.bounds | {"max_candidates", "max_minutes"}
    outside_identity: ClassVar[frozenset[str]] = bounds | {"n", "workers", "decontaminate", "benchmarks"}
    """A run identifies its benchmarks by their contents, not by their paths."""

    n: Count
    """Number of problems to accept."""
    proposer: str = "builtin"
    """Proposer: `builtin`, or a MODEL."""
    verifier: Annotated[tuple[Literal["builtin", "none"]], *one_or_more] | None = None
    """Verifier of each problem before it is accepted: `builtin`, or `none`, which leaves it to the verify stage. Null
    means `builtin` for the built-in proposer and `none` for a model, which does not write in the built-in grammar."""
    held_out_only: bool = False
    """Propose only with the held-out pairs: this makes the test set for training that held them out."""
    max_candidates: Count | None = None
    """Stop after this many candidates."""
    max_minutes: Positive | None = None
    """Stop after this many minutes."""
    max_template_repeats: Count = 10
    """Most accepted problems that differ only in their numbers."""
    mined_share: Share = 0.2
    """Largest share of problems that use a mined skill."""
    learn_from: tuple[str, ...] = ()
    """Earlier runs whose problems and verdicts set the starting mastery of each category."""
