"""Two whole numbers to their greatest common divisor."""


def solve(a: int, b: int) -> int:
    """Euclid's algorithm."""
    while b:
        a, b = b, a % b
    return a


def check(a: int, b: int) -> int:
    """Try every candidate from the smaller number down."""
    return next(d for d in range(min(a, b), 0, -1) if a % d == 0 and b % d == 0)
