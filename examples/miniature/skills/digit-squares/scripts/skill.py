"""A whole number to the sum of the squares of its decimal digits."""


def solve(n: int) -> int:
    """Add the squares of the characters."""
    return sum(int(digit) ** 2 for digit in str(n))


def check(n: int) -> int:
    """Split digits off from the right."""
    total = 0
    while n:
        n, digit = divmod(n, 10)
        total += digit * digit
    return total
