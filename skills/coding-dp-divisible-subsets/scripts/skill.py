"""Integers and a modulus -> how many sets of positions have a sum divisible by it."""

from collections import Counter
from functools import cache
from math import comb


def solve(xs: list[int], m: int) -> int:
    ways = [1] + [0] * (m - 1)
    for x in xs:
        ways = [ways[r] + ways[(r - x) % m] for r in range(m)]
    return ways[0]


def steps(xs: list[int], m: int) -> dict[str, object]:
    """Remainders of the elements, counts before the last element, and the two that it brings together."""
    counts = [1] + [0] * (m - 1)
    for x in xs[:-1]:
        counts = [counts[r] + counts[(r - x) % m] for r in range(m)]
    joined = counts[-xs[-1] % m] if xs else 0
    return {"remainders": [x % m for x in xs], "counts": counts, "without": counts[0], "joined": joined}


def check(xs: list[int], m: int) -> int:
    """Sort the elements by remainder; only how many are taken of each kind matters."""
    sizes = sorted(Counter(x % m for x in xs).items())

    @cache
    def count(kinds: int, total: int) -> int:
        if kinds == len(sizes):
            return int(total % m == 0)
        remainder, size = sizes[kinds]
        by_total: dict[int, int] = {}
        for taken in range(size + 1):
            left = (total + taken * remainder) % m
            by_total[left] = by_total.get(left, 0) + comb(size, taken)
        return sum(ways * count(kinds + 1, left) for left, ways in by_total.items())

    return count(0, 0)
