"""A whole number to the sum of the whole numbers up to it, without the thousands."""


def solve(n: int) -> int:
    """Pair the ends."""
    return n * (n + 1) // 2 % 1000


def check(n: int) -> int:
    """Add one by one."""
    return sum(range(1, n + 1)) % 1000
