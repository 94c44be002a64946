"""A bound and a modulus to the number of integers up to the bound that are coprime to the modulus."""

from itertools import combinations
from math import prod


def solve(n: int, m: int) -> int:
    """Include and exclude over the squarefree products of the modulus's primes."""
    signed_products = [(1, 1)]
    prime, rest = 2, m
    while rest > 1:
        if prime * prime > rest:
            prime = rest
        if rest % prime == 0:
            signed_products += [(-sign, product * prime) for sign, product in signed_products]
            while rest % prime == 0:
                rest //= prime
        prime += 1
    return sum(sign * (n // product) for sign, product in signed_products)


def steps(n: int, m: int) -> dict[str, int | str]:
    """The factorisation, the multiples of single primes, and the multiples of several primes with their signs."""
    exponents = _exponents(m)
    corrections = ""
    for size in range(2, len(exponents) + 1):
        multiples = sum(n // prod(primes) for primes in combinations(exponents, size))
        corrections += f" {'-' if size % 2 else '+'} {multiples}"
    return {
        "criterion": _criterion(m, exponents),
        "singles": " + ".join(rf"\lfloor {n}/{p} \rfloor" for p in exponents) or "0",
        "struck": sum(n // p for p in exponents),
        "correcting": _correcting(exponents),
        "corrections": corrections,
    }


def _criterion(m: int, exponents: dict[int, int]) -> str:
    """When an integer is coprime to the modulus."""
    if exponents == {m: 1}:
        return f"As ${m}$ is a prime, an integer is coprime to it exactly if it is none of its multiples"
    factors = r" \cdot ".join(f"{p}^{{{e}}}" if e > 1 else str(p) for p, e in exponents.items()) or "1"
    often = "; how often a prime occurs does not matter" if max(exponents.values(), default=1) > 1 else ""
    if len(exponents) == 1:
        return f"As ${m} = {factors}$, an integer is coprime to ${m}$ exactly if ${min(exponents)}$ does not divide it"
    return f"An integer is coprime to ${m}$ if it is divisible by none of the primes in ${m} = {factors}${often}"


def _correcting(exponents: dict[int, int]) -> str:
    """What is done with the multiples of several primes."""
    twice = "Multiples of two of them have been struck out twice and must be added again once"
    if len(exponents) < 2:
        return "These are struck out"
    more = ", those of three are then one too many, and so on with alternating signs (inclusion and exclusion)"
    return twice + (more if len(exponents) > 2 else "")


def check(n: int, m: int) -> int:
    """Strike out the multiples of every divisor of the modulus and count what is left."""
    kept = bytearray([1]) * (n + 1)
    kept[0] = 0
    for d in range(2, min(n, m) + 1):
        if m % d == 0 and kept[d]:
            kept[d::d] = bytes(n // d)
    return sum(kept)


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
