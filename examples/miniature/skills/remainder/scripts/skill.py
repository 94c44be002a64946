"""A number and a divisor to the remainder."""


def solve(n: int, m: int) -> int:
    """The remainder operator."""
    return n % m


def check(n: int, m: int) -> int:
    """Subtract ever smaller multiples of the divisor."""
    step = m
    while 2 * step <= n:
        step *= 2
    while step >= m:
        n = n - step if n >= step else n
        step //= 2
    return n
