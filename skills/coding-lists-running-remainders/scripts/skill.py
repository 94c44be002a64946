"""Integers and a modulus -> the remainders of the running totals."""

from math import gcd


def solve(xs: list[int], m: int) -> list[int]:
    remainders = []
    total = 0
    for x in xs:
        total = (total + x) % m
        remainders.append(total)
    return remainders


def steps(xs: list[int], m: int) -> dict[str, list[int]]:
    """The running totals themselves."""
    return {"totals": [sum(xs[: i + 1]) for i in range(len(xs))]}


def check(xs: list[int], m: int) -> list[int]:
    """For every prefix, the one candidate r for which m divides its sum less r."""
    prefixes = [sum(xs[:end]) for end in range(1, len(xs) + 1)]
    return [next(r for r in range(m) if gcd(s - r, m) == m) for s in prefixes]
