"""The fixed facts of the experiment: its skills, which pairs of them are for what, and the pool of names.

Nothing here depends on a run's seed. A skill's directory has a telling name, which the model never sees: in the library
that `library.py` writes, every skill has a name of the pool, and for each task the names of the pool change places.

    pairs of 12 skills          66
    imitated                    40, of them 20 practised by reinforcement; every skill at least 5 times
    held out                    12, a cycle through all skills, so that each is in two
    unused                      14, kept for another look
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from random import Random

SKILLS = (
    "binary-ones",
    "coprime-count",
    "digit-squares",
    "divisor-count",
    "half",
    "largest-factor",
    "missing-to-thousand",
    "reversal",
    "rotation",
    "running-total",
    "sorted-digits",
    "triple",
)
"""Skills of one number `n` from 2 to 999 each. What they give lies there too, but for a few 0 and 1."""
DISTRACTORS = ("even-flag", "fourfold-below-zero", "square-below-zero")
"""Skills that take and give nothing that another one gives or takes."""
LETTERS = "bcdfghjklmnprstvwxyz"
POOL = tuple(Random("names").sample([f"q{a}{b}" for a in LETTERS for b in LETTERS], 64))
"""Names, each a single token of the student."""
NAMES = dict(zip((*SKILLS, *DISTRACTORS), POOL, strict=False))
"""Skill → its own name in the library."""
Pair = tuple[str, str]
LEAST = 5
"""Imitated pairs that every skill is in, at least."""


def cycle(order: Iterable[str]) -> tuple[Pair, ...]:
    """Return the pairs of neighbours on a circle.

    >>> cycle("cab")
    (('a', 'b'), ('a', 'c'), ('b', 'c'))
    """
    ring = list(order)
    return tuple(sorted(_pair(one, other) for one, other in zip(ring, [*ring[1:], ring[0]], strict=True)))


def divided(seed: str = "pairs") -> tuple[tuple[Pair, ...], ...]:
    """Divide all pairs: (held out, practised, imitated alone, unused)."""
    rng = Random(seed)
    held_out = cycle(rng.sample(SKILLS, len(SKILLS)))
    rest = [pair for pair in combinations(SKILLS, 2) if pair not in held_out]
    while True:
        rng.shuffle(rest)
        if min(sum(skill in pair for pair in rest[:40]) for skill in SKILLS) >= LEAST:
            return held_out, tuple(sorted(rest[:20])), tuple(sorted(rest[20:40])), tuple(sorted(rest[40:]))


def named(pairs: Iterable[Pair]) -> list[str]:
    """Return pairs as a setting takes them, under the library's names."""
    return ["+".join(sorted((NAMES[one], NAMES[other]))) for one, other in pairs]


def telling(names: Iterable[str]) -> tuple[str, ...]:
    """Return the telling names of skills, distractors left out, in their order."""
    own = {NAMES[skill]: skill for skill in SKILLS}
    return tuple(own[name] for name in names if name in own)


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


HELD_OUT, PRACTISED, IMITATED_ALONE, UNUSED = divided()
IMITATED = tuple(sorted(PRACTISED + IMITATED_ALONE))
