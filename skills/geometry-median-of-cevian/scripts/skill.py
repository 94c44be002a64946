"""Squared length of the median from B of triangle ABD, with D on the side BC of triangle ABC."""

from fractions import Fraction


def solve(b: int, c: int, m: int, n: int) -> Fraction:
    """Stewart's theorem for the cevian, and again, as the theorem of the median, in the part."""
    return (2 * c * c + 2 * m * m - _cevian(b, c, m, n)) / 4


def steps(b: int, c: int, m: int, n: int) -> dict[str, object]:
    """The divided side, the squared cevian and four times the squared median."""
    squared = _cevian(b, c, m, n)
    return {"whole_side": m + n, "squared_cevian": squared, "four_squared_medians": 2 * c * c + 2 * m * m - squared}


def _cevian(b: int, c: int, m: int, n: int) -> Fraction:
    return Fraction(b * b * m + c * c * n, m + n) - m * n


def check(b: int, c: int, m: int, n: int) -> Fraction:
    """Lay B at the origin and C on the x-axis; the apex is needed only up to the square of its height."""
    side = m + n
    x = Fraction(c * c + side * side - b * b, 2 * side)
    squared_height = c * c - x * x
    return ((x + m) / 2) ** 2 + squared_height / 4
