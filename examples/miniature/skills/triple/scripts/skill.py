"""A whole number to its triple."""


def solve(n: int) -> int:
    """Multiply."""
    return 3 * n


def check(n: int) -> int:
    """Add."""
    return n + n + n
