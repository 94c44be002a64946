"""A quantity and two group sizes to the least addition that makes the quantity divisible by both."""

from math import lcm


def solve(n: int, a: int, b: int) -> int:
    """Round the quantity up to a multiple of the least common multiple."""
    return -n % lcm(a, b)


def check(n: int, a: int, b: int) -> int:
    """Add one object at a time until both groupings come out even."""
    added = 0
    while (n + added) % a or (n + added) % b:
        added += 1
    return added
