"""Settings that several stages share, each declared once: the class of a stage inherits the parts it needs.

    class ProbeConfig(ProbingSettings, Attempts, Limited, Budget, StageConfig)

A stage may give a setting of a part another default, never another meaning.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentprop.config.base import (
    BandText,
    Count,
    Deviation,
    Names,
    Pairs,
    Positive,
    Settings,
    Share,
    Temperature,
    TopP,
)
from agentprop.records import Domain


class Budget(Settings):
    """Limits on the cost of language models."""

    bounds: ClassVar[frozenset[str]] = frozenset({"max_tokens", "max_cost"})
    """Settings that may end a run early, and otherwise change nothing that it produces."""

    max_tokens: Count | None = None
    """Stop when language models have used this many tokens."""
    max_cost: Positive | None = None
    """Stop when language models have cost this much money, in the currency of their prices."""


class ModelCalls(Settings):
    """Sampling of a model's replies, for stages that may leave it to the model's settings."""

    temperature: Temperature | None = None
    """Sampling temperature; null leaves it to the model's settings."""
    reply_tokens: Count | None = None
    """Most tokens of one reply, reasoning included; null leaves it to the model's settings."""


class PromptSettings(Settings):
    """Prompts of language models."""

    prompts: str | None = None
    """Directory of files that replace prompts of the same names; `agentprop prompts copy` makes one. A run identifies
    them by their contents."""


class Scaffold(Settings):
    """Guided reasoning for small models."""

    checklist: bool = False
    """Give models a list to work through before they answer; it helps small ones, and changes what is measured."""


class Attempts(Settings):
    """Sampling of a model's attempts at a problem."""

    temperature: Temperature | None = 0.6
    """Sampling temperature of the attempts; 0 needs k = 1; null leaves it to the model's settings."""
    top_p: TopP | None = 0.95
    """Nucleus of the attempts (top-p); null leaves it to the model's settings."""
    reply_tokens: Count | None = None
    """Most tokens of one attempt, reasoning included; null leaves it to the model's settings."""


class Limited(Settings):
    """A limit on the amount of input."""

    limit: Count | None = None
    """Read only the first documents, problems, rows or trajectories, up to this many; null reads all."""


class CorpusSettings(Settings):
    """Reading of files that others wrote: which field holds what, which splits are read, and in which encoding.

    A field is a name or a path such as `qa.question` and `messages[0].content`; `-` says that there is none.
    """

    question_field: str | None = None
    """Field that holds the question; null finds it by its name."""
    context_field: str | None = None
    """Field of a text that the question follows; null finds it by its name."""
    solution_field: str | None = None
    """Field that holds the worked solution; null finds it by its name."""
    answer_field: str | None = None
    """Field that holds the final answer; null finds it by its name."""
    options_field: str | None = None
    """Field of the options of multiple-choice questions; null finds it by its name."""
    unit_field: str | None = None
    """Field of the answer's unit; null finds it by its name."""
    equation_field: str | None = None
    """Field of an equation that gives the answer; null finds it by its name."""
    program_field: str | None = None
    """Field of the reference program; null finds it by its name."""
    tests_field: str | None = None
    """Field of a program's tests; null finds it by its name."""
    entry_point_field: str | None = None
    """Field of the function that the tests call; null finds it by its name."""
    id_field: str | None = None
    """Field of the record's own id; null finds it by its name."""
    split: tuple[str, ...] = ()
    """Splits to read, such as train or test; none means the stage's usual ones."""
    tolerance: Deviation | None = None
    """How far numbers may be off from the answers of rows that say nothing of it: 0.01, or 5% of the larger one; null
    means not at all. It is for problems that are asked, not for skills."""
    encoding: str | None = None
    """Encoding of text files, such as latin-1 or gb18030; null detects it."""


class Decontamination(Settings):
    """Benchmarks that problems must not be taken from."""

    decontaminate: tuple[str, ...] = ()
    """Benchmark files; problems that copy one of theirs, even with other numbers, are rejected."""
    benchmarks: str | None = None
    """Directory of benchmark files to decontaminate against as well; null means none."""


class Library(Settings):
    """The skills that a stage works with."""

    skills: tuple[str, ...] = ()
    """Skill packages, directories of packages, or extract runs to add to the bundled library."""
    bundled_skills: bool = True
    """Use the library that is installed with agentprop."""


