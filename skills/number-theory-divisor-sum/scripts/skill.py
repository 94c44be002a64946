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


def steps(n: int, k: int) -> dict[str, int | str]:
    """The factorisation, the geometric sums and their product, and the divisors up to k with their sum."""
    exponents = _exponents(n)
    small = [d for d in range(1, k + 1) if n % d == 0]
    return {
        "factors": r" \cdot ".join(f"{p}^{{{e}}}" if e > 1 else str(p) for p, e in exponents.items()) or "1",
        "sums": r" \cdot ".join(rf"\frac{{{p}^{{{e + 1}}} - 1}}{{{p} - 1}}" for p, e in exponents.items()) or "1",
        "full": solve(n, 0),
        "small": " + ".join(map(str, small)) or "0",
        "few": sum(small),
    }


def check(n: int, k: int) -> int:
    """Run through the pairs of divisors d * (n / d) and add the members greater than k."""
    total, d = 0, 1
    while d * d <= n:
        if n % d == 0:
            total += sum(divisor for divisor in {d, n // d} if divisor > k)
        d += 1
    return total


def _exponents(number: int) -> dict[int, int]:
    """Exponents of the primes of a number, by trial division."""
    exponents: dict[int, int] = {}
    prime = 2
    while number > 1:
        prime = prime if prime * prime <= number else number
        while number % prime == 0:
            exponents[prime] = exponents.get(prime, 0) + 1
            number //= prime
        prime += 1
    return exponents
