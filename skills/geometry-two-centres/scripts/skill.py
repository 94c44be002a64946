"""Squared distance between incentre and circumcentre of a triangle with given sides."""

from fractions import Fraction


def solve(a: int, b: int, c: int) -> Fraction:
    """Euler's formula R^2 - 2 R r, with Heron's formula for the area."""
    return Fraction((a * b * c) ** 2, _sixteen_squared_areas(a, b, c)) - Fraction(a * b * c, a + b + c)


def steps(a: int, b: int, c: int) -> dict[str, object]:
    """The squared area, the squared circumradius, and the product of both radii."""
    sixteen = _sixteen_squared_areas(a, b, c)
    return {
        "squared_area": Fraction(sixteen, 16),
        "squared_circumradius": Fraction((a * b * c) ** 2, sixteen),
        "product_of_radii": Fraction(a * b * c, 2 * (a + b + c)),
    }


def _sixteen_squared_areas(a: int, b: int, c: int) -> int:
    return (a + b + c) * (b + c - a) * (a + c - b) * (a + b - c)


def check(a: int, b: int, c: int) -> Fraction:
    """Lay side a on the x-axis. Heights are multiples of the apex height h, whose square is rational."""
    x = Fraction(a * a + c * c - b * b, 2 * a)
    h2 = c * c - x * x
    # The circumcentre is as far from the origin as from the apex: x a / 2 + y h = c^2 / 2; here y is its height / h.
    y = (Fraction(c * c) - x * a) / 2 / h2
    # The incentre is the mean of the corners, each weighted by the opposite side.
    mean_x, mean_y = (c * a + a * x) / (a + b + c), Fraction(a, a + b + c)
    return (mean_x - Fraction(a, 2)) ** 2 + (mean_y - y) ** 2 * h2
