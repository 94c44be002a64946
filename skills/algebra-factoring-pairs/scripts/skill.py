"""Two coefficients and a right side to the number of integer solutions of xy + ax + by = n."""


def solve(a: int, b: int, n: int) -> int:
    """Complete the product and count the divisors of n + ab of both signs."""
    product, divisors, prime = n + a * b, 1, 2
    while prime * prime <= product:
        exponent = 0
        while product % prime == 0:
            product //= prime
            exponent += 1
        divisors *= exponent + 1
        prime += 1
    return 2 * divisors * (2 if product > 1 else 1)


def steps(a: int, b: int, n: int) -> dict[str, int | str]:
    """The completed product, its factorisation, and its positive divisors as choices of exponents."""
    product = n + a * b
    exponents = _exponents(product)
    factors = r" \cdot ".join(f"{p}^{{{e}}}" if e > 1 else str(p) for p, e in exponents.items())
    nature = "number ${}$ is a prime" if exponents == {product: 1} else "prime factorisation is ${} = {}$"
    return {
        "product": product,
        "nature": f"The {nature.format(product, factors)}",
        "choices": r" \cdot ".join(f"({e} + 1)" for e in exponents.values()) or "1",
        "divisors": solve(a, b, n) // 2,
    }


def check(a: int, b: int, n: int) -> int:
    """Try every x that can leave an integer y: beyond the limits, |y + a| would be less than 1."""
    limit = abs(n) + a * b + b + 1
    return sum(1 for x in range(-limit, limit + 1) if x != -b and (n - a * x) % (x + b) == 0)


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
