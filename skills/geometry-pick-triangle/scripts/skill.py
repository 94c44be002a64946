"""Count lattice points strictly inside a triangle with one side on the y-axis."""

from fractions import Fraction
from math import gcd


def solve(p: int, q: int, n: int) -> int:
    """Pick: interior = area - boundary / 2 + 1."""
    boundary = gcd(p, q) + gcd(p, abs(n - q)) + n
    return (p * n - boundary + 2) // 2


def steps(p: int, q: int, n: int) -> dict[str, int | Fraction]:
    """The area, the lattice points of the two slanted sides, and those of the whole boundary."""
    near, far = gcd(p, q), gcd(p, abs(n - q))
    return {"area": Fraction(p * n, 2), "near": near, "far": far, "boundary": near + far + n}


def check(p: int, q: int, n: int) -> int:
    """Count column by column between the two slanted sides."""
    total = 0
    for x in range(1, p):
        lowest = q * x // p + 1
        highest = -((-(n * p + (q - n) * x)) // p) - 1
        total += max(0, highest - lowest + 1)
    return total
