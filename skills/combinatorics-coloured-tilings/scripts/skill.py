"""Count tilings of a strip with coloured squares and dominoes."""

from math import comb


def solve(n: int, r: int, s: int) -> int:
    """Recurrence on the last tile: t(n) = r t(n-1) + s t(n-2)."""
    before, now = 0, 1
    for _ in range(n):
        before, now = now, r * now + s * before
    return now


def steps(n: int, r: int, s: int) -> dict[str, int]:
    """The tilings of two cells, and those of the two lengths before n."""
    return {
        "second": r * r + s,
        "lower": n - 2,
        "earlier": solve(n - 2, r, s),
        "upper": n - 1,
        "before": solve(n - 1, r, s),
    }


def check(n: int, r: int, s: int) -> int:
    """Sum over the number of dominoes: place them among the tiles, then colour everything."""
    return sum(comb(n - j, j) * r ** (n - 2 * j) * s**j for j in range(n // 2 + 1))
