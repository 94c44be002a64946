"""Whole numbers: divisors, primes, digits, residues. Each question has two functions that go about it differently."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import number, prime_powers, whole
from agentprop.extraction.mining.question.kernel.limits import NotExact, TooLong, Undefined, Unsettled, step
from agentprop.extraction.mining.question.kernel.plain import plain_whole, rational_near, same_number

MOST_INTEGERS = 120_000
WINDOW = 3000
PRIMES = (2147483647, 2147483629, 2147483587, 2147483579, 2147483563, 2147483549)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


# --- residues ---


class Residue:
    """A residue class: sums, products and powers stay below the modulus."""

    __slots__ = ("modulus", "value")

    def __init__(self, value: Any, modulus: int) -> None:
        if isinstance(value, Fraction):
            value = value.numerator * inverse_modulo(value.denominator, modulus)
        self.value = whole(value) % modulus
        self.modulus = modulus

    def with_(self, other: Any) -> int:
        return other.value if isinstance(other, Residue) else Residue(other, self.modulus).value

    def __add__(self, other: Any) -> Residue:
        return Residue(self.value + self.with_(other), self.modulus)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Residue:
        return Residue(self.value - self.with_(other), self.modulus)

    def __rsub__(self, other: Any) -> Residue:
        return Residue(self.with_(other) - self.value, self.modulus)

    def __mul__(self, other: Any) -> Residue:
        return Residue(self.value * self.with_(other), self.modulus)

    __rmul__ = __mul__

    def __neg__(self) -> Residue:
        return Residue(-self.value, self.modulus)


def modulus_of(value: Any) -> int:
    """A modulus: a positive whole number."""
    modulus = whole(value)
    if modulus < 1:
        raise Undefined("a modulus that is not positive")
    return modulus


def residue(value: Any, modulus: Any) -> Residue:
    """The class of a number."""
    return Residue(value, modulus_of(modulus))


def residue_power(base: Residue, exponent: Any) -> Residue:
    """A power of a class; negative exponents by the inverse."""
    exponent = whole(exponent)
    if exponent < 0:
        return residue_power(Residue(inverse_modulo(base.value, base.modulus), base.modulus), -exponent)
    return Residue(pow(base.value, exponent, base.modulus), base.modulus)


def residue_div(top: Residue, bottom: Residue) -> Residue:
    """A quotient of classes."""
    return top * inverse_modulo(bottom.value, bottom.modulus)


def residue_factorial(n: Any, modulus: Any) -> Residue:
    """The class of n!."""
    n, modulus = whole(n), modulus_of(modulus)
    if n < 0 or n > MOST_INTEGERS:
        raise Undefined("such a factorial")
    total = 1 % modulus
    for factor in range(2, min(n, modulus) + 1):
        total = total * factor % modulus
    return Residue(total if n < modulus else 0, modulus)


def from_residues(function: Callable[[int], Residue]) -> int:
    """The whole number that arithmetic modulo several primes comes to; a further prime confirms it."""
    value, product = 0, 1
    for prime in PRIMES[:-1]:
        missing = (function(prime).value - value) * pow(product, -1, prime) % prime
        value, product = value + product * missing, product * prime
    value -= product if value > product // 2 else 0
    if value % PRIMES[-1] != function(PRIMES[-1]).value:
        raise NotExact("too large a number, or not a whole one")
    return value


def inverse_modulo(value: int, modulus: int) -> int:
    """The inverse of a class by Euclid's algorithm."""
    if math.gcd(value, modulus) != 1:
        raise Undefined("no inverse")
    return pow(value, -1, modulus)


def inverse_by_search(value: Any, modulus: Any) -> int:
    """The inverse, by trying."""
    value, modulus = plain_whole(value), plain_whole(modulus)
    for candidate in range(modulus):
        step()
        if value * candidate % modulus == 1 % modulus:
            return candidate
    raise Undefined("no inverse")


def class_value(value: Residue) -> int:
    """The least non-negative member of a class."""
    return value.value


def remainder(value: Any, modulus: Any) -> int:
    """The remainder of a whole number, never negative."""
    return whole(value) % modulus_of(modulus)


