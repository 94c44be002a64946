"""The declaration of a skill's parameter, and the set of functions that every kind of value has."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from random import Random
from typing import Any, Literal, NamedTuple

from pydantic import Field, FiniteFloat

from agentprop.records import Part

Kind = Literal[
    "integer",
    "rational",
    "decimal",
    "choice",
    "string",
    "list",
    "words",
    "point",
    "points",
    "matrix",
    "polynomial",
    "graph",
    "facts",
    "question",
]
Bounds = tuple[int, int]


class Parameter(Part):
    """Declaration of a skill's parameter. Attributes that a kind does not use are refused by `faults`."""

    kind: Kind
    """Kind of the value."""
    min: FiniteFloat | None = None
    """Smallest number (of each element, for lists and matrices)."""
    max: FiniteFloat | None = None
    """Largest number."""
    log: bool = False
    """Draw integers log-uniformly."""
    values: tuple[int | str, ...] = ()
    """The allowed values (integer, choice)."""
    digits: int = 0
    """Digits after the point (decimal)."""
    max_denominator: int = 12
    """Largest denominator (rational)."""
    unit: str | None = None
    """Unit written after the number (decimal)."""
    alphabet: str | None = None
    """Letters (string, words)."""
    length: Bounds | None = None
    """Fewest and most elements."""
    word_length: Bounds | None = None
    """Fewest and most letters of a word (words)."""
    distinct: bool = False
    """All elements differ (list)."""
    sorted: bool = False
    """Elements ascend (list)."""
    style: Literal["list", "set"] = "list"
    """Notation of a list."""
    rows: Bounds | None = None
    """Fewest and most rows (matrix)."""
    cols: Bounds | None = None
    """Fewest and most columns (matrix)."""
    square: bool = False
    """As many columns as rows (matrix)."""
    degree: Bounds | None = None
    """Lowest and highest degree (polynomial)."""
    monic: bool = False
    """Leading coefficient 1 (polynomial)."""
    variable: str = "x"
    """Variable (polynomial)."""
    nodes: Bounds | None = None
    """Fewest and most nodes (graph); nodes are 1..n."""
    weights: Bounds | None = None
    """Smallest and largest edge weight (graph)."""
    density: float = 0.4
    """Probability of an edge (graph)."""
    connected: bool = False
    """Every node can be reached from node 1, ignoring directions (graph)."""
    directed: bool = False
    """Edges have a direction (graph)."""
    acyclic: bool = False
    """Edges go from smaller to larger nodes (graph)."""
    phrases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Wordings of each port of an object: clauses, with `<v>` for a value (facts), or noun phrases (question)."""
    tests: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Clauses of each condition that decides what is asked (question)."""
    counted: tuple[str, ...] = ()
    """Whole questions for the number of objects that fit (question)."""
    drop: int | FiniteFloat | str | tuple[int, ...] | None = None
    """Value that makes the parameter's clause idle, which may lie outside of the range; for restrictions such as `at
    most k edges`. `[]` for a list. `solve` and `check` must accept it."""
    suits: str | None = None
    """Expression over the parameter that most values have to meet to be worth a question: a list in decreasing order
    has no long rising part. It decides how often another skill supplies the value, and refuses none."""
    symbol: str | None = None
    """Letter used when a sub-problem names the value."""
    role: str | tuple[str, ...] | None = None
    """Role or roles of the value in a story."""
    of: tuple[str, ...] | None = None
    """Subjects of the outputs that another skill may supply it with, by a story in which the thing itself goes on; None
    allows all. A gas takes the temperature of the bath that it stands in, not that of a far-off bar."""
    input: bool = Field(default=False)
    """The parameter is the data of a program (coding)."""

    def __hash__(self) -> int:
        """Hash of the content, so that what is found out about a declaration can be remembered."""
        return hash(self._text)

    @cached_property
    def _text(self) -> str:
        return self.model_dump_json()

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that the parameter can take in a story."""
        if self.role is None:
            return ()
        return (self.role,) if isinstance(self.role, str) else self.role

    @property
    def low(self) -> int:
        """Smallest integer."""
        return math.ceil(self.min if self.min is not None else -(10**9))

    @property
    def high(self) -> int:
        """Largest integer."""
        return math.floor(self.max if self.max is not None else 10**9)


class KindRules(NamedTuple):
    """The behaviour of one kind."""

    required: tuple[str, ...]
    """Attributes that a declaration must have."""
    allowed: tuple[str, ...]
    """Attributes that a declaration may have."""
    draw: Callable[[Parameter, Random], Any]
    """Draws a value."""
    write: Callable[[Parameter, Any, bool], str]
    """Writes a value; the flag says if the text stands inside `$…$`."""
    pattern: Callable[[Parameter, bool], str]
    """Regular expression of the texts."""
    read: Callable[[Parameter, str, bool], Any]
    """Reads a text that matches the pattern."""
    misfit: Callable[[Parameter, Any], str | None]
    """Reason why a value cannot be the parameter, or None."""
    reworded: Callable[[Parameter, Any, Random], str] | None = None
    """Writes a value in other words, for kinds with several texts of one value."""


INT = r"-?\d+"
