"""Expected number of parental offspring in a three-point test cross with interference."""

from fractions import Fraction
from itertools import product


def solve(n: int, d: int, e: int, c: int) -> int:
    """Inclusion-exclusion over the two intervals, the double class being the coincidence times the product."""
    double = Fraction(c * d * e, 10**6)
    parental = n * (1 - Fraction(d + e, 100) + double)
    if parental.denominator != 1:
        raise ValueError("not a whole number of plants")
    return int(parental)


def steps(n: int, d: int, e: int, c: int) -> dict[str, float]:
    """The parts of the seedlings with a crossing-over in both intervals, and in at least one."""
    double = Fraction(c * d * e, 10**6)
    return {"double": float(double), "recombinant": float(Fraction(d + e, 100) - double)}


def check(n: int, d: int, e: int, c: int) -> int:
    """Plants dealt out over the four combinations of exchange and no exchange, in millionths."""
    both = c * d * e
    classes: dict[tuple[bool, bool], int] = {}
    for left, right in product((False, True), repeat=2):
        if left and right:
            classes[left, right] = both
        elif left or right:
            classes[left, right] = (d if left else e) * 10_000 - both
    rest = 10**6 - sum(classes.values())
    plants, remainder = divmod(n * rest, 10**6)
    if remainder:
        raise ValueError("not a whole number of plants")
    return plants
