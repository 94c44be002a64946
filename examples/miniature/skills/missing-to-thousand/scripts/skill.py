"""A whole number to what is missing to 1000."""


def solve(n: int) -> int:
    """Subtract."""
    return 1000 - n


def check(n: int) -> int:
    """Count up."""
    return len(range(n, 1000))
