"""Count lattice points in a closed disc around the origin."""

from math import isqrt


def solve(n: int) -> int:
    """Slice the disc by vertical lines."""
    return sum(2 * isqrt(n - x * x) + 1 for x in range(-isqrt(n), isqrt(n) + 1))


def steps(n: int) -> dict[str, int]:
    """The last line, the points on the axis, on the first and last line beside it, and right of it."""
    width = isqrt(n)
    lines = [2 * isqrt(n - x * x) + 1 for x in range(width + 1)]
    return {
        "width": width,
        "axis": lines[0],
        "second": lines[1] if width else 0,
        "last": lines[-1],
        "right": sum(lines[1:]),
    }


def check(n: int) -> int:
    """Sum the two-square counts 4 (d1(m) - d3(m)) over 1 <= m <= n, divisor by divisor, and add the origin."""
    return 1 + 4 * sum(n // d - n // (d + 2) for d in range(1, n + 1, 4))
