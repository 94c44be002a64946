"""Count lattice points in a closed disc around the origin."""

from math import isqrt


def solve(n: int) -> int:
    """Slice the disc by vertical lines."""
    return sum(2 * isqrt(n - x * x) + 1 for x in range(-isqrt(n), isqrt(n) + 1))


def check(n: int) -> int:
    """Sum the two-square counts 4 (d1(m) - d3(m)) over 1 <= m <= n, divisor by divisor, and add the origin."""
    return 1 + 4 * sum(n // d - n // (d + 2) for d in range(1, n + 1, 4))
