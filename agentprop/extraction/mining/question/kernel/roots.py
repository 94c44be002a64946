"""Exact roots of polynomials in one unknown."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import div, is_rational, is_real, root, sqrt
from agentprop.extraction.mining.question.kernel.forms import common_divisor, divided, trimmed, value_at
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step

MOST_CANDIDATES = 20_000


def roots_of(numbers: list[Any], real: bool = True) -> list[Any]:
    """The different roots of a polynomial with coefficients constant first. Raises NotExact where some are missing."""
    numbers = trimmed(list(numbers))
    if not numbers:
        raise Undefined("every number is a root")
    found: list[Any] = []
    if numbers[0] == 0:
        found.append(0)
        while numbers[0] == 0:
            numbers = numbers[1:]
    if all(is_rational(value) for value in numbers):
        numbers = square_free(numbers)
        rational, numbers = rational_roots(numbers)
        found += rational
    for one in remaining_roots(numbers):
        if (not real or is_real(one)) and one not in found:
            found.append(one)
    return found


def square_free(numbers: list[Any]) -> list[Any]:
    """The polynomial with each root once."""
    slope = [power * value for power, value in enumerate(numbers)][1:]
    shared = common_divisor(numbers, slope) if len(numbers) > 2 else [1]
    return divided(numbers, shared)[0] if len(shared) > 1 else numbers


def rational_roots(numbers: list[Any]) -> tuple[list[Any], list[Any]]:
    """(rational roots, what is left when they are divided out)."""
    found: list[Any] = []
    scale = math.lcm(*(Fraction(value).denominator for value in numbers))
    integers = [int(value * scale) for value in numbers]
    while len(integers) > 3:
        one = a_rational_root(integers)
        if one is None:
            break
        found.append(one)
        integers = [int(value) for value in primitive(divided(list(integers), [-one, 1])[0])]
    return found, list(integers)


def primitive(numbers: list[Any]) -> list[int]:
    """The polynomial with coprime integer coefficients."""
    scale = math.lcm(*(Fraction(value).denominator for value in numbers))
    integers = [int(value * scale) for value in numbers]
    shared = math.gcd(*integers) or 1
    return [value // shared for value in integers]


def a_rational_root(integers: list[int]) -> Any:
    """A root p/q with p dividing the constant and q the leading coefficient, or None."""
    tops, bottoms = small_divisors(abs(integers[0])), small_divisors(abs(integers[-1]))
    if len(tops) * len(bottoms) > MOST_CANDIDATES:
        raise NotExact("too many candidates for a root")
    for bottom in bottoms:
        for top in tops:
            step()
            for candidate in (Fraction(top, bottom), Fraction(-top, bottom)):
                if value_at(integers, candidate) == 0:
                    return candidate.numerator if candidate.denominator == 1 else candidate
    return None


def small_divisors(n: int) -> list[int]:
    """The divisors of a positive integer, ascending. Raises NotExact for numbers that take long."""
    if n > 10**10:
        raise NotExact("too large a coefficient")
    low = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    step(math.isqrt(n) // 50)
    return low + [n // d for d in reversed(low) if d * d != n]


def remaining_roots(numbers: list[Any]) -> list[Any]:
    """Roots of what has no rational ones: linear, quadratic, or a polynomial of that sort in a power of the unknown."""
    degree = len(numbers) - 1
    if degree < 1:
        return []
    if degree == 1:
        return [div(-numbers[0], numbers[1])]
    if degree == 2:
        return quadratic_roots(*numbers)
    gap = math.gcd(*(power for power, value in enumerate(numbers) if value != 0 and power))
    if gap > 1:
        inner = roots_of(numbers[::gap], real=False)
        return [one for value in inner for one in all_roots(value, gap)]
    if degree == 4 and all(is_rational(value) for value in numbers):
        pair = quadratic_factors(primitive(numbers))
        if pair is not None:
            return [one for factor in pair for one in quadratic_roots(*factor)]
    raise NotExact("roots that cannot be written down")


def quadratic_roots(c: Any, b: Any, a: Any) -> list[Any]:
    """Both roots, once if they are equal; complex ones too."""
    inner = b * b - 4 * a * c
    if inner == 0:
        return [div(-b, 2 * a)]
    half = sqrt(inner)
    return [div(-b - half, 2 * a), div(-b + half, 2 * a)]


def all_roots(value: Any, degree: int) -> list[Any]:
    """Every number whose power is the value, for degrees two and four and real roots of others."""
    if value == 0:
        return [0]
    if degree % 2 == 0:
        half = sqrt(value)
        return [one for side in (half, -half) for one in all_roots(side, degree // 2)] if degree > 2 else [half, -half]
    first = root(value, degree)
    if degree == 3:
        third = div(-1 + sqrt(-3), 2)
        return [first, first * third, first * third * third]
    if degree == 1:
        return [value]
    raise NotExact("complex roots of such a degree")


def quadratic_factors(integers: list[int]) -> list[list[int]] | None:
    """Two quadratic factors of a quartic with small integer coefficients."""
    e, d, c, b, a = integers
    if abs(a) > 200 or abs(e) > 2000:
        return None
    for first in small_divisors(abs(a)):
        for low in (sign * one for one in small_divisors(abs(e)) for sign in (1, -1)):
            second, high = a // first, e // low
            step()
            for middle in range(-60, 61):  # first·x² + middle·x + low times second·x² + other·x + high
                if (b - second * middle) % first:
                    continue
                other = (b - second * middle) // first
                if first * high + middle * other + second * low == c and middle * high + other * low == d:
                    return [[low, middle, first], [high, other, second]]
    return None
