"""Trigonometric functions, logarithms and factorials with exact values where there are some."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import (
    IMAGINARY,
    PI,
    UNIT,
    Exact,
    div,
    is_rational,
    prime_powers,
    sqrt,
    whole,
)
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined

MOST_FACTORIAL = 400


def degrees(value: Any) -> Any:
    """An angle in degrees as a number."""
    return div(value * PI, 180)


def turn_of(angle: Any) -> Fraction:
    """An angle as a multiple of pi. Raises NotExact."""
    if angle == 0:
        return Fraction(0)
    if isinstance(angle, Exact) and set(angle.terms) == {(0, 1, ())}:
        return angle.terms[0, 1, ()]
    raise NotExact("an angle that is no multiple of pi")


def sin(angle: Any) -> Any:
    """The sine of a multiple of pi/12 or pi/10 that has roots of rationals alone."""
    turn = turn_of(angle) % 2
    if turn > 1:
        return -sine_of(turn - 1)
    return sine_of(turn)


def sine_of(turn: Fraction) -> Any:
    """sin(turn · pi) for 0 ≤ turn ≤ 1."""
    if turn > Fraction(1, 2):
        turn = 1 - turn
    values = {
        Fraction(0): 0,
        Fraction(1, 12): div(sqrt(6) - sqrt(2), 4),
        Fraction(1, 10): div(sqrt(5) - 1, 4),
        Fraction(1, 6): Fraction(1, 2),
        Fraction(1, 4): div(sqrt(2), 2),
        Fraction(3, 10): div(sqrt(5) + 1, 4),
        Fraction(1, 3): div(sqrt(3), 2),
        Fraction(5, 12): div(sqrt(6) + sqrt(2), 4),
        Fraction(1, 2): 1,
    }
    if turn not in values:
        raise NotExact("a sine without a simple value")
    return values[turn]


def cos(angle: Any) -> Any:
    """The cosine."""
    return sin(div(PI, 2) - angle)


def tan(angle: Any) -> Any:
    """The tangent."""
    return div(sin(angle), cos(angle))


def cot(angle: Any) -> Any:
    """The cotangent."""
    return div(cos(angle), sin(angle))


def sec(angle: Any) -> Any:
    """The secant."""
    return div(1, cos(angle))


def csc(angle: Any) -> Any:
    """The cosecant."""
    return div(1, sin(angle))


def cis(angle: Any) -> Any:
    """cos + i sin."""
    return cos(angle) + IMAGINARY * sin(angle)


def inverse_turn(function: Any, value: Any, low: int, high: int) -> Any:
    """The multiple of pi between low·pi/2 and high·pi/2 at which a function has a value. Raises NotExact."""
    for angle, found in known_angles(function, low, high):
        if found == value:
            return angle
    raise NotExact("an angle without a simple value")


@cache
def known_angles(function: Any, low: int, high: int) -> tuple[tuple[Any, Any], ...]:
    """Multiples of pi/60 with simple values, and the values."""
    found = []
    for sixtieths in range(30 * low, 30 * high + 1):
        angle = div(sixtieths * PI, 60)
        try:
            found.append((angle, function(angle)))
        except ValueError:
            continue
    return tuple(found)


def arcsin(value: Any) -> Any:
    """The angle between -pi/2 and pi/2 with this sine."""
    return inverse_turn(sin, value, -1, 1)


def arccos(value: Any) -> Any:
    """The angle between 0 and pi with this cosine."""
    return inverse_turn(cos, value, 0, 2)


def arctan(value: Any) -> Any:
    """The angle between -pi/2 and pi/2 with this tangent."""
    return inverse_turn(tan, value, -1, 1)


def arccot(value: Any) -> Any:
    """The angle between 0 and pi with this cotangent."""
    return inverse_turn(cot, value, 0, 2)


def log(base: Any, value: Any) -> Any:
    """The logarithm if it is rational: both are powers of one number. Raises NotExact."""
    left, right = prime_exponents(base), prime_exponents(value)
    if not left:
        raise Undefined("a logarithm to base one")
    if not right:
        return 0
    ratio = right[min(right)] / left.get(min(right), Fraction(1)) if min(right) in left else None
    if ratio is None or {prime: exponent * ratio for prime, exponent in left.items()} != right:
        raise NotExact("a logarithm that is not rational")
    return ratio.numerator if ratio.denominator == 1 else ratio


def prime_exponents(value: Any) -> dict[int, Fraction]:
    """Exponents of the primes in a positive number of one term."""
    if is_rational(value) and value > 0:
        found = {prime: Fraction(count) for prime, count in prime_powers(Fraction(value).numerator).items()}
        for prime, count in prime_powers(Fraction(value).denominator).items():
            found[prime] = found.get(prime, Fraction(0)) - count
        return found
    if isinstance(value, Exact) and len(value.terms) == 1:
        ((i, pi, roots), factor) = next(iter(value.terms.items()))
        if not i and not pi and factor > 0:
            found = prime_exponents(factor)
            for prime, exponent in roots:
                found[prime] = found.get(prime, Fraction(0)) + exponent
            return {prime: exponent for prime, exponent in found.items() if exponent}
    if is_rational(value):
        raise Undefined("a logarithm of a number that is not positive")
    raise NotExact("the logarithm of such a number")


def ln(value: Any) -> Any:
    """The natural logarithm of one; others are not rational."""
    if value == 1:
        return 0
    raise NotExact("a natural logarithm")


def factorial(value: Any) -> int:
    """n!"""
    n = whole(value)
    if n < 0:
        raise Undefined("the factorial of a negative number")
    if n > MOST_FACTORIAL:
        raise NotExact("too large a factorial")
    return math.factorial(n)


def binomial(n: Any, k: Any) -> int:
    """n choose k."""
    n, k = whole(n), whole(k)
    if n < 0 or n > 5000:
        raise Undefined("such a binomial coefficient")
    return math.comb(n, k) if 0 <= k <= n else 0


def mixed(whole_part: Any, top: Any, bottom: Any) -> Any:
    """A mixed number."""
    if not 0 <= top < bottom:
        raise Undefined("not a proper fraction behind a whole number")
    return whole_part + div(top, bottom)


def repeating(start: Any, places: int, repeated: Any, length: int) -> Any:
    """The decimal that goes on with a block of so many digits behind so many places."""
    if repeated >= 10**length:
        raise Undefined("more digits than the bar covers")
    return start + div(repeated, (10**length - 1) * 10**places)


def base_number(digits: Any, base: Any) -> Any:
    """A numeral's value in a base."""
    known = is_rational(base)
    if known and not 2 <= whole(base) <= 36:
        raise Undefined("such a base")
    value: Any = 0
    for digit in str(whole(digits)):
        if known and int(digit) >= base:
            raise Undefined("a digit that the base does not have")
        value = value * base + int(digit)
    return value


assert UNIT == (0, 0, ())
