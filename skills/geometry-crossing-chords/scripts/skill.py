"""Squared diameter of a circle from three pieces of two perpendicular chords."""

from fractions import Fraction


def solve(a: int, b: int, c: int) -> Fraction:
    """Add up the squares of all four pieces; the last one follows from the power of the point."""
    return a * a + b * b + c * c + Fraction(a * b, c) ** 2


def steps(a: int, b: int, c: int) -> dict[str, object]:
    """The power of the point, without its sign, and the missing piece."""
    return {"power": a * b, "missing_piece": Fraction(a * b, c), "sum_of_known_squares": a * a + b * b + c * c}


def check(a: int, b: int, c: int) -> Fraction:
    """Find x^2 + y^2 + u x + v y + w = 0 through (-a, 0), (b, 0) and (0, c) and read off the radius."""
    u = Fraction(a * a - b * b, a + b)
    w = u * a - a * a
    v = -(c * c + w) / c
    return u * u + v * v - 4 * w
