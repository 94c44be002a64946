"""A whole number to how many numbers up to it are coprime to it."""


def solve(n: int) -> int:
    """Take away the share of every prime factor."""
    count, factor = n, 2
    while n > 1:
        if n % factor == 0:
            count -= count // factor
        while n % factor == 0:
            n //= factor
        factor += 1
    return count


def check(n: int) -> int:
    """Strike out the multiples of all divisors, and count what is left."""
    shared = {k for d in range(2, n + 1) if n % d == 0 for k in range(d, n + 1, d)}
    return n - len(shared)
