"""The nodes of a term: what stands in a statement, skills applied to it, and what is made of their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Operation = Literal["sum", "difference", "product"]
Comparison = Literal["at_least", "divisible", "odd", "equals", "exceeds", "same"]


@dataclass(frozen=True, slots=True)
class Given:
    """A value that stands in the statement, in its canonical prose text."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A bound letter, or the data of a program."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A skill applied to its parameters."""

    skill: str
    arguments: tuple[tuple[str, Term], ...]

    def argument(self, name: str) -> Term:
        """The term in the place of a parameter."""
        return dict(self.arguments)[name]

    def with_argument(self, name: str, term: Term) -> Apply:
        """Copy the application with one argument exchanged."""
        return Apply(self.skill, tuple([(k, term if k == name else v) for k, v in self.arguments]))

    def with_givens(self, values: Mapping[str, Term]) -> Apply:
        """Copy the application with other givens; what is supplied stays, and so does a given without a new value."""
        given = [(k, values.get(k, v) if isinstance(v, Given) else v) for k, v in self.arguments]
        return Apply(self.skill, tuple(given))


@dataclass(frozen=True, slots=True)
class Combine:
    """Arithmetic on two values: left + right, left - right, left · right."""

    op: Operation
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Relation:
    """Condition on a value: at least, divisible by or equal to a number; odd; greater than or equal to another term."""

    comparison: Comparison
    value: int | None = None
    other: Term | None = None


@dataclass(frozen=True, slots=True)
class Least:
    """The smallest integer variable ≥ low for which the body stands in the relation."""

    variable: str
    low: int
    body: Term
    relation: Relation


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of the body over low ≤ variable ≤ high."""

    variable: str
    low: int
    high: int
    body: Term


@dataclass(frozen=True, slots=True)
class Count:
    """The number of integers low ≤ variable ≤ high for which the body stands in the relation."""

    variable: str
    low: int
    high: int
    body: Term
    relation: Relation


@dataclass(frozen=True, slots=True)
class LowestTerms:
    """The sum p + q of a body that is p/q in lowest terms."""

    body: Term


@dataclass(frozen=True, slots=True)
class Remainder:
    """The body modulo a number of the statement."""

    body: Term
    modulus: int


@dataclass(frozen=True, slots=True)
class Sought:
    """The datum of a skill, written as the variable, for which the body, a quantity, has the value (science)."""

    variable: str
    body: Term
    value: str
    """A decimal in the unit of the body's quantity."""


@dataclass(frozen=True, slots=True)
class Program:
    """The function that maps its data to the body (coding)."""

    variable: str
    body: Term


@dataclass(frozen=True, slots=True)
class Printed:
    """The output of the program that prints the body (coding)."""

    body: Term


@dataclass(frozen=True, slots=True)
class Code:
    """Python in the place of a term, as a computation on trial has it; no composition that is stored holds any."""

    text: str


Term = (
    Given
    | Variable
    | Apply
    | Combine
    | Least
    | Total
    | Count
    | LowestTerms
    | Remainder
    | Sought
    | Program
    | Printed
    | Code
)
NODES: dict[str, type[Any]] = {
    cls.__name__.lower(): cls
    for cls in (Given, Variable, Apply, Combine, Least, Total, Count, LowestTerms, Remainder, Sought, Program, Printed)
}
