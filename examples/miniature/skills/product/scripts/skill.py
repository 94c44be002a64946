"""Two whole numbers to their product."""


def solve(a: int, b: int) -> int:
    """Multiply."""
    return a * b


def check(a: int, b: int) -> int:
    """Add one factor as often as the other says."""
    return sum(a for _ in range(b))
