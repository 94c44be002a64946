"""A whole number to the number of its positive divisors."""


def solve(n: int) -> int:
    """Multiply the exponents plus one."""
    count, factor = 1, 2
    while n > 1:
        exponent = 0
        while n % factor == 0:
            n, exponent = n // factor, exponent + 1
        count, factor = count * (exponent + 1), factor + 1
    return count


def check(n: int) -> int:
    """Try every number."""
    return sum(n % d == 0 for d in range(1, n + 1))
