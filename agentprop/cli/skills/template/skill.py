"""A bound and two divisors to the number of integers up to the bound that neither of them divides."""

from math import lcm


def solve(n: int, a: int, b: int) -> int:
    """Inclusion and exclusion: the multiples of both are taken away twice, so they are given back once."""
    return n - n // a - n // b + n // lcm(a, b)


def check(n: int, a: int, b: int) -> int:
    """Another way to the same number, without looking at solve: here, by trying every integer."""
    return sum(1 for k in range(1, n + 1) if k % a and k % b)
