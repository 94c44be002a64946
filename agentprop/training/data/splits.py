"""Skill bundles → splits: what is learnt from, and what is held out along OMEGA's axes of generalisation.

OMEGA (arXiv 2506.18880) asks whether a solver that knows skills one by one solves problems that combine them in new
ways (compositional), and whether one that knows simple problems solves more complex ones of the kind (exploratory).

    compositional   a pair of skills is never seen together in training, each of the two is, with other partners
    exploratory     more skills in one problem (its level, ours) than any problem of training has
    both            both at once
    validation      other bundles than those of training, of the same kinds: what tuning may look at
    unseen          has a held-out pair or level, and a skill that training lacks: no fair question, left out

Whether a pair or a bundle is held out follows from the seed and the names alone, so it is the same in every run,
however many problems there are: what one run trains on, no other run tests on.
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
    """A number in [0, 1) that follows from the names alone, the same on every machine."""
    text = "\0".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / BITS


def pairs_of(skills: Iterable[str]) -> list[Pair]:
    """Every two of a problem's skills."""
    return [frozenset(pair) for pair in combinations(sorted(set(skills)), 2)]


def pair_named(text: str) -> Pair:
    """`first+second` as a pair. Raises InputError."""
    names = [name.strip() for name in text.split("+")]
    if len(set(names)) != 2 or not all(names):
        raise InputError(f"{text} is not a pair of skills", hint="write two names with a plus between them")
    return frozenset(names)


def in_share(skills: Iterable[str], share: float, seed: int) -> bool:
    """Whether a bundle, whatever its order, is among the share of bundles that is held out."""
    return share_of(seed, "bundle", *sorted(set(skills))) < share


@dataclass(frozen=True)
class Holdout:
    """What is kept out of training."""

    pairs: frozenset[Pair] = frozenset()
    """Pairs of skills by name."""
    pair_share: float = 0.0
    """Share of all pairs, besides those."""
    level: int | None = None
    """Least number of skills that is held out; None holds no level out."""
    validation: float = 0.0
    """Share of the bundles that are left which only tuning looks at."""
    seed: int = 0
    """Which pairs and bundles they are follows from it."""

    @property
    def anything(self) -> bool:
        """Whether anything at all is held out."""
        return bool(self.pairs or self.pair_share or self.level or self.validation)

    def holds(self, pair: Pair) -> bool:
        """Whether a pair is held out."""
        return pair in self.pairs or share_of(self.seed, "pair", *sorted(pair)) < self.pair_share

    def split(self, skills: Sequence[str]) -> Split:
        """Where a problem with these skills belongs, before it is known which skills training has."""
        new = any(map(self.holds, pairs_of(skills)))
        higher = self.level is not None and len(set(skills)) >= self.level
        if new or higher:
            return "both" if new and higher else "compositional" if new else "exploratory"
        return "validation" if in_share(skills, self.validation, self.seed) else "train"

    def splits(self, bundles: Sequence[Sequence[str]]) -> list[Split]:
        """Where each of these problems belongs: a fair test asks for no skill that training lacks."""
        first = [self.split(skills) for skills in bundles]
        known = {name for skills, split in zip(bundles, first, strict=True) if split == "train" for name in skills}
        return [
            split if split in ("train", "validation") or known.issuperset(skills) else "unseen"
            for skills, split in zip(bundles, first, strict=True)
        ]
