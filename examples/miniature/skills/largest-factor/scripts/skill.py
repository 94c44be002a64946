"""A whole number to its largest prime factor."""


def solve(n: int) -> int:
    """Divide small primes out."""
    factor = 2
    while factor < n:
        if n % factor == 0:
            n //= factor
        else:
            factor += 1
    return n


def check(n: int) -> int:
    """Try every number from above."""
    return next(p for p in range(n, 1, -1) if n % p == 0 and all(p % d for d in range(2, int(p**0.5) + 1)))
