"""A term → letters that have no meaning in any statement of it yet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from agentprop.composition.letters import letters_of
from agentprop.composition.terms import Apply, Count, Least, Term, Total, Variable, measured, supplied, walk
from agentprop.skills import Package, Spec
from agentprop.skills.constants import CONSTANTS

SPARE = "kNtrsmjucdhMKT"
"""Letters for values whose parameter suggests none, in order of preference."""


def reserved(term: Term, library: Mapping[str, Package]) -> set[str]:
    """Letters that have a meaning in some statement of a term, or that a wording of its skills uses."""
    used = {"p", "q"}  # the frames for lowest terms use these
    for node in walk(term):
        if isinstance(node, Variable):
            used.add(node.name)
        elif isinstance(node, Least | Total | Count):
            used.add(node.variable)
        elif isinstance(node, Apply):
            spec = library[node.skill].spec
            used |= _letters_of((*(w.text for w in spec.phrasings), *spec.value))
            if spec.named or measured(node, library):  # such a follow-up may stand beside letters
                used |= _letters_of(tuple(w.text for wordings in spec.follows.values() for w in wordings))
                used |= _letters_of(tuple(CONSTANTS[name] for name in spec.constants))
    return used


@lru_cache(maxsize=8192)
def _letters_of(wordings: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*map(letters_of, wordings))


def free_letter(term: Term, spec: Spec, name: str, library: Mapping[str, Package]) -> str | None:
    """A letter for a datum that has no meaning yet in any statement of a term; None if none is left."""
    used = reserved(term, library) | set("aloIO")
    for node in walk(term):  # letters that values may get
        if isinstance(node, Apply):
            used |= {library[node.skill].spec.parameters[key].symbol or key for key in supplied(node)}
    wanted = (spec.parameters[name].symbol or "", name, *SPARE)
    return next((letter for letter in wanted if len(letter) == 1 and letter not in used), None)
