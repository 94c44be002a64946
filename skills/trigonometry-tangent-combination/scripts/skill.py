"""Tangents p and q of two angles to the tangent of k times the first plus twice the second."""

from fractions import Fraction


def solve(p: Fraction, q: Fraction, k: int) -> Fraction:
    """Divide the parts of (x + yi)^k (u + vi)^2, whose argument is the combined angle."""
    real, imaginary = _times(_power(Fraction(p), k), _power(Fraction(q), 2))
    if real == 0:
        raise ValueError("the tangent does not exist")
    return Fraction(imaginary, real)


def steps(p: Fraction, q: Fraction, k: int) -> dict[str, object]:
    """The tangents of both multiples, as real and imaginary parts of the powers, and the parts of their product."""
    first, second = _power(Fraction(p), k), _power(Fraction(q), 2)
    return {"first_power": [*first], "second_power": [*second], "product": [*_times(first, second)]}


def _power(tangent: Fraction, k: int) -> tuple[int, int]:
    result = (1, 0)
    for _ in range(k):
        result = _times(result, (tangent.denominator, tangent.numerator))
    return result


def _times(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] * other[0] - one[1] * other[1], one[0] * other[1] + one[1] * other[0]


def check(p: Fraction, q: Fraction, k: int) -> Fraction:
    """Add one angle at a time; None stands for the missing tangent of a right angle."""
    total: Fraction | None = Fraction(0)
    for tangent in [Fraction(p)] * k + [Fraction(q)] * 2:
        if total is None:
            total = -1 / tangent
        elif total * tangent == 1:
            total = None
        else:
            total = (total + tangent) / (1 - total * tangent)
    if total is None:
        raise ValueError("the tangent does not exist")
    return total
