"""A composition → a statement of it that breaks no rule of language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

from agentprop.composition.lint import Draft, errors, findings
from agentprop.composition.terms import Term
from agentprop.composition.writer import Unwritable, write
from agentprop.skills import Package

STYLE = ("long-sentence", "cliche")
"""Rules of style for which a statement is written anew."""
WRITINGS = (False, True, False, True)
"""Writings of a draft until one has no error of language: with links as they fall, or with a name for each value."""


def well_written(term: Term, library: Mapping[str, Package], rng: Random, broken: Counter[str]) -> str | None:
    """A statement without an error of language, if the term has one; the rules that others broke are counted.

    One with a long sentence or a worn-out phrase is the last choice.
    """
    last: str | None = None
    for naming in WRITINGS:
        try:
            statement = write(term, library, rng, naming=naming)
        except Unwritable:
            if naming:  # a graph cannot be named by a letter
                continue
            break
        draft = Draft(statement, composition=term)
        found = errors(draft)
        if not found and not findings(draft, STYLE):
            return statement
        last = last or (None if found else statement)
        broken.update({finding.rule for finding in found})
    return last
