"""A mined question as plain data: what its package is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NAMES = "abcdefgmnpqrstuvwz"
"""Names of parameters; `h`, `k`, `x`, `y` are taken by what the programs bind."""


@dataclass(frozen=True)
class VaryingNumber:
    """A number of the question that may vary."""

    name: str
    """A letter."""
    places: int
    """Decimal places; 0 for integers."""
    values: tuple[str, ...]
    """Allowed values, ascending."""


@dataclass(frozen=True)
class QuestionTemplate:
    """A question with holes, and the computation of its answer by two routes."""

    phrasing: str
    """The whole question, `<a>` for each number that varies."""
    parameters: tuple[VaryingNumber, ...]
    """What may vary."""
    table: tuple[tuple[str, ...], ...]
    """Allowed settings; empty where all are."""
    solve: str
    """Expression over the parameters: the exact route."""
    check: str
    """The other route."""
    kind: str
    """integer, rational, number (a rational that may be whole) or expression."""
    shape: str
    """Shape of an expression's value."""
    size: int
    """Most digits or characters of an answer."""
    answer: str
    """The document's own answer as the skill gives it."""
    trials: tuple[tuple[tuple[str, ...], str], ...]
    """Settings with answers that both routes gave; the document's own first."""
    answers: int
    """How many different ones."""
    rate: float
    """Share of drawn settings that have an answer of the kind."""
    how: str
    """How the domain was found: free, tied, table or list."""
    numerals: int
    """How many numerals the question has."""
    idle: float
    """Share of the question's conditions without which no setting has another answer."""
    heads: tuple[str, ...]
    """What is computed, outermost first."""


def names_for(count: int) -> list[str]:
    """Names for parameters."""
    return list(NAMES[:count])


def to_json(found: QuestionTemplate) -> dict[str, Any]:
    """Plain data."""
    return asdict(found)


def from_json(data: Mapping[str, Any]) -> QuestionTemplate:
    """Back from `to_json`."""
    return QuestionTemplate(
        **{
            **data,
            "parameters": tuple(
                VaryingNumber(one["name"], one["places"], tuple(one["values"])) for one in data["parameters"]
            ),
            "table": tuple(map(tuple, data["table"])),
            "trials": tuple((tuple(values), answer) for values, answer in data["trials"]),
            "heads": tuple(data["heads"]),
        }
    )
