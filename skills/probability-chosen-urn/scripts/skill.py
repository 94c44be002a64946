"""Probability of a third white ball after two from an urn that was chosen at random."""

from fractions import Fraction
from math import comb


def solve(a: int, b: int, c: int, d: int, p: int) -> Fraction:
    """Average the next chance over both urns with the posterior."""
    left = _posterior(a, b, c, d, p)
    return left * _next(a, b) + (1 - left) * _next(c, d)


def steps(a: int, b: int, c: int, d: int, p: int) -> dict[str, object]:
    """Chances of two white balls, the posterior of the first urn, and the chances of the next white ball."""
    return {
        "two_white_first": _two(a, b),
        "two_white_second": _two(c, d),
        "posterior_first": _posterior(a, b, c, d, p),
        "next_first": _next(a, b),
        "next_second": _next(c, d),
    }


def _posterior(a: int, b: int, c: int, d: int, p: int) -> Fraction:
    left, right = p * _two(a, b), (100 - p) * _two(c, d)
    return left / (left + right)


def _two(white: int, black: int) -> Fraction:
    return Fraction(white * (white - 1), (white + black) * (white + black - 1))


def _next(white: int, black: int) -> Fraction:
    return Fraction(white - 2, white + black - 2)


def check(a: int, b: int, c: int, d: int, p: int) -> Fraction:
    """Divide the chance of three white balls by that of two, both counted as hands."""

    def white_hands(size: int) -> Fraction:
        left, right = Fraction(comb(a, size), comb(a + b, size)), Fraction(comb(c, size), comb(c + d, size))
        return right + Fraction(p, 100) * (left - right)

    return white_hands(3) / white_hands(2)
