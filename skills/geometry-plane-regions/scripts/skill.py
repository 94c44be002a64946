"""Greatest number of plane regions cut out by lines and circles."""

from math import comb


def solve(n: int, c: int) -> int:
    """Euler's formula for a connected generic arrangement: regions = 1 + lines + all crossings."""
    crossings = comb(n, 2) + 2 * comb(c, 2) + 2 * n * c
    return 1 + n + crossings


def steps(n: int, c: int) -> dict[str, int]:
    """The regions of the lines alone, the crossings of lines with circles, and those among the circles."""
    return {"lines": 1 + n + comb(n, 2), "mixed": 2 * n * c, "round": 2 * comb(c, 2)}


def check(n: int, c: int) -> int:
    """Draw curve after curve: a line adds one region more than it has crossings, a circle one per crossing."""
    regions = 1
    for drawn in range(n):
        regions += drawn + 1
    for drawn in range(c):
        regions += 2 * n + 2 * drawn
    return regions
