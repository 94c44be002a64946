"""Integers and a modulus -> the integers that are no multiple of it, in their old order."""

from math import gcd


def solve(xs: list[int], k: int) -> list[int]:
    return [x for x in xs if x % k != 0]


def steps(xs: list[int], k: int) -> dict[str, list[int]]:
    """The remainders of the elements."""
    return {"remainders": [x % k for x in xs]}


def check(xs: list[int], k: int) -> list[int]:
    """An element is a multiple of k exactly when k is their greatest common divisor."""
    kept = list(xs)
    for position in range(len(kept) - 1, -1, -1):
        if gcd(kept[position], k) == k:
            del kept[position]
    return kept
