"""Settings of the stages that make and judge problems."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.base import BOUNDS, BandText, Count, Names, Pairs, Positive, Share, StageConfig, Verifier
from agentprop.records import Domain


class ExtractConfig(StageConfig):
    """Corpora → skill packages."""

    stage: ClassVar[str] = "extract"
    outside_identity: ClassVar[frozenset[str]] = frozenset({"workers", "sources", "max_tokens", "max_cost"})
    """Sources are known by what is in them, not by their paths."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files, globs and directories to read."""
    teacher: str = "builtin"
    """Who extracts: `builtin` mines the equations of worked solutions and lifts reference programs; a MODEL reads any
    text."""
    min_quality: Share = 0.6
    """τ_r: skills whose quality r(k) is lower are rejected."""
    limit: Count | None = None
    """Read at most so many documents; null means all."""
    question_field: str | None = None
    """Field that holds the question; null means: found by its name."""
    solution_field: str | None = None
    """Field that holds the worked solution; null means: found by its name."""
    answer_field: str | None = None
    """Field that holds the final answer; null means: found by its name."""
    audit_gold: bool = False
    """Report documents whose own answer two routes contradict: `gold_audit.jsonl` beside the skills."""
    chunk_characters: Annotated[int, Field(ge=200)] = 6000
    """Characters of the corpus that a model is shown at once."""
    chunk_skills: Count = 4
    """Skills that a model may propose from them."""
    require_scripts: bool = False
    """Reject a model's skills without a script that holds in the sandbox; false keeps them without one."""
    merge_similarity: Annotated[float, Field(gt=0, le=1)] = 0.6
    """A model's skills become one where they share this part of their words and pairs of words (Jaccard index)."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """Temperature of a model's replies; null leaves it to the model's settings."""
    reply_tokens: Count | None = None
    """Most tokens of one reply of a model, reasoning included; null leaves it to the model's settings."""
    max_tokens: Count | None = None
    """Stop after so many tokens of language models."""
    max_cost: Positive | None = None
    """Stop after so much money, in the currency of the models' prices."""


class ProposeConfig(StageConfig):
    """Skills → problems, with the trajectories they came from."""

    stage: ClassVar[str] = "propose"
    outside_identity: ClassVar[frozenset[str]] = frozenset({"n", "workers", "decontaminate", "benchmarks"}) | BOUNDS
    """Benchmarks are known by what is in them, not by their paths."""

    n: Count
    """How many problems to accept."""
    domain: Domain | None = None
    """Only this domain: mathematics, coding or science; null means all."""
    categories: tuple[str, ...] = ()
    """Only these categories; empty means all of the domain."""
    skills: tuple[str, ...] = ()
    """Skill packages, directories of packages, or extract runs, besides the bundled library."""
    bundled_skills: bool = True
    """Use the library that travels with agentprop."""
    max_skills: Annotated[int, Field(ge=2)] | None = None
    """Most skills of one problem; null means as many as the planner likes, which is up to four."""
    held_out: Pairs = ()
    """Pairs of skills `ONE+OTHER` that no problem may hold together: what is evaluated on is not trained on."""
    held_out_only: bool = False
    """Propose with the held-out pairs alone: the test that belongs to a training without them."""
    proposer: str = "builtin"
    """Who proposes: `builtin`, or a MODEL."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """Temperature of a model's replies; null leaves it to the model's settings."""
    reply_tokens: Count | None = None
    """Most tokens of one reply of a model, reasoning included; null leaves it to the model's settings."""
    verifier: Verifier | None = None
    """Who judges each problem before it counts: `builtin`, or `none`, which leaves it to the verify stage; null means
    builtin for the built-in proposer and none for a model, whose problems are not written in the built-in grammar."""
    max_candidates: Count | None = None
    """Stop after so many candidates."""
    max_minutes: Positive | None = None
    """Stop after so many minutes."""
    max_tokens: Count | None = None
    """Stop after so many tokens of language models."""
    max_cost: Positive | None = None
    """Stop after so much money, in the currency of the models' prices."""
    max_template_repeats: Count = 10
    """Most accepted problems that differ in their numbers alone."""
    mined_share: Share = 0.2
    """Largest share of problems that ask for a mined skill."""
    prune: bool = True
    """Let the proposer remove skills that do not fit."""
    max_turns: Count = 16
    """Actions per candidate."""
    one_shot: bool = False
    """A single action, which submits: no loop, no tools, no reflection."""
    learn_from: tuple[str, ...] = ()
    """Earlier runs whose problems and verdicts give the mastery to start with."""
    decontaminate: tuple[str, ...] = ()
    """Files of benchmarks; problems taken from them, with other numbers too, are rejected."""
    benchmarks: str | None = None
    """Directory of benchmark files that every run is decontaminated against; null means none."""
    mastery_alpha: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Weight of the newest outcome in a category's mastery."""
    mastery_epsilon: Positive = 0.1
    """ε of p(c) ∝ 1/(m_c + ε): the smaller, the more the curriculum prefers what it fails at."""


