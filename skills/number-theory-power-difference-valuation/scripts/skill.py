"""Exponent of an odd prime in the product of a^k - b^k for k = 1, ..., n."""


def solve(p: int, a: int, b: int, n: int) -> int:
    """Lifting the exponent: the first hit, once for every multiple of its exponent, and the factors of a factorial."""
    first, start = _first_hit(p, a, b)
    return n // first * start + _in_factorial(p, n // first)


def steps(p: int, a: int, b: int, n: int) -> dict[str, object]:
    """The least exponent that is hit, the power of p there, the number of hits and the extra factors."""
    first, start = _first_hit(p, a, b)
    return {
        "first_exponent": first,
        "start_power": start,
        "hits": n // first,
        "extra_factors": _in_factorial(p, n // first),
    }


def _first_hit(p: int, a: int, b: int) -> tuple[int, int]:
    if a == b:
        raise ValueError("all differences are 0")
    first = next(d for d in range(1, p) if pow(a, d, p) == pow(b, d, p))
    start, difference = 0, a**first - b**first
    while difference % p ** (start + 1) == 0:
        start += 1
    return first, start


def _in_factorial(p: int, n: int) -> int:
    total = 0
    while n:
        n //= p
        total += n
    return total


def check(p: int, a: int, b: int, n: int) -> int:
    """Build the powers one after another and divide every difference as often as possible."""
    total, x, y = 0, 1, 1
    for _ in range(n):
        x, y = x * a, y * b
        difference = x - y
        while difference % p == 0:
            difference //= p
            total += 1
    return total
