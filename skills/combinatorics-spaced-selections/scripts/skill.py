"""Count selections from a row or a circle that keep a minimum distance."""

from itertools import accumulate
from math import comb


def solve(n: int, k: int, d: int, shape: str) -> int:
    """Row: squeeze d places out of each gap. Circle: fix one chosen place and distribute the rest into k gaps."""
    if shape == "row":
        return comb(n - (k - 1) * d, k) if n >= (k - 1) * d else 0
    return n * comb(n - k * d - 1, k - 1) // k if n > k * d else 0


def check(n: int, k: int, d: int, shape: str) -> int:
    """Count row selections place by place; for a circle discard those whose ends come too close around."""
    tables = [[1] * (n + 1)]
    for _ in range(k):
        # Among the first t places: the last chosen one is some p <= t, the others lie among the first p - d - 1.
        earlier = tables[-1]
        room = [earlier[max(0, p - d - 1)] if len(tables) == 1 or p > d + 1 else 0 for p in range(1, n + 1)]
        tables.append([0, *accumulate(room)])
    if shape == "row":
        return tables[k][n]
    clashes = 0
    for first in range(1, d + 1):
        for last in range(n - d + first, n + 1):
            between = last - first - 1 - 2 * d
            clashes += tables[k - 2][between] if between >= 0 else int(k == 2)
    return tables[k][n] - clashes