class VerifyConfig(StageConfig):
    """Problems → verdicts."""

    stage: ClassVar[str] = "verify"
    outside_identity: ClassVar[frozenset[str]] = frozenset(
        {"workers", "reuse", "comparison_timeout_s", "program_timeout_s", "max_tokens", "max_cost"}
    )

    skills: tuple[str, ...] = ()
    """Skill packages, directories of packages, or extract runs, besides the bundled library."""
    bundled_skills: bool = True
    """Use the library that travels with agentprop."""
    verifier: Names = ("builtin",)
    """Who judges: `builtin` and MODELs, each as often as it is to try; of three, two must vote valid."""
    auditor: str | None = None
    """MODEL that settles differences between the verifiers' answers; null means that differing answers are refused."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """Temperature of the models' replies; null leaves it to each model's settings."""
    reply_tokens: Count | None = None
    """Most tokens of one reply, reasoning included; null leaves it to each model's settings."""
    reuse: tuple[str, ...] = ()
    """Earlier verify runs whose attempts count here: nobody is asked again who answered there."""
    comparison_timeout_s: Positive = 5.0
    """Seconds that comparing two answers may take; beyond it is undetermined."""
    program_timeout_s: Positive = 5.0
    """Seconds a program that a model wrote may take on all tests of a problem; beyond it is undetermined."""
    max_tokens: Count | None = None
    """Stop after so many tokens of language models."""
    max_cost: Positive | None = None
    """Stop after so much money, in the currency of the models' prices."""
    audit_checkers: bool = False
    """Judge no problem; measure how often those who compare answers are wrong, on answers changed on purpose."""
    audit_problems: Count = 200
    """Problems drawn for that."""


class ProbeConfig(StageConfig):
    """Problems → difficulties."""

    stage: ClassVar[str] = "probe"
    outside_identity: ClassVar[frozenset[str]] = frozenset({"workers", "k", "limit", "max_tokens", "max_cost"})
    """Attempts that were made stay made when more of them are asked for."""

    prober: Annotated[tuple[str, ...], Field(min_length=1)]
    """Models that try the problems, weak → strong: the next one takes over when one hardly solves anything."""
    k: Count = 16
    """Attempts at each problem."""
    band: BandText | None = None
    """LO..HI: stop trying a problem as soon as it is clear whether its pass rate is in there, and let only those that
    are pass; the rates of problems stopped early are rough. Null means all k attempts, and every problem passes."""
    limit: Count | None = None
    """Probe at most so many problems; null means all."""
    temperature: Annotated[float, Field(ge=0)] = 0.6
    """Temperature of every attempt."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Nucleus of every attempt."""
    reply_tokens: Count | None = None
    """Most tokens of an attempt, reasoning included; null leaves it to the model's settings."""
    max_tokens: Count | None = None
    """Stop after so many tokens of language models."""
    max_cost: Positive | None = None
    """Stop after so much money, in the currency of the models' prices."""
    switch_every: Count = 500
    """Problems after which the prober's average pass rate is updated, and the next prober may take over."""
    switch_below: Share = 0.3
    """The next prober takes over where this average has settled below it."""
    switch_samples: Count = 100
    """Problems that a prober must have measured before the next one takes over."""
