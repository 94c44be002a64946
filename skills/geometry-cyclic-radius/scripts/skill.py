"""Squared radius of the circle around a quadrilateral with four given sides."""

from fractions import Fraction


def solve(a: int, b: int, c: int, d: int) -> Fraction:
    """Parameshvara's formula: the area of both parts in terms of the radius, against Brahmagupta's area."""
    return Fraction((a * b + c * d) * (a * c + b * d) * (a * d + b * c), _sixteen_squared_areas(a, b, c, d))


def steps(a: int, b: int, c: int, d: int) -> dict[str, object]:
    """The cosine between the first two sides, the squared diagonal across it and the squared sine."""
    cosine = Fraction(a * a + b * b - c * c - d * d, 2 * (a * b + c * d))
    return {
        "cosine": cosine,
        "squared_diagonal": a * a + b * b - 2 * a * b * cosine,
        "squared_sine": 1 - cosine * cosine,
    }


def _sixteen_squared_areas(a: int, b: int, c: int, d: int) -> int:
    whole = a + b + c + d
    return (whole - 2 * a) * (whole - 2 * b) * (whole - 2 * c) * (whole - 2 * d)


def check(a: int, b: int, c: int, d: int) -> Fraction:
    """Lay the corner between b and c at the origin: the cosine there fixes two more corners and the circle.

    The height of the third corner is irrational, so it is carried as a multiple of the sine, whose square is rational.
    """
    cosine = Fraction(b * b + c * c - a * a - d * d, 2 * (b * c + a * d))
    sine2 = 1 - cosine * cosine
    # Corners (b, 0), (0, 0) and c (cosine, sine); the centre is (b / 2, y) with c (b / 2) cosine + c y sine = c^2 / 2.
    y_sine = Fraction(c, 2) - Fraction(b, 2) * cosine
    return Fraction(b * b, 4) + y_sine * y_sine / sine2
