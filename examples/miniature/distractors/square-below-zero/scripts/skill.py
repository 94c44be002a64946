"""A number below zero to its square."""


def solve(n: int) -> int:
    """Multiply."""
    return n * n


def check(n: int) -> int:
    """Add the first odd numbers."""
    return sum(range(1, -2 * n, 2))