class TaskSettings(Settings):
    """Tasks of the proposer: the skills that a task may have."""

    domain: Domain | None = None
    """Propose only in this domain: mathematics, coding or science; null means all."""
    categories: tuple[str, ...] = ()
    """Propose only in these categories; empty means all of the domain."""
    min_skills: Count = 1
    """Fewest skills in one problem: 1 also poses skills alone that are not bundled, 2 only composes."""
    max_skills: Annotated[int, Field(ge=2)] | None = None
    """Most skills in one problem; null leaves it to the planner, which takes up to four."""
    bundles: Literal["planner", "path"] = "planner"
    """Skills that a language model is given: those of a composition that the planner drew, or a path of three or four
    in which the value of each can be a parameter of the next. The built-in proposer always plans."""
    held_out: Pairs = ()
    """Pairs of skills `ONE+OTHER` that no problem may combine, so that problems which do can serve as a test."""
    distractors: tuple[str, ...] = ()
    """Skills of the library that fit into no composition: tasks begin with one of them beside their own, in
    `distractor_share` of the cases, and it has to be pruned: a problem is refused as long as a skill that it does not
    use is active."""
    distractor_share: Share = 0.3
    """Share of the tasks that begin with a distractor, if there are any."""
    names: tuple[str, ...] = ()
    """Names that change places for each task in what a language model reads and writes, so that it learns none by
    heart; every skill of the library has one of them. Give names that are no words, such as qab. Empty changes none."""


class EpisodeSettings(Settings):
    """Limits of one episode of the proposer."""

    prune: bool = True
    """Let the proposer prune or exchange skills that do not fit (τ_edit)."""
    max_turns: Count = 16
    """Most actions in one episode."""
    repeat_skills: bool = False
    """Say in every observation which skills are active, for models too small to keep them in mind."""
    one_shot: bool = False
    """Allow one action only, the submission: no loop, no tools, no reflection."""


class CurriculumSettings(Settings):
    """Choice of the next category, by how well each is mastered."""

    mastery_alpha: Annotated[float, Field(gt=0, le=1)] = 0.04
    """Weight of one candidate in its category's mastery, a moving average, however candidates fall into batches: n of
    them, of which the share s succeeds, move it by 1 − (1 − α)ⁿ of the way to s. With the whole library a category
    moves about a tenth of the way in 96 candidates of a run."""
    mastery_epsilon: Positive = 0.1
    """Constant added to a category's mastery (ε in p(c) ∝ 1/(m_c + ε), paper); the smaller, the more often it draws
    categories that it fails at."""


class JudgingSettings(Settings):
    """Verifiers: they decide whether a problem is valid."""

    verifier: Names = ("builtin",)
    """Verifiers: `builtin` and MODELs, each named once per vote; of three votes, two must be valid."""
    auditor: str | None = None
    """MODEL that arbitrates when the answers of the verifiers differ; null rejects such problems."""
    blind: bool = True
    """A verifier that is a model solves the statement first, and is shown claim and trace in a second message; false
    shows it all at once, for about half the cost."""
    comparison_timeout_s: Positive = 5.0
    """Seconds for comparing two answers; a comparison that takes longer is undetermined."""
    program_timeout_s: Positive = 5.0
    """Seconds for running a model's program on all tests of a problem; a run that takes longer is undetermined."""


class ProbingSettings(Settings):
    """Probers: they measure how hard a problem is."""

    prober: tuple[str, ...] = ()
    """MODELs that attempt the problems, weakest first; the next one takes over when one solves too few."""
    allow_simulated: bool = False
    """Take a prober `simulated:exp(-C*ops*digits)`, whose attempts are drawn and say nothing about any model: for
    experiments on training alone."""
    k: Count = 16
    """Number of attempts at each problem; its pass rate (ρ) is the share of correct ones."""
    switch_every: Count = 500
    """Problems between updates of the prober's average pass rate, when the next prober may take over (paper)."""
    switch_below: Share = 0.3
    """The next prober takes over if the average pass rate has settled below this value (paper)."""
    switch_samples: Count = 100
    """Fewest problems that a prober must have measured before the next one may take over."""


class DifficultyBand(Settings):
    """Selection of problems by their measured pass rate."""

    difficulty: BandText | None = None
    """LO..HI: take only problems whose measured pass rate is in this range, which needs a probe run; null takes all."""


class Splits(Settings):
    """Held-out splits."""

    held_out: Pairs = ()
    """Pairs of skills `ONE+OTHER` that training must not see in one problem."""
    validation_share: Share = 0.0
    """Share of the remaining skill bundles to hold out for validation."""


class Partitioned(Settings):
    """Division of the work among processes that need not know each other, on any number of machines."""

    partitions: Count = 1
    """Parts into which the work is divided; each is a run of its own under `parts/`, and `agentprop merge` makes one
    run of them. What comes out depends on this number, never on the machines."""
    partition: Annotated[int, Field(ge=0)] | Literal["auto"] | None = None
    """Part that this process works on, from 0; `auto` takes SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX."""


class Placed(Settings):
    """The engine that runs the worker processes, which changes nothing that comes out."""

    engine: Literal["local", "ray"] = "local"
    """Where workers run: processes of this machine, or actors of a Ray cluster (extra `cluster`)."""
    address: str | None = None
    """Address of the Ray cluster to work on; null starts one on this machine."""
