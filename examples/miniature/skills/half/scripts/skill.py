"""A whole number to its half, rounded down."""


def solve(n: int) -> int:
    """Divide."""
    return n // 2


def check(n: int) -> int:
    """Count the pairs."""
    return len(range(2, n + 1, 2))
