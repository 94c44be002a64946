"""Templates of one computation to families: questions that can be asked with the same numbers become one skill."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from agentprop.extraction.mining.gathering import gathered
from agentprop.extraction.mining.question.template import QuestionTemplate, VaryingNumber

MOST_PHRASINGS = 12
LEAST_SETTINGS = 8
LEAST_OVERLAP = 0.5
"""Share of the narrower range of a parameter that two questions must have in common."""


@dataclass(frozen=True)
class QuestionMember:
    """A template and the document it came from."""

    document: str
    """Document id."""
    sha: str
    """Hash of the document."""
    length: int
    """Characters of its question."""
    template: QuestionTemplate
    """What was mined from it."""


@dataclass(frozen=True)
class QuestionFamily:
    """One skill to be."""

    members: tuple[QuestionMember, ...]
    """Documents, the founding one first."""
    template: QuestionTemplate
    """The founding template, its parameters narrowed to what every phrasing allows."""

    @property
    def phrasings(self) -> tuple[str, ...]:
        """The wordings, each once."""
        return tuple(dict.fromkeys(member.template.phrasing for member in self.members))


def key(template: QuestionTemplate) -> str:
    """Templates with different keys never share a skill: the computation, its letters renamed in order."""
    names: dict[str, str] = {}
    told = re.sub(r"\bu_\w+", lambda found: names.setdefault(found[0], f"u{len(names)}"), template.solve)
    kinds = [str(one.places) for one in template.parameters]
    text = "\n".join([told, *kinds, template.kind, template.shape])
    return f"question {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def families(members: Sequence[QuestionMember]) -> list[QuestionFamily]:
    """Members of one key, greedily, in order."""
    return gathered(members, lambda member: QuestionFamily((member,), member.template), _join)


def _join(family: QuestionFamily, member: QuestionMember) -> QuestionFamily | None:
    """The family with one more member, or None where their numbers do not fit together."""
    one, other = family.template, member.template
    if len(family.phrasings) >= MOST_PHRASINGS:
        return None
    if one.table or other.table:
        narrowed = one if one.table == other.table and one.parameters == other.parameters else None
    else:
        narrowed = _common(one, other)
    if narrowed is None:
        return None
    return QuestionFamily((*family.members, member), narrowed)


def _common(one: QuestionTemplate, other: QuestionTemplate) -> QuestionTemplate | None:
    parameters = []
    for left, right in zip(one.parameters, other.parameters, strict=True):
        shared = tuple(value for value in left.values if value in right.values)
        if len(shared) < LEAST_OVERLAP * min(len(left.values), len(right.values)):
            return None
        parameters.append(VaryingNumber(left.name, left.places, shared))
    if prod(len(one.values) for one in parameters) < LEAST_SETTINGS:
        return None
    size, rate = max(one.size, other.size), min(one.rate, other.rate)
    return replace(one, parameters=tuple(parameters), size=size, rate=rate)
