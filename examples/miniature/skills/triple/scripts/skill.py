"""A whole number to its triple without the thousands."""


def solve(n: int) -> int:
    """Multiply."""
    return 3 * n % 1000


def check(n: int) -> int:
    """Add, and take thousands away."""
    total = n + n + n
    while total >= 1000:
        total -= 1000
    return total
