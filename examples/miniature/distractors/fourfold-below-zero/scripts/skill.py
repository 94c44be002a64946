"""A number below zero to four times that number."""


def solve(n: int) -> int:
    """Multiply."""
    return 4 * n


def check(n: int) -> int:
    """Double twice."""
    twice = n + n
    return twice + twice
