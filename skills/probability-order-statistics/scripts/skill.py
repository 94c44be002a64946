"""Expected value of an extreme number in a random draw from 1, ..., n."""

from fractions import Fraction
from math import comb

RANKS = {"smallest": (True, 1), "second smallest": (True, 2), "largest": (False, 1), "second largest": (False, 2)}


def solve(n: int, k: int, rank: str) -> Fraction:
    """By symmetry the k numbers cut 1, ..., n into k + 1 gaps of equal expected size."""
    from_below, place = RANKS[rank]
    return Fraction((place if from_below else k + 1 - place) * (n + 1), k + 1)


def steps(n: int, k: int, rank: str) -> dict[str, int | Fraction | str]:
    """The mean size of a gap, the place of the rank in increasing order, and the product of both."""
    from_below, place = RANKS[rank]
    gap, place = Fraction(n - k, k + 1), place if from_below else k + 1 - place
    mean = str(gap) if gap.denominator == 1 else rf"\frac{{{gap.numerator}}}{{{gap.denominator}}}"
    both = (rf"{place} \cdot ", f"({mean} + 1)") if place > 1 else ("", f"{mean} + 1")
    return {"gap": gap, "place": place, "times": both[0], "gap_and_number": both[1]}


def check(n: int, k: int, rank: str) -> Fraction:
    """Average over every possible value v: numbers below it times numbers above it."""
    below = {"smallest": 0, "second smallest": 1, "second largest": k - 2, "largest": k - 1}[rank]
    above = k - 1 - below
    total = sum(v * comb(v - 1, below) * comb(n - v, above) for v in range(1, n + 1))
    return Fraction(total, comb(n, k))
