"""A number and a bound to the sum of the number's divisors beyond the bound."""


def solve(n: int, k: int) -> int:
    """Multiply the geometric sums of the prime powers, then take away the divisors up to k."""
    total, rest, prime = 1, n, 2
    while prime * prime <= rest:
        term = 1
        while rest % prime == 0:
            rest //= prime
            term = term * prime + 1
        total *= term
        prime += 1
    if rest > 1:
        total *= rest + 1
    return total - sum(d for d in range(1, k + 1) if n % d == 0)


def check(n: int, k: int) -> int:
    """Run through the pairs of divisors d * (n / d) and add the members greater than k."""
    total, d = 0, 1
    while d * d <= n:
        if n % d == 0:
            total += sum(divisor for divisor in {d, n // d} if divisor > k)
        d += 1
    return total
