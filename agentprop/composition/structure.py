"""A composition → its structure: the same without its numbers, and in one form for all ways to write it.

Two problems of one structure apply the same skills and operators to each other in the same places, and differ in
numbers and wording only. What is told of an object, and what is asked about it, belong to the structure as well.

    >>> from agentprop.composition.terms import Apply, Given
    >>> one, other = (Apply("sum-of-digits", (("n", Given(text)),)) for text in ("12", "345"))
    >>> structure(one) == structure(other)
    True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from agentprop.composition.families import family
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    Relation,
    Remainder,
    Sought,
    Term,
    Total,
    canonical,
    from_json,
    to_json,
)
from agentprop.records import content_id
from agentprop.skills import Package
from agentprop.skills.values import Parameter, parse

NUMBER = Given("#")


def structure(term: Term, library: Mapping[str, Package] | None = None) -> str:
    """Structure of a term, as JSON. What is told of an object and asked about it counts only with its `library`."""
    return to_json(canonical(cast(Term, _masked(term, library or {}))))


def structure_digest(term: Term, library: Mapping[str, Package]) -> bytes:
    """Eight bytes that stand for the structure of a term."""
    return bytes.fromhex(content_id(structure(term, library))[:16])


def structure_key(composition: str | None, library: Mapping[str, Package]) -> str:
    """A short name of the structure of a stored composition; empty if none can be read, and for a family's problem.

    Problems of a family of judged programs have one composition, and differ in what is asked about the program.
    """
    if composition is None:
        return ""
    try:
        term = from_json(composition)
        return "" if family(term, library) is not None else structure_digest(term, library).hex()
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # a model may have written it
        return ""


def _masked(term: Any, library: Mapping[str, Package]) -> Any:
    def inside(part: Any) -> Any:
        return _masked(part, library)

    match term:
        case Given():
            return NUMBER
        case Apply(skill, arguments) if skill in library and library[skill].spec.is_object:
            told = library[skill].spec.parameters
            return Apply(skill, tuple((name, _ports(told[name], value)) for name, value in arguments))
        case Apply(skill, arguments):
            return Apply(skill, tuple([(k, NUMBER if isinstance(v, Given) else inside(v)) for k, v in arguments]))
        case Combine(op, left, right):
            return Combine(op, inside(left), inside(right))
        case Relation(value=value, other=other):
            masked = None if other is None else inside(other)
            return replace(term, value=None if value is None else 0, other=masked)
        case Least():
            return replace(term, low=0, body=inside(term.body), relation=inside(term.relation))
        case Count():
            return replace(term, low=0, high=0, body=inside(term.body), relation=inside(term.relation))
        case Total():
            return replace(term, low=0, high=0, body=inside(term.body))
        case Sought():
            return replace(term, value="#", body=inside(term.body))
        case Remainder():
            return replace(term, modulus=0, body=inside(term.body))
    return replace(term, body=inside(term.body)) if hasattr(term, "body") else term


def _ports(p: Parameter, value: Term) -> Given:
    """Names of what is told or asked of an object, without numbers and in one order for all ways to write it."""
    if not isinstance(value, Given) or p.kind not in ("facts", "question"):
        return NUMBER
    found = parse(p, value.text)
    return Given(" ".join(name for name, _ in found) if p.kind == "facts" else " ".join(found))
