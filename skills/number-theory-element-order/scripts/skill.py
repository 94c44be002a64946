"""Least positive t for which a^t leaves the remainder 1."""

from math import lcm


def solve(a: int, m: int) -> int:
    """Join the orders modulo the prime powers of m."""
    return lcm(*(_order(a, prime, power) for prime, power in _prime_powers(m)))


def steps(a: int, m: int) -> dict[str, object]:
    """The prime powers of m, the exponents that work by Euler's theorem, and the orders."""
    powers = _prime_powers(m)
    return {
        "prime_powers": [power for _, power in powers],
        "euler_exponents": [power // prime * (prime - 1) for prime, power in powers],
        "orders": [_order(a, prime, power) for prime, power in powers],
    }


def _order(a: int, prime: int, power: int) -> int:
    exponent = power // prime * (prime - 1)
    for q, _ in _prime_powers(exponent):
        while exponent % q == 0 and pow(a, exponent // q, power) == 1:
            exponent //= q
    return exponent


def _prime_powers(n: int) -> list[tuple[int, int]]:
    """Pairs of a prime and its full power in n."""
    found, p = [], 2
    while n > 1:
        if p * p > n:
            p = n
        power = 1
        while n % p == 0:
            n //= p
            power *= p
        if power > 1:
            found.append((p, power))
        p += 1
    return found


def check(a: int, m: int) -> int:
    """Multiply until 1 returns."""
    value, count = a % m, 1
    while value != 1:
        value = value * a % m
        count += 1
        if count > m:
            raise ValueError("1 never returns")
    return count
