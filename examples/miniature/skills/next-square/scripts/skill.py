"""A whole number to the smallest square above it."""


def solve(n: int) -> int:
    """Count the root up."""
    root = 1
    while root * root <= n:
        root += 1
    return root * root


def check(n: int) -> int:
    """Try every number above it."""
    return next(k for k in range(n + 1, 4 * n + 4) if round(k**0.5) ** 2 == k)
