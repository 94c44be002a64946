"""Settings of the proposal of problems."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from agentprop.config.base import Count, Positive, Share, StageConfig, one_or_more
from agentprop.config.parts import Budget, CurriculumSettings, Episode, Library, ModelCalls, Tasks


class ProposeConfig(Tasks, Library, Episode, ModelCalls, CurriculumSettings, Budget, StageConfig):
    """Skills → problems, with the trajectories they came from."""

    stage: ClassVar[str] = "propose"
    bounds: ClassVar[frozenset[str]] = Budget.bounds | {"max_candidates", "max_minutes"}
    outside_identity: ClassVar[frozenset[str]] = bounds | {"n", "workers", "decontaminate", "benchmarks"}
    """Benchmarks are known by what is in them, not by their paths."""

    n: Count
    """How many problems to accept."""
    proposer: str = "builtin"
    """Who proposes: `builtin`, or a MODEL."""
    verifier: Annotated[tuple[Literal["builtin", "none"]], *one_or_more] | None = None
    """Who judges each problem before it counts: `builtin`, or `none`, which leaves it to the verify stage; null means
    builtin for the built-in proposer and none for a model, whose problems are not written in the built-in grammar."""
    held_out_only: bool = False
    """Propose with the held-out pairs alone: the test that belongs to a training without them."""
    max_candidates: Count | None = None
    """Stop after so many candidates."""
    max_minutes: Positive | None = None
    """Stop after so many minutes."""
    max_template_repeats: Count = 10
    """Most accepted problems that differ in their numbers alone."""
    mined_share: Share = 0.2
    """Largest share of problems that ask for a mined skill."""
    learn_from: tuple[str, ...] = ()
    """Earlier runs whose problems and verdicts give the mastery to start with."""
    decontaminate: tuple[str, ...] = ()
    """Files of benchmarks; problems taken from them, with other numbers too, are rejected."""
    benchmarks: str | None = None
    """Directory of benchmark files that every run is decontaminated against; null means none."""
