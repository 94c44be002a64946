"""What a parameter of a skill may be, and the behaviour that every kind of value states of itself."""

from __future__ import annotations

import math
from collections.abc import Callable
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
]
Bounds = tuple[int, int]


class Parameter(Part):
    """What a parameter of a skill may be. Attributes that a kind does not use are refused by `faults`."""

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
    """How a list is written."""
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
    symbol: str | None = None
    """Letter used when a sub-problem names the value."""
    role: str | tuple[str, ...] | None = None
    """What the value is in a story."""
    input: bool = Field(default=False)
    """The data a program is given (coding)."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles this parameter can take in a story."""
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
    allowed: tuple[str, ...]
    draw: Callable[[Parameter, Random], Any]
    write: Callable[[Parameter, Any, bool], str]
    pattern: Callable[[Parameter, bool], str]
    read: Callable[[Parameter, str, bool], Any]
    misfit: Callable[[Parameter, Any], str | None]


INT = r"-?\d+"
