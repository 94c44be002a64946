"""Squared diameter of one of several balls stacked in a right square pyramid."""

from fractions import Fraction


def solve(a: int, s: int, k: int) -> Fraction:
    """Shrink the first ball's squared diameter by the square of the ratio of similarity."""
    return _first(a, s) * _ratio(a, s) ** (2 * k - 2)


def steps(a: int, s: int, k: int) -> dict[str, object]:
    """The pyramid's squared height, the first ball's squared diameter and the ratio of similarity."""
    return {
        "squared_height": s * s - Fraction(a * a, 4),
        "first_squared_diameter": _first(a, s),
        "ratio": _ratio(a, s),
    }


def _first(a: int, s: int) -> Fraction:
    height2 = s * s - Fraction(a * a, 4)
    return a * a * height2 / (s + Fraction(a, 2)) ** 2


def _ratio(a: int, s: int) -> Fraction:
    return Fraction(2 * s - a, 2 * s + a)


def check(a: int, s: int, k: int) -> Fraction:
    """Place ball after ball with all lengths in units of the pyramid's height, whose square comes in at the end.

    A point on the axis at the height z (of 1) is (a / 2)(1 - z) / s away from a side face, in these units.
    """
    slope = Fraction(a, 2 * s)
    below = Fraction(0)  # top of what lies below: the base, then the ball before
    radius = Fraction(0)
    for _ in range(k):
        # The centre is at below + radius, and radius = slope (1 - below - radius).
        radius = slope * (1 - below) / (1 + slope)
        below += 2 * radius
    return (2 * radius) ** 2 * (s - Fraction(a, 2)) * (s + Fraction(a, 2))
