"""A composition and the skill that is the cause of a failure → the composition without it, or with another supplier."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from agentprop.composition.freshness import POSED
from agentprop.composition.planner import Impossible, skill_count
from agentprop.composition.repairs import Repairs
from agentprop.composition.terms import Apply, Term, skills, walk

SUPPLIERS = 6
"""Suppliers that are tried in the place of another one, until a structure is new."""


@dataclass(frozen=True)
class Exchanges:
    """Changes of what a composition is made of; it stays a problem of its category."""

    repairs: Repairs
    """The repairs that make the changes."""
    rank: Callable[[Term], int]
    """How often the structure of a composition was posed before, as `freshness` ranks it."""
    category: str = ""
    """Category that a change must not leave; any if empty."""

    def pruned(self, term: Term, skill: str, rng: Random) -> Term | None:
        """Remove a skill; None if nothing of the category is left."""
        try:
            pruned = self.repairs.pruned(term, skill, rng)
        except Impossible:
            return None
        return pruned if pruned is not None and self._stays(pruned) else None

    def exchanged(self, term: Term, skill: str, rng: Random) -> tuple[str, Term] | None:
        """Another supplier, and the composition with it; of a few the first with a new structure."""
        found = list[tuple[str, Term]]()
        for _ in range(SUPPLIERS):
            new = self.repairs.substitute(term, skill, rng)
            if new is None:
                break
            with suppress(Impossible):
                other = self.repairs.exchanged(term, skill, new, rng)
                if not self._stays(other):
                    continue
                if self.rank(other) < POSED:
                    return new, other
                found.append((new, other))
        return found[0] if found else None

    def is_better(self, pruned: Term, exchanged: Term) -> bool:
        """True if a pruned composition is preferred: it has several skills, and the other is no newer."""
        return skill_count(pruned) > 1 and (self.rank(pruned) < POSED or self.rank(exchanged) >= POSED)

    def _stays(self, term: Term) -> bool:
        library = self.repairs.planner.library
        return not self.category or any(library[name].spec.category == self.category for name in skills(term))


def culprit(term: Term, about: str) -> str | None:
    """The supplier that a conflict is about: the skill itself, or the one that computed the value v1, v2, …"""
    if about in skills(term):
        return about
    linked = _linked(term)
    found = re.fullmatch(r"v(\d+)", about)
    if found is None or not linked:
        return linked[0].skill if linked else None
    number = int(found[1]) - 1
    return linked[number].skill if number < len(linked) else linked[-1].skill


def _linked(term: Term) -> list[Apply]:
    """Suppliers in the order in which the draft's code names them: innermost first, left to right."""
    out: list[Apply] = []
    for node in walk(term):
        if isinstance(node, Apply):
            out = [*(v for _, v in node.arguments if isinstance(v, Apply)), *out]
    return out
