"""A whole number to its largest decimal digit."""


def solve(n: int) -> int:
    """Compare the characters."""
    return max(int(digit) for digit in str(n))


def check(n: int) -> int:
    """Split digits off from the right."""
    largest = 0
    while n:
        n, digit = divmod(n, 10)
        largest = digit if digit > largest else largest
    return largest
