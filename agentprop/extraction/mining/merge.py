"""Candidates of one graph to families: stories that can be told with the same numbers become phrasings of one skill.

Within a family every phrasing must hold for every setting, so ranges are intersected and rules united; a candidate that
would leave too little room starts a family of its own. Stories that count different things stay apart, because a skill
has one subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentprop.extraction.mining.candidate import Template
from agentprop.extraction.mining.freedom import MIN_ACCEPTANCE, MIN_SETTINGS, FreedomRule, acceptance_of
from agentprop.extraction.mining.gathering import gathered
from agentprop.extraction.mining.graph import Node
from agentprop.extraction.mining.wording import Phrasing

MAX_PHRASINGS = 12
"""More stories than this for one graph are kept as a further skill."""
LEAST_OVERLAP = 0.5
"""Share of the narrower range of a given that two stories must have in common."""


@dataclass(frozen=True)
class FamilyMember:
    """A candidate and the document it came from."""

    document: str
    """Document id."""
    sha: str
    """Hash of the document."""
    length: int
    """Characters of its question."""
    candidate: Template
    """What was mined from it."""


@dataclass(frozen=True)
class SkillFamily:
    """One skill to be."""

    members: tuple[FamilyMember, ...]
    """Documents, the founding one first."""
    domains: tuple[tuple[int, ...], ...]
    """Values that every phrasing allows."""
    rules: tuple[FreedomRule, ...]
    """Rules of all phrasings."""
    acceptance: float
    """Share of random draws that satisfy them."""

    @property
    def root(self) -> Node:
        """The graph, as the founding document wrote it."""
        return self.members[0].candidate.root

    @property
    def whole(self) -> bool:
        """Whether the result is a whole number."""
        return self.members[0].candidate.answer.denominator == 1

    @property
    def phrasings(self) -> tuple[Phrasing, ...]:
        """The wordings, each once."""
        found = {(m.candidate.phrasing.scene, m.candidate.phrasing.ask): m.candidate.phrasing for m in self.members}
        return tuple(found.values())


def key(candidate: Template) -> str:
    """Candidates with different keys never share a skill."""
    kind = "whole" if candidate.answer.denominator == 1 else "fraction"
    return f"story {candidate.graph} {kind} {candidate.phrasing.subject or ''}"


def families(members: Sequence[FamilyMember]) -> list[SkillFamily]:
    """Members of one key, greedily, in order."""
    return gathered(members, _founded, _join)


def _founded(member: FamilyMember) -> SkillFamily:
    candidate = member.candidate
    return SkillFamily((member,), candidate.domains, candidate.rules, candidate.acceptance)


def _join(family: SkillFamily, member: FamilyMember) -> SkillFamily | None:
    """The family with one more member, or None where their numbers do not fit together."""
    candidate = member.candidate
    if len(family.phrasings) >= MAX_PHRASINGS:
        return None
    domains = tuple(_common(a, b) for a, b in zip(family.domains, candidate.domains, strict=True))
    if not all(domains):
        return None
    rules = tuple(dict.fromkeys((*family.rules, *candidate.rules)))
    acceptance = acceptance_of(dict(enumerate(domains)), rules)
    settings = acceptance
    for values in domains:
        settings *= len(values)
    if acceptance < MIN_ACCEPTANCE or settings < MIN_SETTINGS:
        return None
    joined = replace(family, members=(*family.members, member))
    return replace(joined, domains=domains, rules=rules, acceptance=acceptance)


def _common(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    shared = tuple(sorted(set(first) & set(second)))
    return shared if len(shared) >= LEAST_OVERLAP * min(len(first), len(second)) else ()
