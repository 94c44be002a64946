"""A whole number to the sum of its decimal digits."""


def solve(n: int) -> int:
    """Add the characters."""
    return sum(int(digit) for digit in str(n))


def check(n: int) -> int:
    """Nine for every ten that is split off is lost."""
    return n - 9 * sum(n // 10**place for place in range(1, len(str(n))))
