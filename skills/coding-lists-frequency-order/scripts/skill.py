"""Integers -> the distinct ones, most frequent first, ties by first appearance."""

from collections import Counter


def solve(xs: list[int]) -> list[int]:
    counts = Counter(xs)
    return sorted(counts, key=lambda x: -counts[x])


def steps(xs: list[int]) -> dict[str, list[tuple[int, int]]]:
    """Each distinct element with its frequency, by first appearance."""
    return {"counts": list(Counter(xs).items())}


def check(xs: list[int]) -> list[int]:
    """Take out the winner of a count over what is left, again and again."""
    left, order = list(xs), []
    while left:
        best = left[0]
        for x in left:
            if left.count(x) > left.count(best):
                best = x
        order.append(best)
        left = [x for x in left if x != best]
    return order
