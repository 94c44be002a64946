"""Settings of the proposal of problems."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agentprop.config.base import BandText, Count, DifficultyText, Positive, Share, StageConfig, one_or_more
from agentprop.config.parts import (
    Budget,
    CurriculumSettings,
    Decontamination,
    EpisodeSettings,
    Library,
    ModelCalls,
    Partitioned,
    Placed,
    PromptSettings,
    TaskSettings,
)


class ProposeConfig(
    TaskSettings,
    Library,
    EpisodeSettings,
    ModelCalls,
    PromptSettings,
    CurriculumSettings,
    Decontamination,
    Partitioned,
    Placed,
    Budget,
    StageConfig,
):
    """Skills → problems, with the trajectories they came from."""

    stage: ClassVar[str] = "propose"
    bounds: ClassVar[frozenset[str]] = Budget.bounds | {"max_candidates", "max_minutes", "give_up_after", "pilot"}
    outside_identity: ClassVar[frozenset[str]] = bounds | {"n", "workers", "prompts", "decontaminate", "benchmarks"}
    """A run identifies its benchmarks by their contents, not by their paths."""

    n: Count
    """Number of problems to accept."""
    proposer: str = "builtin"
    """Proposer: `builtin`, or a MODEL."""
    verifier: Annotated[tuple[Literal["builtin", "none"]], *one_or_more] | None = None
    """Verifier of each problem before it is accepted: `builtin`, or `none`, which leaves it to the verify stage. Null
    means `builtin`, but keeps a model's problems that it leaves undetermined: a model need not write in its grammar."""
    guidance: bool | None = None
    """Tell a language model more than the protocol: its tools and limits, the stages, a card for each skill with ranges
    and constraints, which statements were proposed too often, and what it has left after each message. Null means yes,
    but no for a model that agentprop trained, which has learnt from episodes without it."""
    exemplar: bool = True
    """With the guidance, show one whole episode of the built-in proposer in the domain of the task."""
    target_pass_rate: BandText = "0.2..0.8"
    """LO..HI: pass rate of the problems that a guided model is asked for. Problems of the runs in `learn_from` that a
    probe found above it, or never solved, are shown as too easy or hopeless."""
    held_out_only: bool = False
    """Propose only with the held-out pairs: this makes the test set for training that held them out."""
    strict: bool = False
    """Take a model's messages as they were sampled, without mending what chat models get wrong: for trajectories whose
    stored tokens are to be trained on."""
    max_candidates: Count | None = None
    """Stop after this many candidates; null means 20 for each problem asked for, and 1,000 more."""
    give_up_after: Count = 30
    """Stop a model that proposes this many candidates without one that is accepted, and say what is wrong with them."""
    difficulty: DifficultyText | None = None
    """LO..HI: accept only problems whose declared difficulty is in these bands, from 1 to 5, and steer the built-in
    proposer towards them. rho:LO..HI: the same with the pass rate of a model that `probe --calibrate` measured, by the
    `calibration`. Null asks for no difficulty."""
    calibration: str | None = None
    """Probe run that was calibrated, or its calibration.json."""
    drafts: Count = 1
    """Beginnings of each candidate of a language model, up to its first code that has run; the first that holds goes on
    and the others are dropped. What they cost counts."""
    tries: Count = 1
    """Candidates of each task: they have its skills, and the built-in proposer its composition too, with other numbers.
    A good one and a bad one are a pair for `export --format trl-preference`."""
    remember_failures: Annotated[int, Field(ge=0)] = 0
    """Tell a language model the last so many different reasons why compositions of the same bundle did not hold in this
    run; 0 tells nothing. Trajectories made so begin with another prompt than those of training and evaluations."""
    pilot: Count | None = None
    """Propose only this many candidates, and forecast from them what `n` problems will take."""
    max_minutes: Positive | None = None
    """Stop after this many minutes."""
    window: Count = 16
    """Batches of 32 candidates under way, so also the most useful workers; 1.5 times the workers keeps them busy.
    Mastery lags behind by that many batches, so it is part of the run. A language model may have more under way."""
    max_template_repeats: Count = 10
    """Most accepted problems that differ only in their numbers."""
    mined_share: Share = 0.2
    """Largest share of problems that use a mined skill."""
    learn_from: tuple[str, ...] = ()
    """Earlier runs whose problems and verdicts set the starting mastery of each category."""

    @model_validator(mode="before")
    @classmethod
    def _piloted(cls, given: Any) -> Any:
        """A pilot alone needs no number of problems."""
        if isinstance(given, dict) and given.get("n") is None and given.get("pilot") is not None:
            return {**given, "n": given["pilot"]}
        return given

    @model_validator(mode="after")
    def _steerable(self) -> Self:
        """Only the built-in proposer can be steered, and its problems alone always have a declared difficulty."""
        if self.difficulty is not None and self.proposer != "builtin":
            raise PydanticCustomError("difficulty", "difficulty needs the built-in proposer; a model cannot be steered")
        return self

    @property
    def keeps_undetermined(self) -> bool:
        """True if a problem that the verifier cannot judge is accepted, for the verify stage to decide."""
        return self.verifier is None and self.proposer != "builtin"
