"""A parabola's second zero and an upper limit to the integral of the parabola's absolute value."""

from fractions import Fraction


def solve(a: int, b: int) -> Fraction:
    """Split at the zero and use the antiderivative on both sides."""

    def antiderivative(x: int) -> Fraction:
        return Fraction(x**3, 3) - Fraction(a * x**2, 2)

    turn = min(a, b)
    return antiderivative(b) - 2 * antiderivative(turn)


def steps(a: int, b: int) -> dict[str, Fraction]:
    """The antiderivative at the zero and at the end, and the areas below and above the axis."""
    middle, end = (Fraction(x**3, 3) - Fraction(a * x**2, 2) for x in (a, b))
    return {"middle": middle, "end": end, "below": -middle, "above": end - middle}


def check(a: int, b: int) -> Fraction:
    """Apply Simpson's rule, exact for quadratics, to each unit interval; none contains a sign change inside."""
    sixths = 0
    for left in range(b):
        right = left + 1
        ends = left * left - a * left + right * right - a * right
        middle_four_times = (left + right) ** 2 - 2 * a * (left + right)
        sixths += abs(ends + middle_four_times)
    return Fraction(sixths, 6)
