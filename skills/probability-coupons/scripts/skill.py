"""Expected time until k of n equally likely outcomes have been seen."""

from fractions import Fraction
from math import comb


def solve(n: int, k: int) -> Fraction:
    """Add the expected waiting times for the first, second, ..., k-th new outcome."""
    if k > n:
        raise ValueError("there are fewer outcomes than asked for")
    return sum((Fraction(n, n - seen) for seen in range(k)), Fraction(0))


def steps(n: int, k: int) -> dict[str, int | str]:
    """The last stage, and the expected lengths of all stages as a sum."""
    return {"last": k - 1, "stages": " + ".join(rf"\frac{{{n}}}{{{n - seen}}}" for seen in range(k))}


def check(n: int, k: int) -> Fraction:
    """The k-th smallest first-appearance time, written by inclusion-exclusion through minima over j outcomes."""
    if k > n:
        raise ValueError("there are fewer outcomes than asked for")
    least = n - k + 1
    return sum(
        ((-1) ** (j - least) * comb(j - 1, least - 1) * comb(n, j) * Fraction(n, j) for j in range(least, n + 1)),
        Fraction(0),
    )
