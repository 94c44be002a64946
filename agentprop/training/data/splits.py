"""Skill bundles → splits: training data, and held-out data along OMEGA's axes of generalisation.

OMEGA (arXiv 2506.18880) asks if a solver that knows single skills can combine them in new ways (compositional), and if
one that knows simple problems can solve more complex ones of the same kind (exploratory).

    compositional   has a pair of skills that training never combines, though it has each of the two with other partners
    exploratory     has more skills (its level, our measure of complexity) than any problem in training
    both            both at once
    validation      other bundles than in training, but of the same kinds, for tuning
    unseen          is held out and has a skill that training lacks: not a fair test, left out

The seed and the names alone decide if a pair or a bundle is held out, so it is the same in every run, however many
problems there are. A problem that one run trains on is never a test problem of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from agentprop.errors import InputError

Split = Literal["train", "validation", "compositional", "exploratory", "both", "unseen"]
Pair = frozenset[str]

BITS = 1 << 64


def share_of(seed: int, *names: str) -> float:
    """Hash a seed and names to a number in [0, 1), the same on every machine."""
    text = "\0".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / BITS


def pairs_of(skills: Iterable[str]) -> list[Pair]:
    """Return all pairs of a problem's skills."""
    return [frozenset(pair) for pair in combinations(sorted(set(skills)), 2)]


def pair_named(text: str) -> Pair:
    """Parse `first+second` as a pair. Raises InputError."""
    names = [name.strip() for name in text.split("+")]
    if len(set(names)) != 2 or not all(names):
        raise InputError(f"{text} is not a pair of skills", hint="write two names with a plus between them")
    return frozenset(names)


def in_share(skills: Iterable[str], share: float, seed: int) -> bool:
    """Return True if a bundle, in any order, falls in the given share of all bundles."""
    return share_of(seed, "bundle", *sorted(set(skills))) < share


@dataclass(frozen=True)
class Holdout:
    """Rule for what is held out of training."""

    pairs: frozenset[Pair] = frozenset()
    """Held-out pairs of skills, by name."""
    pair_share: float = 0.0
    """Share of all pairs to hold out besides those."""
    level: int | None = None
    """Smallest number of skills in a problem that is held out; None holds none out."""
    validation: float = 0.0
    """Share of the remaining bundles to hold out for validation."""
    seed: int = 0
    """Seed that decides which pairs and bundles are held out."""

    @property
    def anything(self) -> bool:
        """Something is held out."""
        return bool(self.pairs or self.pair_share or self.level or self.validation)

    def holds(self, pair: Pair) -> bool:
        """Return True if a pair is held out."""
        return pair in self.pairs or share_of(self.seed, "pair", *sorted(pair)) < self.pair_share

    def split(self, skills: Sequence[str]) -> Split:
        """Return the split of a problem by its skills alone, before it is known which skills training has."""
        new = any(map(self.holds, pairs_of(skills)))
        higher = self.level is not None and len(set(skills)) >= self.level
        if new or higher:
            return "both" if new and higher else "compositional" if new else "exploratory"
        return "validation" if in_share(skills, self.validation, self.seed) else "train"

    def splits(self, bundles: Sequence[Sequence[str]]) -> list[Split]:
        """Return the split of each problem; held-out problems with a skill that training lacks are unseen."""
        first = [self.split(skills) for skills in bundles]
        known = {name for skills, split in zip(bundles, first, strict=True) if split == "train" for name in skills}
        return [
            split if split in ("train", "validation") or known.issuperset(skills) else "unseen"
            for skills, split in zip(bundles, first, strict=True)
        ]
