"""A number and a base to the trailing zeros of the number's factorial in that base."""


def solve(n: int, b: int) -> int:
    """Take the scarcest prime of the base, counted by Legendre's formula."""
    zeros: list[int] = []
    prime, rest = 2, b
    while rest > 1:
        exponent = 0
        while rest % prime == 0:
            rest //= prime
            exponent += 1
        if exponent:
            total, quotient = 0, n
            while quotient:
                quotient //= prime
                total += quotient
            zeros.append(total // exponent)
        prime += 1
    return min(zeros)


def steps(n: int, b: int) -> dict[str, int | str]:
    """The factorised base, how often its primes divide the factorial, and the prime that limits the zeros."""
    exponents = _exponents(b)
    terms = {p: _quotients(n, p) for p in exponents}
    scarce = min(exponents, key=lambda p: sum(terms[p]) // exponents[p])
    need, supply = exponents[scarce], sum(terms[scarce])
    return {
        "factors": r" \cdot ".join(f"{p}^{{{e}}}" if e > 1 else str(p) for p, e in exponents.items()),
        "supplies": ", ".join(f"v_{{{p}}} = {sum(quotients)}" for p, quotients in terms.items()),
        "way": rf"$\lfloor {supply}/{need} \rfloor$, that is, " if need > 1 else "",
        "scarce": scarce,
        "terms": " + ".join(map(str, terms[scarce])) or "0",
        "supply": supply,
    }


def check(n: int, b: int) -> int:
    """Divide every factor 2, 3, ..., n by the primes of the base and keep a tally for each prime."""
    primes = [p for p in range(2, b + 1) if b % p == 0 and all(p % d for d in range(2, p))]
    supply = {p: sum(_times(p, multiple) for multiple in range(p, n + 1, p)) for p in primes}
    zeros = 0
    while all(supply[p] >= _times(p, b) * (zeros + 1) for p in primes):
        zeros += 1
    return zeros


def _times(p: int, number: int) -> int:
    """Count how many times p can be divided out of the number."""
    count = 0
    while number % p == 0:
        number //= p
        count += 1
    return count


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


def _quotients(n: int, p: int) -> list[int]:
    """The whole parts of n / p, n / p^2, ... as long as they are not 0."""
    quotients: list[int] = []
    while n >= p:
        n //= p
        quotients.append(n)
    return quotients
