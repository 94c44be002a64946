"""Count distributions of identical objects with a lower bound for everybody and nobody above half."""

from itertools import accumulate
from math import comb


def solve(n: int, m: int, a: int) -> int:
    """Stars and bars, less the distributions in which one person (never two) holds more than half."""
    spare = n - m * a
    if spare < 0:
        raise ValueError("not enough objects for the lower bounds")
    excess = n // 2 + 1 - a
    greedy = comb(spare - excess + m - 1, m - 1) if spare >= excess else 0
    return comb(spare + m - 1, m - 1) - m * greedy


def steps(n: int, m: int, a: int) -> dict[str, int]:
    """The objects left over, their distributions, and how many of these give a certain person too much."""
    spare, much = n - m * a, n // 2 + 1
    rest = spare - (much - a)
    return {
        "spare": spare,
        "all": comb(spare + m - 1, m - 1),
        "much": much,
        "excess": much - a,
        "rest": rest,
        "greedy": comb(rest + m - 1, m - 1) if rest >= 0 else 0,
    }


def check(n: int, m: int, a: int) -> int:
    """Serve one person after another; ways[t] counts the servings that have used t objects."""
    if n < m * a:
        raise ValueError("not enough objects for the lower bounds")
    half = n // 2
    ways = [1] + [0] * n
    for _ in range(m):
        upto = [0, *accumulate(ways)]
        ways = [upto[t - a + 1] - upto[max(0, t - half)] if t >= a else 0 for t in range(n + 1)]
    return ways[n]
