"""Problems that were trained on → in which way another problem is new: OMEGA's splits, from what certificates name.

OMEGA (arXiv 2506.18880) tells three kinds of generalisation apart. Here, for a problem that composes skills:

    exploratory      its skills were all composed with each other in training, but it is deeper, or has longer numbers,
                     than any problem there
    compositional    its skills were all trained, two of them never together
    transformative   a familiar statement whose practised method fails. It takes skills with a second method, and none
                     declares one: it is reported as not available, and nothing stands in for it
    practised        none of these: skills, pairs and sizes were all met
    untrained        a skill was never met, so that the problem says nothing about generalisation

Ours: depth and digits are those of the declared difficulty; a problem without one is never exploratory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, Self

from agentprop.records import Problem

Split = Literal["exploratory", "compositional", "practised", "untrained"]
NOT_AVAILABLE = "not available: no skill declares a second method"
"""What is said of the transformative split."""


@dataclass(frozen=True)
class TrainedOn:
    """What a set of problems had in it."""

    problems: int
    """Number of problems."""
    skills: frozenset[str]
    """Skills."""
    pairs: frozenset[frozenset[str]]
    """Skills of one problem, two by two."""
    depth: int
    """Largest depth of a composition."""
    digits: float
    """Largest feature `digits` of a declared difficulty."""

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Self:
        """Gather what the problems have in them."""
        skills: set[str] = set()
        pairs: set[frozenset[str]] = set()
        count, depth, digits = 0, 0, 0.0
        for one in problems:
            count += 1
            skills.update(one.skills)
            pairs.update(_pairs(one))
            if one.difficulty is not None:
                depth = max(depth, one.difficulty.features.depth)
                digits = max(digits, one.difficulty.features.digits)
        return cls(count, frozenset(skills), frozenset(pairs), depth, digits)

    def split(self, problem: Problem) -> Split | None:
        """Return the split of a problem; None if it names no skills."""
        if not problem.skills:
            return None
        if not self.skills.issuperset(problem.skills):
            return "untrained"
        if not self.pairs.issuperset(_pairs(problem)):
            return "compositional"
        found = None if problem.difficulty is None else problem.difficulty.features
        larger = found is not None and (found.depth > self.depth or found.digits > self.digits)
        return "exploratory" if larger else "practised"


def _pairs(problem: Problem) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in combinations(sorted(set(problem.skills)), 2)}
