"""A base and an addend to the square of the base plus the addend."""


def solve(n: int, c: int) -> int:
    """Square and add."""
    return n * n + c


def check(n: int, c: int) -> int:
    """The square is the sum of the first odd numbers."""
    return c + sum(range(1, 2 * n, 2))
