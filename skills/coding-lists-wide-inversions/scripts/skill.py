"""Integers and a margin -> how many pairs fall by more than the margin from left to right."""

from bisect import bisect_right, insort


def solve(xs: list[int], k: int) -> int:
    earlier: list[int] = []
    pairs = 0
    for x in xs:
        pairs += len(earlier) - bisect_right(earlier, x + k)
        insort(earlier, x)
    return pairs


def steps(xs: list[int], k: int) -> dict[str, object]:
    """For each element, how many earlier ones exceed it by more than the margin."""
    return {"counts": [sum(earlier > x + k for earlier in xs[:i]) for i, x in enumerate(xs)]}


def check(xs: list[int], k: int) -> int:
    """Look at every pair of positions."""
    return sum(xs[i] - xs[j] > k for j in range(len(xs)) for i in range(j))
