"""A number below zero to 1 if it is even, else 0."""


def solve(n: int) -> int:
    """Take the remainder."""
    return 1 - n % 2


def check(n: int) -> int:
    """Look at the last digit."""
    return int(str(n)[-1] in "02468")
