"""Settings that several stages share, each declared once: a stage's class takes the parts it needs.

    class ProbeConfig(Attempts, Probing, Budget, StageConfig)

A stage may give a setting of a part another default, never another meaning.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import BandText, Count, Names, Pairs, Positive, Settings, Share, Temperature, TopP
from agentprop.records import Domain


class Budget(Settings):
    """What language models may cost."""

    bounds: ClassVar[frozenset[str]] = frozenset({"max_tokens", "max_cost"})
    """They end a run early, and change nothing that it produces until then."""

    max_tokens: Count | None = None
    """Stop after so many tokens of language models."""
    max_cost: Positive | None = None
    """Stop after so much money, in the currency of the models' prices."""


class ModelCalls(Settings):
    """How the replies of a model are drawn if a stage leaves that to the model's settings."""

    temperature: Temperature | None = None
    """Temperature of a model's replies; null leaves it to the model's settings."""
    reply_tokens: Count | None = None
    """Most tokens of one reply of a model, reasoning included; null leaves it to the model's settings."""


class Attempts(Settings):
    """How the attempts of a model at a problem are drawn."""

    temperature: Temperature = 0.6
    """Temperature of every attempt; 0 needs k = 1."""
    top_p: TopP = 0.95
    """Nucleus of every attempt."""
    reply_tokens: Count | None = None
    """Most tokens of an attempt, reasoning included; null leaves it to the model's settings."""


class Limited(Settings):
    """A bound on what is read."""

    limit: Count | None = None
    """Take at most so many documents, problems, rows or trajectories, the first ones; null means all."""


class Columns(Settings):
    """Where the rows of a foreign file hold what is asked and what is right."""

    question_field: str | None = None
    """Field that holds the question; null means: found by its name."""
    answer_field: str | None = None
    """Field that holds the right answer; null means: found by its name."""


class Library(Settings):
    """The skills that a stage works with."""

    skills: tuple[str, ...] = ()
    """Skill packages, directories of packages, or extract runs, besides the bundled library."""
    bundled_skills: bool = True
    """Use the library that travels with agentprop."""


class Tasks(Settings):
    """What is to be proposed: the skills that a task may have."""

    domain: Domain | None = None
    """Only this domain: mathematics, coding or science; null means all."""
    categories: tuple[str, ...] = ()
    """Only these categories; empty means all of the domain."""
    max_skills: Annotated[int, Field(ge=2)] | None = None
    """Most skills of one problem; null means as many as the planner likes, which is up to four."""
    held_out: Pairs = ()
    """Pairs of skills `ONE+OTHER` that no problem may hold together: what is evaluated on is not trained on."""


class Episode(Settings):
    """What a proposer may do in one episode."""

    prune: bool = True
    """Let the proposer prune or exchange skills that do not fit (τ_edit of the paper)."""
    max_turns: Count = 16
    """Actions of an episode."""
    one_shot: bool = False
    """A single action, which submits: no loop, no tools, no reflection."""


class CurriculumSettings(Settings):
    """How the next category is drawn."""

    mastery_alpha: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Weight of the newest outcome in a category's mastery."""
    mastery_epsilon: Positive = 0.1
    """ε of p(c) ∝ 1/(m_c + ε) (the form is the paper's): the smaller, the more it prefers what it fails at."""


class Judging(Settings):
    """Who decides whether a problem is valid."""

    verifier: Names = ("builtin",)
    """Who judges: `builtin` and MODELs, each as often as it is to try; of three, two must vote valid."""
    auditor: str | None = None
    """MODEL that settles differences between the verifiers' answers; null means that differing answers are refused."""
    comparison_timeout_s: Positive = 5.0
    """Seconds that comparing two answers may take; beyond it is undetermined."""
    program_timeout_s: Positive = 5.0
    """Seconds a program that a model wrote may take on all tests of a problem; beyond it is undetermined."""


class Probing(Settings):
    """Who measures how hard a problem is."""

    prober: tuple[str, ...] = ()
    """MODELs that try the problems, weak → strong: the next one takes over when one hardly solves anything."""
    k: Count = 16
    """Attempts at each problem; its pass rate ρ is the share of right ones."""
    switch_every: Count = 500
    """Problems after which the prober's average pass rate is updated, and the next prober may take over (paper)."""
    switch_below: Share = 0.3
    """The next prober takes over if this average has settled below it (paper)."""
    switch_samples: Count = 100
    """Problems that a prober must have measured before the next one takes over."""


class DifficultyBand(Settings):
    """Which problems are taken, by their measured pass rate."""

    difficulty: BandText | None = None
    """LO..HI: only problems whose measured pass rate lies in there; needs a probe run. Null means all."""


class Splits(Settings):
    """What is held out."""

    held_out: Pairs = ()
    """Pairs of skills `ONE+OTHER` that training must not see together."""
    validation_share: Share = 0.0
    """Share of the remaining bundles of skills that is held out too: what is made with them is only evaluated on."""
