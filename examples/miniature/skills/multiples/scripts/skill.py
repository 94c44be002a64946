"""A step and a limit to the number of multiples up to the limit."""


def solve(n: int, k: int) -> int:
    """Divide."""
    return n // k


def check(n: int, k: int) -> int:
    """List them."""
    return len(range(k, n + 1, k))
