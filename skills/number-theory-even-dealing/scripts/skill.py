"""A quantity and two group sizes to the least addition that makes the quantity divisible by both."""

from math import gcd, lcm


def solve(n: int, a: int, b: int) -> int:
    """Round the quantity up to a multiple of the least common multiple."""
    return -n % lcm(a, b)


def steps(n: int, a: int, b: int) -> dict[str, int]:
    """The common divisor and multiple of the two sizes, the division by the latter, and the multiple to reach."""
    multiple = lcm(a, b)
    return {
        "common": gcd(a, b),
        "multiple": multiple,
        "times": n // multiple,
        "rest": n % multiple,
        "target": n + -n % multiple,
    }


def check(n: int, a: int, b: int) -> int:
    """Add one object at a time until both groupings come out even."""
    added = 0
    while (n + added) % a or (n + added) % b:
        added += 1
    return added
