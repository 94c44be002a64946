"""Candidates and their problems → the pairs of skills that were composed, and the yield of each.

A candidate counts for every pair of the skills that it was given; the yield of a pair is the share of those candidates
that became a good problem. Coverage counts the skills that good problems kept: an edit may have removed one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

MOST_SKILLS = 400
"""Most skills that are shown, the most used ones."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Cell:
    """A pair of skills, or a skill by itself if both are the same."""

    first: int
    """Position of one skill."""
    second: int
    """Position of the other, not smaller."""
    drawn: int
    """Candidates that were given both."""
    kept: int
    """Those that became good problems."""
    covered: int
    """Good problems that compose both."""


@dataclass(frozen=True)
class Grid:
    """Coverage and yield of pairs of skills."""

    skills: tuple[str, ...]
    """Names, by category and then by use."""
    categories: tuple[str, ...]
    """The category of each."""
    cells: tuple[Cell, ...]
    """Pairs with candidates or problems; all others are empty."""
    total: int
    """Number of all skills, of which `skills` are the most used."""


class SkillPairs:
    """Counts pairs of skills."""

    def __init__(self) -> None:
        self._drawn: Counter[Pair] = Counter()
        self._kept: Counter[Pair] = Counter()
        self._covered: Counter[Pair] = Counter()
        self._category: dict[str, str] = {}

    def register(self, name: str, category: str) -> None:
        """Register a skill of the library, even if it is never used."""
        self._category.setdefault(name, category)

    def add_candidate(self, skills: Iterable[str], good: bool) -> None:
        """Count a candidate that was given these skills."""
        for pair in _pairs(skills):
            self._drawn[pair] += 1
            self._kept[pair] += good

    def add_problem(self, skills: Iterable[str]) -> None:
        """Count a good problem that composes these skills."""
        self._covered.update(_pairs(skills))

    def grid(self) -> Grid:
        """Make the grid of the most used skills."""
        use = self._drawn + self._covered
        names = {*self._category, *(first for first, _ in use)}
        shown = sorted(names, key=lambda name: (-use[name, name], name))[:MOST_SKILLS]
        shown.sort(key=lambda name: (self._category.get(name, ""), -use[name, name], name))
        categories = tuple(self._category.get(name, "") for name in shown)
        return Grid(tuple(shown), categories, tuple(self._cells(shown)), len(names))

    def _cells(self, shown: Sequence[str]) -> Iterator[Cell]:
        position = {name: number for number, name in enumerate(shown)}
        for pair in sorted({*self._drawn, *self._covered}):
            if pair[0] in position and pair[1] in position:
                first, second = sorted((position[pair[0]], position[pair[1]]))
                yield Cell(first, second, self._drawn[pair], self._kept[pair], self._covered[pair])


def _pairs(skills: Iterable[str]) -> Iterator[Pair]:
    """Each skill with itself, and each pair in alphabetical order."""
    names = sorted(set(skills))
    yield from ((name, name) for name in names)
    yield from combinations(names, 2)
