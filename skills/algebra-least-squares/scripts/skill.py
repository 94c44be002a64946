"""A line with integer coefficients to the least x^2 + y^2 among its integer points."""

from fractions import Fraction
from math import gcd


def solve(a: int, b: int, n: int) -> int:
    """Start from one solution and move to the integers around the vertex of the quadratic."""
    if gcd(a, b) != 1:
        raise ValueError("the coefficients are not coprime")
    x = n * pow(a, -1, b) % b
    y = (n - a * x) // b
    step = (a * y - b * x) // (a * a + b * b)
    return min((x + b * t) ** 2 + (y - a * t) ** 2 for t in (step, step + 1))


def steps(a: int, b: int, n: int) -> dict[str, int | Fraction]:
    """The solution with the least non-negative x, the vertex, and the points and sums on both sides of it."""
    x = n * pow(a, -1, b) % b
    y = (n - a * x) // b
    t = (a * y - b * x) // (a * a + b * b)
    (g, h), (other_g, other_h) = ((x + b * i, y - a * i) for i in (t, t + 1))
    return {
        "x": x,
        "y": y,
        "vertex": Fraction(a * y - b * x, a * a + b * b),
        "below": t,
        "g": g,
        "h": h,
        "left": g * g + h * h,
        "above": t + 1,
        "other_g": other_g,
        "other_h": other_h,
        "right": other_g * other_g + other_h * other_h,
    }


def check(a: int, b: int, n: int) -> int:
    """Try x = 0, 1, -1, 2, -2, ... until x^2 alone is no longer smaller than the best sum."""
    if gcd(a, b) != 1:
        raise ValueError("the coefficients are not coprime")
    best, x = n * n + 1, 0
    found = False
    while not found or x * x < best:
        for signed in (x, -x):
            y, rest = divmod(n - a * signed, b)
            if rest == 0 and (not found or signed * signed + y * y < best):
                best, found = signed * signed + y * y, True
        x += 1
    return best
