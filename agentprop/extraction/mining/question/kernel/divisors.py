"""Divisors, primes and kinds of whole numbers. Each question has two functions that go about it differently."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import prime_powers, whole
from agentprop.extraction.mining.question.kernel.limits import TooLong, Undefined, Unsettled, step
from agentprop.extraction.mining.question.kernel.plain import plain_whole, same_number


def natural(value: Any) -> int:
    """A positive whole number."""
    n = whole(value)
    if n < 1:
        raise Undefined("not a positive whole number")
    return n


def plain_natural(value: Any) -> int:
    """A positive whole number, up to rounding."""
    n = plain_whole(value)
    if n < 1:
        raise Undefined("not a positive whole number")
    return n


def divisors(value: Any) -> list[int]:
    """The positive divisors from the prime factorisation."""
    found = [1]
    for prime, count in prime_powers(natural(abs(whole(value)))).items():
        found = [d * prime**power for d in found for power in range(count + 1)]
        step(len(found))
    return sorted(found)


def plain_divisors(value: Any) -> list[int]:
    """The positive divisors by trial."""
    n = plain_natural(abs(plain_whole(value)))
    if n > 10**11:
        raise TooLong("too large a number")
    low = []
    for d in range(1, math.isqrt(n) + 1):
        if n % d == 0:
            low.append(d)
    step(math.isqrt(n) // 40)
    return low + [n // d for d in reversed(low) if d * d != n]


def prime_factors(value: Any) -> list[int]:
    """The different primes of a number."""
    return sorted(prime_powers(natural(abs(whole(value)))))


def plain_prime_factors(value: Any) -> list[int]:
    """The divisors that have no smaller divisor but one."""
    n = plain_natural(abs(plain_whole(value)))
    found, divisor = [], 2
    while n > 1:
        if divisor * divisor > n:
            divisor = n
        if n % divisor == 0:
            found.append(divisor)
            while n % divisor == 0:
                n //= divisor
        divisor += 1
        step()
    return found


def prime_factor_list(value: Any) -> list[int]:
    """The primes of a number, each as often as it divides."""
    return [prime for prime, count in sorted(prime_powers(natural(value)).items()) for _ in range(count)]


def plain_prime_factor_list(value: Any) -> list[int]:
    """The same by dividing them out."""
    n, found = plain_natural(value), []
    for prime in plain_prime_factors(n):
        while n % prime == 0:
            found.append(prime)
            n //= prime
    return found


def common_divisors(values: Iterable[Any]) -> list[int]:
    """The divisors of the greatest common divisor."""
    return divisors(gcd(values))


def plain_common_divisors(values: Iterable[Any]) -> list[int]:
    """The numbers that divide all."""
    first, *others = [plain_natural(value) for value in values]
    return [d for d in plain_divisors(first) if all(other % d == 0 for other in others)]


def gcd(values: Iterable[Any]) -> int:
    """The greatest common divisor, by Euclid's algorithm."""
    return math.gcd(*map(whole, values))


def plain_gcd(values: Iterable[Any]) -> int:
    """The greatest divisor of the least that divides all."""
    numbers = [abs(plain_whole(value)) for value in values]
    least = min(number for number in numbers if number)
    return max(d for d in plain_divisors(least) if all(number % d == 0 for number in numbers))


def lcm(values: Iterable[Any]) -> int:
    """The least common multiple."""
    return math.lcm(*map(natural, values))


def plain_lcm(values: Iterable[Any]) -> int:
    """The least common multiple, by the highest power of each prime."""
    highest: dict[int, int] = {}
    for value in values:
        n = plain_natural(value)
        for prime in plain_prime_factors(n):
            power = prime
            while n % (power * prime) == 0:
                power *= prime
            highest[prime] = max(highest.get(prime, 1), power)
    return math.prod(highest.values())


def is_prime(n: Any) -> bool:
    """Whether a whole number is prime: trial by 2, 3 and 6k ± 1."""
    n = whole(n)
    if n < 4:
        return bool(n > 1)
    if n % 2 == 0 or n % 3 == 0:
        return False
    if n > 10**12:
        raise TooLong("too large a number")
    step(math.isqrt(n) // 300)
    return all(n % d and n % (d + 2) for d in range(5, math.isqrt(n) + 1, 6))


def plain_is_prime(n: Any) -> bool:
    """Whether no number from 2 on divides it before its square exceeds it."""
    n = plain_whole(n)
    if n < 2:
        return False
    if n > 10**11:
        raise TooLong("too large a number")
    step(math.isqrt(n) // 100)
    return all(n % d for d in range(2, math.isqrt(n) + 1))


def apart(n: Any, end: Any) -> bool:
    """That a number is not the end of a range of which nobody says whether it belongs to it. Raises Unsettled."""
    if n == end:
        raise Unsettled("an end of the range may count or not")
    return True


def plain_apart(n: Any, end: Any) -> bool:
    """The same for other numbers."""
    if same_number(n, end):
        raise Unsettled("an end of the range may count or not")
    return True


def is_square(n: Any) -> bool:
    """Whether a whole number is a square."""
    n = whole(n)
    return bool(n >= 0 and math.isqrt(n) ** 2 == n)


def plain_is_square(n: Any) -> bool:
    """The same by the exponents of its primes, or by the float root for large ones."""
    n = plain_whole(n)
    return n >= 0 and any((round(math.sqrt(n)) + gap) ** 2 == n for gap in (-1, 0, 1))


def is_cube(n: Any) -> bool:
    """Whether a whole number is a cube."""
    return is_perfect_power(whole(n), 3)


def is_perfect_power(n: Any, exponent: Any) -> bool:
    """Whether a whole number is a power of a whole number to an exponent."""
    n, exponent = whole(n), whole(exponent)
    if n < 0:
        return exponent % 2 == 1 and is_perfect_power(-n, exponent)
    guess = round(n ** (1 / exponent)) if n.bit_length() < 900 else 0
    return any((guess + gap) ** exponent == n for gap in (-1, 0, 1))


def is_integer(value: Any) -> bool:
    """Whether an exact value is whole."""
    if not isinstance(value, int | Fraction):
        return False
    return Fraction(value).denominator == 1


def plain_is_integer(value: Any) -> bool:
    """Whether a number is whole, up to rounding."""
    try:
        plain_whole(value)
    except Undefined:
        return False
    return True


def exponent_in(prime: Any, value: Any) -> int:
    """How often a number above one divides another."""
    prime, value, count = whole(prime), natural(value), 0
    if prime < 2:
        raise Undefined("such a divisor")
    while value % prime == 0:
        value //= prime
        count += 1
    return count


def totient(value: Any) -> int:
    """How many numbers up to n are coprime to it, from its primes."""
    n = natural(value)
    for prime in prime_factors(n):
        n -= n // prime
    return n


def plain_totient(value: Any) -> int:
    """The same by counting."""
    n = plain_natural(value)
    step(n // 4)
    return sum(math.gcd(n, k) == 1 for k in range(1, n + 1))
