"""Greatest value of x^j y^k for positive x, y with a x + b y = n."""

from fractions import Fraction
from math import comb


def solve(a: int, b: int, j: int, k: int, n: int) -> Fraction:
    """Equality in the inequality of the means: the budget is split in the ratio of the exponents."""
    x, y = _best(a, b, j, k, n)
    return x**j * y**k


def steps(a: int, b: int, j: int, k: int, n: int) -> dict[str, object]:
    """The size of the equal parts and the numbers for which the maximum is attained."""
    x, y = _best(a, b, j, k, n)
    return {"equal_part": Fraction(n, j + k), "best_x": x, "best_y": y}


def _best(a: int, b: int, j: int, k: int, n: int) -> tuple[Fraction, Fraction]:
    return Fraction(j * n, (j + k) * a), Fraction(k * n, (j + k) * b)


def check(a: int, b: int, j: int, k: int, n: int) -> Fraction:
    """Bisect for the zero of the derivative of x^j (n - a x)^k, written out in powers of x.

    Its rational zero is found exactly as the fraction of least denominator in a tiny interval; integers are used with
    x = n t / a, so that t lies between 0 and 1 whatever n is.
    """
    coefficients = {j + i: comb(k, i) * (-1) ** i for i in range(k + 1)}  # t^j (1 - t)^k
    derivative = {e - 1: e * c for e, c in coefficients.items()}

    def sign(t: Fraction) -> int:
        slope = sum(c * t**e for e, c in derivative.items())
        return (slope > 0) - (slope < 0)

    low, high = Fraction(1, 1024), Fraction(1023, 1024)
    while high - low > Fraction(1, 4096):
        middle = (low + high) / 2
        if sign(middle) > 0:
            low = middle
        else:
            high = middle
    t = ((low + high) / 2).limit_denominator(20)
    if sign(t):
        raise ValueError("the greatest value was not found")
    x = n * t / a
    return x**j * ((n - a * x) / b) ** k
