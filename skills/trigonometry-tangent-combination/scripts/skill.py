"""Tangents a/b and c/d of two angles to the tangent of k times the first plus twice the second."""

from fractions import Fraction


def solve(a: int, b: int, c: int, d: int, k: int) -> Fraction:
    """Divide the parts of (b + ai)^k (d + ci)^2, whose argument is the combined angle."""
    real, imaginary = _times(_power((b, a), k), _power((d, c), 2))
    if real == 0:
        raise ValueError("the tangent does not exist")
    return Fraction(imaginary, real)


def steps(a: int, b: int, c: int, d: int, k: int) -> dict[str, object]:
    """The tangents of both multiples, as real and imaginary parts of the powers, and the parts of their product."""
    first, second = _power((b, a), k), _power((d, c), 2)
    return {"first_power": [*first], "second_power": [*second], "product": [*_times(first, second)]}


def _power(number: tuple[int, int], k: int) -> tuple[int, int]:
    result = (1, 0)
    for _ in range(k):
        result = _times(result, number)
    return result


def _times(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] * other[0] - one[1] * other[1], one[0] * other[1] + one[1] * other[0]


def check(a: int, b: int, c: int, d: int, k: int) -> Fraction:
    """Add one angle at a time; None stands for the missing tangent of a right angle."""
    total: Fraction | None = Fraction(0)
    for tangent in [Fraction(a, b)] * k + [Fraction(c, d)] * 2:
        if total is None:
            total = -1 / tangent
        elif total * tangent == 1:
            total = None
        else:
            total = (total + tangent) / (1 - total * tangent)
    if total is None:
        raise ValueError("the tangent does not exist")
    return total
