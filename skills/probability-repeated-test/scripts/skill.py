"""Probability of a condition of one in n after k positive results."""

from fractions import Fraction


def solve(n: int, a: int, b: int, k: int) -> Fraction:
    """Normalise the posterior odds."""
    return Fraction(a**k, a**k + (n - 1) * b**k)


def steps(n: int, a: int, b: int, k: int) -> dict[str, object]:
    """The prior odds against, the strength of one result, and the posterior odds in favour."""
    return {
        "prior_odds_against": n - 1,
        "strength": Fraction(a, b),
        "posterior_odds": Fraction(a, b) ** k / (n - 1),
    }


def check(n: int, a: int, b: int, k: int) -> Fraction:
    """Update the probability after every result by the share of true positives among the positives."""
    chance = Fraction(1, n)
    for _ in range(k):
        true = chance * Fraction(a, 100)
        false = (1 - chance) * Fraction(b, 100)
        chance = true / (true + false)
    return chance
