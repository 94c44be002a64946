"""A composition → its structure: the same without its numbers, and in one form for all ways to write it.

Two problems of one structure apply the same skills and operators to each other in the same places, and differ in
numbers and wording only.

    >>> from agentprop.composition.terms import Apply, Given
    >>> one, other = (Apply("sum-of-digits", (("n", Given(text)),)) for text in ("12", "345"))
    >>> structure(one) == structure(other)
    True
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

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
    to_json,
)

NUMBER = Given("#")


def structure(term: Term) -> str:
    """Structure of a term, as JSON."""
    return to_json(canonical(cast(Term, _masked(term))))


def _masked(term: Any) -> Any:
    match term:
        case Given():
            return NUMBER
        case Apply(skill, arguments):
            return Apply(skill, tuple((name, _masked(value)) for name, value in arguments))
        case Combine(op, left, right):
            return Combine(op, _masked(left), _masked(right))
        case Relation(value=value, other=other):
            masked = None if other is None else _masked(other)
            return replace(term, value=None if value is None else 0, other=masked)
        case Least():
            return replace(term, low=0, body=_masked(term.body), relation=_masked(term.relation))
        case Count():
            return replace(term, low=0, high=0, body=_masked(term.body), relation=_masked(term.relation))
        case Total():
            return replace(term, low=0, high=0, body=_masked(term.body))
        case Sought():
            return replace(term, value="#", body=_masked(term.body))
        case Remainder():
            return replace(term, modulus=0, body=_masked(term.body))
    return replace(term, body=_masked(term.body)) if hasattr(term, "body") else term
