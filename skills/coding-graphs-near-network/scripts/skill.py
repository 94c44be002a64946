"""Integers and a distance -> the weighted edges between positions at most that far apart."""

from itertools import combinations


def solve(xs: list[int], k: int) -> list[tuple[int, int, int]]:
    edges = []
    for i in range(len(xs)):
        for j in range(i + 1, min(len(xs), i + k + 1)):
            edges.append((i + 1, j + 1, (xs[i] - xs[j]) ** 2))
    return edges


def check(xs: list[int], k: int) -> list[tuple[int, int, int]]:
    """Go through all pairs of positions."""
    pairs = combinations(enumerate(xs, 1), 2)
    return [(i, j, x * x - 2 * x * y + y * y) for (i, x), (j, y) in pairs if j - i <= k]
