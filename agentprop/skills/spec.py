"""The frontmatter of a skill package, typed: its parameters, its output, its wordings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from pydantic import Field

from agentprop.records import Domain, Evidence, Part
from agentprop.skills.values import Parameter
from agentprop.skills.wordings import holes

_WHAT_IS = re.compile(r"What is (the [^.$?!<>{}]+)\?")

OutputKind = Literal[
    "integer", "rational", "quantity", "list", "string", "words", "graph", "boolean", "expression", "program"
]


class Wording(Part):
    """One wording of a skill's problem: a declarative scene, which may be empty, and one question."""

    scene: str = ""
    """Sentences that fix the situation."""
    ask: str
    """Exactly one question or instruction."""
    role: str | None = None
    """For follow-ups: the role of the value that the wording takes; None fits every role of the parameter."""

    @cached_property
    def text(self) -> str:
        """Scene and question."""
        return f"{self.scene} {self.ask}".strip()


class Output(Part):
    """Output of a skill."""

    kind: OutputKind
    """Kind of the value."""
    unit: str | None = None
    """Unit of a quantity."""
    figures: int = Field(default=3, ge=1, le=12)
    """Significant figures that a question asks for, of a quantity."""
    decimals: int | None = Field(default=None, ge=1, le=11)
    """Decimal places that a question asks for instead; the value then lies between 1 and 10, and `figures` is one
    more. For measures that are logarithms, such as the pH."""
    role: str | None = None
    """Role of the value in a story, e.g. count."""
    subject: str | None = None
    """Noun of the story: plural for counts, singular for bodies."""
    symbol: str | None = None
    """Letter for the value."""
    graph: tuple[Literal["weighted", "directed", "acyclic", "connected"], ...] = ()
    """What holds of every graph that is returned (graph)."""
    elements: Literal["any", "not negative", "of the data"] = "any"
    """What holds of the elements of every list that is returned; those of the data are elements of it (list)."""


class Witness(Part):
    """What a mined question's computation was tested against."""

    documents: int = Field(ge=1)
    """Documents whose own answers came back."""
    routes: int = Field(ge=1)
    """Computations that share nothing but the reading, and agree."""
    settings: int = Field(ge=1)
    """Settings of the parameters on which they were compared."""
    answers: int = Field(ge=1)
    """Different answers among these."""
    kept: float = Field(ge=0, le=1)
    """Share of the settings drawn within ranges and constraints that have an answer of the right kind."""
    idle: float = Field(default=0.0, ge=0, le=1)
    """Share of the question's conditions without which no setting has another answer."""


class Judged(Part):
    """How a judge asks for a program: the parts of its statement behind the task, and how it is called."""

    form: Literal["stdio", "function"]
    """The program reads standard input and prints, or defines the function `solve`."""
    arguments: dict[str, str]
    """Arguments of `solve` in order, without the parameters, and their types."""
    returns: str = "int"
    """Type that `solve` returns."""
    input: str
    """The input, in sentences."""
    output: str
    """The output, in sentences."""
    limits: tuple[str, ...] = Field(min_length=1)
    """Bounds that every test keeps; the script's `fits` holds them."""
    edge_rule: str
    """What holds in the extreme case, in a sentence."""


class Spec(Part):
    """The frontmatter of a package, typed."""

    name: str
    """Directory name."""
    description: str
    """The purpose of the skill and when to use it."""
    license: str | None = None
    """Licence of the package."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """The curriculum's unit."""
    intent: str
    """ι: the reasoning it exercises."""
    method: str
    """μ: how a problem is built with it."""
    effect: str
    """δ: its effect on difficulty."""
    tool: str
    """τ: how code confirms it."""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """Typed parameters of solve and check."""
    flavour: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Interchangeable words, which do not change the meaning."""
    constraints: tuple[str, ...] = ()
    """Expressions over the parameters that must hold."""
    constants: tuple[str, ...] = ()
    """Physical constants that the value rests on and that a statement gives once, at its end: g, R, N_A, …"""
    output: Output | None = None
    """Output of `solve`; None for packages without scripts."""
    phrasings: tuple[Wording, ...] = ()
    """Complete wordings."""
    value: tuple[str, ...] = ()
    """Noun phrases that name the result."""
    named: tuple[str, ...] = ()
    """Noun phrases without parameters that name a quantity behind its scene: `the age of the granite`."""
    explain: tuple[str, ...] = ()
    """Sentences of a worked solution, over the parameters, the names that `steps` yields, and `<value>`."""
    formulas: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """How a port of an object, or a letter of its formulas, is computed: an expression or a relation over the letters,
    or a clause with `$…$`; a second one is for the numbers of one object, if these need another. Empty: not said."""
    follows: dict[str, tuple[Wording, ...]] = Field(default_factory=dict)
    """Wordings that take one parameter from the story so far."""
    sweep: tuple[str, ...] = ()
    """Parameters over which the skill may be evaluated many times."""
    step: str | None = None
    """Imperative verb phrase for a pipeline (coding)."""
    finish: str | None = None
    """Noun phrase about the current data that ends a pipeline (coding)."""
    evidence: Evidence = "independent"
    """Evidence that `check` gives."""
    witness: Witness | None = None
    """What a mined question was tested against."""
    entry_point: str | None = None
    """Function name of a lifted program (coding)."""
    tests: str | None = None
    """Tests of a lifted program, JSON (coding)."""
    judged: Judged | None = None
    """How a judge asks for the program of a family (coding)."""

    @cached_property
    def data(self) -> str | None:
        """The parameter that carries a program's data (coding)."""
        return next((name for name, p in self.parameters.items() if p.input), None)

    @cached_property
    def is_object(self) -> bool:
        """True for an object kind: a box, facts and a question about one object."""
        kinds = {name: p.kind for name, p in self.parameters.items()}
        return kinds == {"box": "integer", "facts": "facts", "question": "question"}

    @property
    def tells(self) -> bool:
        """True if a scene can be told whose result then gets a letter: "… Let $t$ be the age of the granite."."""
        return bool(self.named) and any(set(self.parameters) <= set(holes(w.scene)) for w in self.phrasings)

    @cached_property
    def asked(self) -> dict[str, str]:
        """Scene that tells every parameter → the noun phrase that its question asks for: "What is the list of groups?".

        Empty for a mined skill, in whose wordings nobody has split scene and question with care.
        """
        if self.evidence == "self-consistent":
            return {}
        told = {w.scene: w.ask for w in self.phrasings if set(self.parameters) <= set(holes(w.scene))}
        found = {scene: _WHAT_IS.fullmatch(ask) for scene, ask in told.items()}
        return {scene: match[1] for scene, match in found.items() if match is not None}

    @property
    def names(self) -> tuple[str, ...]:
        """Noun phrases for the result behind a scene."""
        return self.named or tuple(self.asked.values())

    def roles_in(self) -> Iterator[tuple[str, str]]:
        """(parameter, role) pairs that a story can supply."""
        for name, wordings in self.follows.items():
            for role in self.parameters[name].roles:
                if any(w.role in (None, role) for w in wordings):
                    yield name, role
