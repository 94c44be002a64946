"""A statement with one answer and the certificate that re-derives it; for pipes, with all that judging it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from agentprop.records.base import AnswerType, Domain, Evidence, MadeBy, Part, Record
from agentprop.records.environment import TestCase
from agentprop.records.skill import Skill
from agentprop.records.trajectory import Trajectory


class Certificate(Part):
    """Code that re-derives the answer in the sandbox."""

    form: Literal["composition", "program", "none"]
    """`composition` of skills, or `program`, free code that assigns `answer`."""
    composition: str | None = None
    """The term that the statement expresses, JSON."""
    source: str = ""
    """Python that assigns the answer's text to `answer`; composition: generated from the skills' `solve`."""

    @property
    def blank(self) -> bool:
        """True if it certifies nothing, as that of a benchmark's row does."""
        return self.composition is None and not self.source


class Ablation(Part):
    """How many clauses of a composition were tried, and how many matter less than they should."""

    givens: int = 0
    """Values of the statement; each gives another answer if it is another one."""
    loose: int = 0
    """Givens that only a value far away changes the answer of: a sign of an easier problem."""
    restrictions: int = 0
    """Restrictions such as `at most k edges`; the answer is another one without any of them."""
    operators: int = 0
    """Operators; the answer is another one without any of them."""
    links: int = 0
    """Values that another skill supplies."""
    weak_links: int = 0
    """Links of which more than a quarter of the values nearby, or one of the next integers, give the same answer."""
    data: int = 0
    """Lists, graphs and words."""
    weak_data: int = 0
    """Data of which more than half of the elements do not matter."""


class Features(Part):
    """What the declared difficulty of a problem is made of."""

    steps: int
    """Skills applied, operators on their values, and facts about an object."""
    skills: int
    """Different skills."""
    depth: int
    """Steps on the longest way from a given to the answer."""
    work: float
    """log2 of one more than the sizes of the givens; those inside a sweep count once for some of its values."""
    digits: float
    """log2 of one more than the digits of the values on the way and of the answer."""
    length: float
    """Words of the statement, in fifties."""
    loose: float = 0.0
    """Share of the givens of which only a value far away changes the answer."""


class DeclaredDifficulty(Part):
    """How much work a problem takes, as its composition tells; no measurement, and no pass rate."""

    band: int
    """1 (a step beyond a formula) to 5 (many steps)."""
    score: float
    """D, the weighted sum of the features."""
    features: Features
    """What it is the sum of."""


class Solution(Part):
    """A problem's solution in words, or why there is none."""

    text: str = ""
    """Paragraphs that lead to the answer, in the last of which it stands; empty if there is no solution."""
    values: tuple[str, ...] = ()
    """The intermediate values that the answer passes, in order; a sweep counts with its result alone."""
    left_out: str = ""
    """Why there is no text, if one was to be written: the kind of reason, a colon, and the reason."""


class Judging(Part):
    """How a judge runs a program, beyond its tests: the form, the budget, and what the statement promises."""

    form: Literal["stdio", "function"]
    """A test's arguments are one text for standard input and its expected value is the output, or those of a call."""
    signature: str
    """The function asked for, with types; empty for a program that reads and prints."""
    ticks: int
    """Ticks that each test may use."""
    budget: Literal["ticks-v1"] = "ticks-v1"
    """How ticks are counted."""
    cpu_s: float = 10.0
    """Seconds that each test may take; they stop only what ticks do not see."""
    limits: tuple[str, ...] = ()
    """Bounds of the input, as the statement gives them."""
    edge_rule: str = ""
    """What holds in the extreme case, as the statement says it."""
    examples: tuple[TestCase, ...] = ()
    """Examples of the statement; none of them is a hidden test."""
    tags: tuple[str, ...] = ()
    """What each test is there for: edge, small, medium or large."""
    checker: str | None = None
    """Python that defines `accepts(arguments, found, expected)`, which says if an output is right, beside that of the
    reference; null if only the expected output is."""


class Problem(Record):
    """A statement with one answer.

    The certificate is part of the identity, for V judges both: the same statement over another certificate is another
    problem. One without a certificate has the id that it had before version 2.
    """

    kind: ClassVar[str] = "problem"
    identity: ClassVar[tuple[str, ...]] = ("statement", "answer", "answer_type", "certificate")

    statement: str
    """Text that a solver is given."""
    answer: str
    """The answer's text, canonical; for programs the reference program."""
    answer_type: AnswerType
    """Kind of the answer."""
    unit: str | None = None
    """Unit of a quantity, as the statement asks for it."""
    figures: int | None = None
    """Significant figures that the statement asks for; null means exact."""
    tolerance: str | None = None
    """How far numbers may be off, if the source of a problem says so: `0.01`, or `5%` of the larger one."""
    accepted: tuple[str, ...] | None = None
    """Further answers that the source of a problem accepts; null if it names none."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """Category drawn from the curriculum; the asking skill may be of another one in a story."""
    skills: tuple[str, ...]
    """Names of the skills composed, the asking one first."""
    skill_ids: tuple[str, ...]
    """Their ids, in the same order."""
    operators: tuple[str, ...] = ()
    """Composition operators used: chain, aggregate, invert, constrain, nest, …"""
    entry_point: str | None = None
    """Name of the function that a program must define."""
    tests: tuple[TestCase, ...] = ()
    """Hidden tests of a program."""
    judging: Judging | None = None
    """How its program is judged; null means by calls of `entry_point` without a budget."""
    certificate: Certificate
    """Code that re-derives the answer."""
    evidence: Evidence = "independent"
    """The weakest evidence among its skills' checks."""
    ablation: Ablation | None = None
    """What taking its clauses away showed; null if there is no composition to take them from."""
    difficulty: DeclaredDifficulty | None = None
    """Its declared difficulty; null if there are no clauses of a composition to tell it by."""
    solution: Solution | None = None
    """The solution in words; null for problems that are no compositions of skills, and in runs of earlier versions."""
    template: str = ""
    """Hash of the statement with its numbers masked."""
    trajectory_id: str | None = None
    """Id of the trajectory that produced it."""
    task_id: str | None = None
    """Id of its task."""
    index: int | None = None
    """Candidate number in its run."""
    isolation: str = ""
    """Sandbox level that the certificate ran under."""
    made_by: MadeBy = MadeBy()
    """The proposer."""

    def _identity_values(self) -> Iterator[object]:
        if self.schema_version < 2 or self.certificate.blank:
            return (getattr(self, name) for name in self.identity if name != "certificate")
        return super()._identity_values()


class PipedProblem(Record):
    """A row on a pipe between stages: a problem with all that is needed to judge it."""

    kind: ClassVar[str] = "piped_problem"
    identity: ClassVar[tuple[str, ...]] = ("problem", "trajectory")

    problem: Problem
    """The problem."""
    trajectory: Trajectory | None = None
    """Its trajectory."""
    skills: tuple[Skill, ...] = ()
    """The packages that its certificate composes, sources included."""
