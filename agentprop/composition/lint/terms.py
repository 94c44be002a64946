"""Compositions whose last step is bolted on."""

from __future__ import annotations

from collections.abc import Iterator

from agentprop.composition.lint.rule import Draft, Rule
from agentprop.composition.terms import Apply, Printed, Program, Remainder


def _outermost(draft: Draft) -> Remainder | None:
    term = draft.composition
    body = term.body if isinstance(term, Printed | Program) else term
    return body if isinstance(body, Remainder) else None


def _bolted_remainder(draft: Draft) -> Iterator[str]:
    if (term := _outermost(draft)) is not None:
        yield f"the remainder modulo {term.modulus} of a whole question"


def _remainder_of_remainder(draft: Draft) -> Iterator[str]:
    term = _outermost(draft)
    if term is not None and isinstance(term.body, Apply) and "remainder" in term.body.skill:
        yield f"the remainder of what {term.body.skill} gives, a remainder"


BOLTED_REMAINDER = Rule("warning", _bolted_remainder)
REMAINDER_OF_REMAINDER = Rule("error", _remainder_of_remainder)