def plain_remainder(value: Any, modulus: Any) -> int:
    """The remainder as what is left when the greatest multiple below is taken away."""
    value, modulus = plain_whole(value), plain_whole(modulus)
    if modulus < 1:
        raise Undefined("a modulus that is not positive")
    return int(value - modulus * (value // modulus))


def quotient(value: Any, divisor: Any) -> int:
    """The whole part of a quotient of whole numbers."""
    if divisor == 0:
        raise Undefined("division by zero")
    return whole(value) // whole(divisor)


# --- primes and divisors ---


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


# --- digits ---


def digits_of(value: Any, base: Any = 10) -> list[int]:
    """The digits of a whole number in a base, the leading one first."""
    n, base, found = abs(whole(value)), whole(base), []
    if not 2 <= base <= 100:
        raise Undefined("such a base")
    while n:
        n, digit = divmod(n, base)
        found.append(digit)
    return found[::-1] or [0]


def plain_digits_of(value: Any, base: Any = 10) -> list[int]:
    """The digits from the highest power of the base down."""
    n, base = abs(plain_whole(value)), plain_whole(base)
    if base == 10:
        return [int(character) for character in str(n)]
    if not 2 <= base <= 100:
        raise Undefined("such a base")
    power, found = 1, []
    while power * base <= n:
        power *= base
    while power:
        found.append(n // power)
        n, power = n % power, power // base
    return found


def written_in(value: Any, base: Any) -> str:
    """A whole number as a numeral of a base, with the base below."""
    return numeral(digits_of(value, base), base, whole(value) < 0)


def plain_written_in(value: Any, base: Any) -> str:
    """The same from the other digits."""
    return numeral(plain_digits_of(value, base), base, plain_whole(value) < 0)


def numeral(found: list[int], base: Any, negative: bool) -> str:
    """Digits as text; in base ten a number is written without its base, and is no such text."""
    if whole(base) > len(DIGITS) or base == 10:
        raise Undefined("such a base")
    return ("-" if negative else "") + "".join(DIGITS[digit] for digit in found) + f"_{{{whole(base)}}}"


def is_palindrome(n: Any) -> bool:
    """Whether the digits read the same from behind."""
    found = digits_of(n)
    return found == found[::-1]


def decimal_digit(value: Any, place: Any) -> int:
    """The digit at a place behind the decimal point of a positive rational number."""
    value, place = Fraction(value), whole(place)
    if place < 1 or value < 0:
        raise Undefined("no such place")
    return int(value.numerator * pow(10, place, value.denominator * 10) // value.denominator % 10)


def plain_decimal_digit(value: Any, place: Any) -> int:
    """The same by long division."""
    value, place = Fraction(rational_near(value)), plain_whole(place)
    if place < 1 or value < 0:
        raise Undefined("no such place")
    rest, digit = value.numerator % value.denominator, 0
    step(place // 10)
    for _ in range(place):
        digit, rest = divmod(rest * 10, value.denominator)
    return digit


# --- sets of integers ---

Test = Callable[[int], bool]


def tried(test: Test, n: int) -> bool:
    """Whether a number passes; one for which the condition has no meaning does not."""
    step(2)
    try:
        return bool(test(n))
    except Undefined:
        return False


def integers(low: int | None, high: int | None, test: Test) -> list[int]:
    """The integers of a range that pass; without an end only if none pass near where the search ends."""
    open_below, open_above = low is None, high is None
    first = low if low is not None else (high if high is not None and high < 0 else 0) - WINDOW
    last = high if high is not None else max(first, 0) + WINDOW
    if last - first > MOST_INTEGERS:
        raise TooLong("too many integers")
    found = [n for n in range(first, last + 1) if tried(test, n)]
    margin = WINDOW // 10
    if found and ((open_above and found[-1] > last - margin) or (open_below and found[0] < first + margin)):
        raise Undefined("infinitely many")
    return found


def plain_integers(low: int | None, high: int | None, test: Test) -> list[int]:
    """The same from above, with another window."""
    open_below, open_above = low is None, high is None
    first = low if low is not None else (high if high is not None and high < 0 else 0) - 2 * WINDOW
    last = high if high is not None else max(first, 0) + 2 * WINDOW
    if last - first > MOST_INTEGERS:
        raise TooLong("too many integers")
    found, n = list[int](), last
    while n >= first:
        if tried(test, n):
            found.append(n)
        n -= 1
    if found and ((open_above and found[0] > last - WINDOW) or (open_below and found[-1] < first + WINDOW)):
        raise Undefined("infinitely many")
    return found[::-1]


def smallest_integers(count: Any, low: int | None, high: int | None, test: Test) -> list[int]:
    """The first integers of a range that pass."""
    if low is None:
        low = (high if high is not None and high < 0 else 0) - WINDOW
        if any(tried(test, n) for n in range(low, low + WINDOW // 10)):
            raise Undefined("there is no smallest")
    found: list[int] = []
    n = low
    while len(found) < whole(count) and (high is None or n <= high):
        if n - low > MOST_INTEGERS * 3:
            raise TooLong("nothing found")
        if tried(test, n):
            found.append(n)
        n += 1
    return found


def largest_integers(count: Any, low: int | None, high: int | None, test: Test) -> list[int]:
    """The last integers of a range that pass, the last one first."""
    if high is None:
        high = max(low if low is not None else 0, 0) + WINDOW
        if any(tried(test, n) for n in range(high - WINDOW // 10, high + 1)):
            raise Undefined("there is no largest")
    found: list[int] = []
    n = high
    while len(found) < whole(count) and (low is None or n >= low):
        if high - n > MOST_INTEGERS * 3:
            raise TooLong("nothing found")
        if tried(test, n):
            found.append(n)
        n -= 1
    return found


def first_of(found: list[Any]) -> Any:
    """The only or first one. Raises Undefined where there is none."""
    if not found:
        raise Undefined("there is none")
    return found[0]


def lowest_bound(bounds: Iterable[Any]) -> int | None:
    """The strictest of several lower bounds, rounded up."""
    found = [math.ceil(bound) if isinstance(bound, int | Fraction) else math.ceil(exactly(bound)) for bound in bounds]
    return max(found, default=None)


def highest_bound(bounds: Iterable[Any]) -> int | None:
    """The strictest of several upper bounds, rounded down."""
    found = [math.floor(bound) if isinstance(bound, int | Fraction) else math.floor(exactly(bound)) for bound in bounds]
    return min(found, default=None)


def exactly(bound: Any) -> Any:
    """A bound with roots or pi in it as a float; it is no integer, so rounding is safe unless it is close to one."""
    value = number(bound)
    if isinstance(value, complex) or abs(value - round(value)) < 1e-9:
        raise NotExact("a bound close to an integer")
    return value


def floor_of(bound: Any) -> int:
    """A bound rounded down."""
    return math.floor(bound if isinstance(bound, int | Fraction | float) else exactly(bound))


def ceil_of(bound: Any) -> int:
    """A bound rounded up."""
    return math.ceil(bound if isinstance(bound, int | Fraction | float) else exactly(bound))


def no_case() -> Any:
    """No case of a definition by cases applies."""
    raise Undefined("no case applies")
