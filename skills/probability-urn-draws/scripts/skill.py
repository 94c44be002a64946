"""Probability of drawing exactly j marked objects without replacement."""

from fractions import Fraction
from math import comb


def solve(n: int, m: int, k: int, j: int) -> Fraction:
    """Favourable hands over all hands."""
    return Fraction(comb(m, j) * comb(n - m, k - j), comb(n, k))


def steps(n: int, m: int, k: int, j: int) -> dict[str, int]:
    """All hands, the choices of marked objects, and those of the others."""
    return {
        "hands": comb(n, k),
        "marked": comb(m, j),
        "rest": k - j,
        "plain": n - m,
        "unmarked": comb(n - m, k - j) if k >= j else 0,
    }


def check(n: int, m: int, k: int, j: int) -> Fraction:
    """Draw one object at a time; chance[h] is the probability of having met h marked ones so far."""
    chance = {0: Fraction(1)}
    for drawn in range(k):
        after: dict[int, Fraction] = {}
        for hits, p in chance.items():
            marked = Fraction(max(m - hits, 0), n - drawn)
            after[hits + 1] = after.get(hits + 1, Fraction(0)) + p * marked
            after[hits] = after.get(hits, Fraction(0)) + p * (1 - marked)
        chance = after
    return chance.get(j, Fraction(0))
