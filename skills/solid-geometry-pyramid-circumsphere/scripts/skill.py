"""Radius of the sphere through the corners of a right pyramid on a regular polygon."""

from fractions import Fraction
from math import isqrt

SHARE = {"an equilateral triangle": Fraction(1, 3), "a square": Fraction(1, 2), "a regular hexagon": Fraction(1)}
"""Squared radius of the circle around a polygon, over the square of its side."""
CHORDS = {"an equilateral triangle": (1, 1, 1), "a square": (1, 1, 2), "a regular hexagon": (1, 1, 3)}
"""Squared distances between three neighbouring corners, over the square of the side."""


def solve(base: str, a: int, h: int) -> Fraction:
    """Set the distances from a point on the axis to the apex and to a corner of the base equal."""
    return (h * h + SHARE[base] * a * a) / (2 * h)


def steps(base: str, a: int, h: int) -> dict[str, object]:
    """Squared radius of the base's circle and squared side edge."""
    rho2 = SHARE[base] * a * a
    return {"squared_base_radius": rho2, "squared_side_edge": h * h + rho2}


def check(base: str, a: int, h: int) -> Fraction:
    """Take the sphere of the tetrahedron on three corners of the base: R^2 = -det D / (2 det CM).

    D is the matrix of squared distances of the four points, and CM is D bordered by ones. The squared radius of the
    circle around the base is xyz / (2xy + 2yz + 2zx - x^2 - y^2 - z^2) for their squared distances x, y, z.
    """
    x, y, z = (a * a * chord for chord in CHORDS[base])
    edge = h * h + Fraction(x * y * z, 2 * (x * y + y * z + z * x) - x * x - y * y - z * z)
    distances = [[Fraction(v) for v in (0, x, z, edge)], [Fraction(v) for v in (x, 0, y, edge)]]
    distances += [[Fraction(v) for v in (z, y, 0, edge)], [edge, edge, edge, Fraction(0)]]
    bordered = [[Fraction(0)] + [Fraction(1)] * 4, *([Fraction(1), *row] for row in distances)]
    squared = -_determinant(distances) / (2 * _determinant(bordered))
    return Fraction(isqrt(squared.numerator), isqrt(squared.denominator))


def _determinant(matrix: list[list[Fraction]]) -> Fraction:
    """Laplace expansion along the first row."""
    if not matrix:
        return Fraction(1)
    return sum(
        (-1) ** j * entry * _determinant([row[:j] + row[j + 1 :] for row in matrix[1:]])
        for j, entry in enumerate(matrix[0])
        if entry
    ) + Fraction(0)
