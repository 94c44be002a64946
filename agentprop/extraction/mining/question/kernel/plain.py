"""The other route's arithmetic: Python's integers and floating-point numbers, and what number a float must be."""

from __future__ import annotations

import cmath
import math
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined

TOLERANCE = 1e-9
LARGEST_DENOMINATOR = 20_000


def plain_div(left: Any, right: Any) -> Any:
    """left / right; whole quotients of integers stay integers."""
    if right == 0:
        raise Undefined("division by zero")
    if isinstance(left, tuple):
        matrix: Any = left
        return matrix * (1 / Fraction(right) if isinstance(right, int) else 1 / right)
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    try:
        return left / right
    except OverflowError:
        raise NotExact("too large for a float") from None


def plain_power(base: Any, exponent: Any) -> Any:
    """base ** exponent; real odd roots of negative numbers are real."""
    if isinstance(exponent, int):
        if isinstance(base, tuple):
            matrix: Any = base
            return matrix**exponent
        if isinstance(base, int) and abs(exponent) * base.bit_length() > 60_000:
            raise NotExact("too large a power")
        if exponent < 0:
            return plain_div(1, plain_power(base, -exponent))
        try:
            return base**exponent
        except OverflowError:
            raise NotExact("too large a power") from None
    if isinstance(base, complex) or isinstance(exponent, complex):
        return base**exponent
    if base >= 0:
        try:
            return float(base) ** exponent
        except (OverflowError, ZeroDivisionError):
            raise Undefined("no such power") from None
    ratio = Fraction(exponent).limit_denominator(99)
    if abs(ratio - exponent) < 1e-12 and ratio.denominator % 2:
        size = float(-base) ** exponent
        return size if ratio.numerator % 2 == 0 else -size
    return complex(base) ** exponent


def plain_root(value: Any, degree: Any) -> Any:
    """The root; real for odd roots of negative numbers, complex for even ones."""
    degree = plain_whole(degree)
    if isinstance(value, complex):
        return value ** (1 / degree)
    if value < 0:
        return -plain_root(-value, degree) if degree % 2 else complex(value) ** (1 / degree)
    if isinstance(value, int):
        guess = round(value ** (1 / degree)) if value.bit_length() < 1000 else 0
        if guess**degree == value:
            return guess
    return math.sqrt(value) if degree == 2 else float(value) ** (1 / degree)


def plain_real_root(value: Any, degree: Any) -> Any:
    """The root, if it is real. Raises Undefined."""
    if degree % 2 == 0 and value < 0:
        raise Undefined("an even root of a negative number")
    return plain_root(value, degree)


def plain_whole(value: Any) -> int:
    """The integer that a number is, up to rounding."""
    if isinstance(value, int):
        return value
    if isinstance(value, complex):
        if abs(value.imag) > TOLERANCE:
            raise Undefined("not a whole number")
        value = value.real
    if value != value or abs(value) > 1e15 or abs(value - round(value)) > 1e-7 * max(1.0, abs(value) * 1e-6):
        raise Undefined("not a whole number")
    near: int = round(value)
    return near


def plain_log(base: Any, value: Any) -> Any:
    """The logarithm."""
    if isinstance(value, complex) or value <= 0 or base <= 0 or base == 1:
        raise Undefined("no such logarithm")
    return math.log(value) / math.log(base)


def plain_ln(value: Any) -> Any:
    """The natural logarithm."""
    return plain_log(math.e, value)


def plain_sin(angle: Any) -> Any:
    """The sine, of complex numbers too."""
    return cmath.sin(angle) if isinstance(angle, complex) else math.sin(angle)


def plain_cos(angle: Any) -> Any:
    """The cosine."""
    return cmath.cos(angle) if isinstance(angle, complex) else math.cos(angle)


def plain_tan(angle: Any) -> Any:
    """The tangent."""
    return plain_div(plain_sin(angle), nonzero(plain_cos(angle)))


def plain_cot(angle: Any) -> Any:
    """The cotangent."""
    return plain_div(plain_cos(angle), nonzero(plain_sin(angle)))


def plain_sec(angle: Any) -> Any:
    """The secant."""
    return plain_div(1, nonzero(plain_cos(angle)))


def plain_csc(angle: Any) -> Any:
    """The cosecant."""
    return plain_div(1, nonzero(plain_sin(angle)))


def plain_cis(angle: Any) -> Any:
    """cos + i sin."""
    return cmath.exp(1j * angle)


def nonzero(value: Any) -> Any:
    """The value, if it is not zero up to rounding."""
    if abs(value) < 1e-13:
        raise Undefined("division by zero")
    return value


def plain_arcsin(value: Any) -> float:
    """The inverse sine."""
    return math.asin(within_one(value))


def plain_arccos(value: Any) -> float:
    """The inverse cosine."""
    return math.acos(within_one(value))


def within_one(value: Any) -> Any:
    """A value between -1 and 1, rounding forgiven."""
    if isinstance(value, complex) or abs(value) > 1 + 1e-12:
        raise Undefined("no such angle")
    return max(-1, min(1, value))


def plain_arctan(value: Any) -> float:
    """The inverse tangent."""
    return math.atan(value)


def plain_arccot(value: Any) -> float:
    """The inverse cotangent, between 0 and pi."""
    return math.pi / 2 - math.atan(value)


def plain_absolute(value: Any) -> Any:
    """The absolute value; the length of a list of coordinates."""
    if isinstance(value, list | tuple):
        return math.sqrt(sum(abs(entry) ** 2 for entry in plain_flat(value)))
    return abs(value)


def plain_flat(value: Any) -> list[Any]:
    """The numbers of nested lists, in order."""
    return [inner for entry in value for inner in (plain_flat(entry) if isinstance(entry, list | tuple) else [entry])]


def plain_real(value: Any) -> Any:
    """The real part."""
    return value.real


def plain_imaginary(value: Any) -> Any:
    """The imaginary part."""
    return value.imag


def plain_conjugate(value: Any) -> Any:
    """The complex conjugate."""
    return value.conjugate()


def plain_floor(value: Any) -> int:
    """The greatest integer not above, forgiving rounding."""
    return value if isinstance(value, int) else math.floor(value + 1e-10)


def plain_ceil(value: Any) -> int:
    """The least integer not below, forgiving rounding."""
    return value if isinstance(value, int) else math.ceil(value - 1e-10)


def plain_rounded(value: Any, unit: Any) -> Any:
    """The nearest multiple of a unit, halves away from zero."""
    size = math.floor(abs(value) / unit + 0.5 + 1e-9)
    return (size if value >= 0 else -size) * unit


def plain_degrees(value: Any) -> float:
    """An angle in degrees as a number."""
    return float(value * math.pi / 180)


def plain_factorial(value: Any) -> int:
    """n!, factor by factor."""
    n, product = plain_whole(value), 1
    if not 0 <= n <= 400:
        raise Undefined("no such factorial")
    for factor in range(2, n + 1):
        product *= factor
    return product


def plain_binomial(n: Any, k: Any) -> int:
    """n choose k by Pascal's rule along a row."""
    n, k = plain_whole(n), plain_whole(k)
    if n < 0 or n > 5000:
        raise Undefined("such a binomial coefficient")
    if not 0 <= k <= n:
        return 0
    value = 1
    for place in range(1, min(k, n - k) + 1):
        value = value * (n - place + 1) // place
    return value


def plain_repeating(start: Any, places: int, repeated: Any, length: int) -> float:
    """The decimal written out far enough for a float."""
    if repeated >= 10**length:
        raise Undefined("more digits than the bar covers")
    behind = sum(float(repeated) / 10 ** (places + length * turn) for turn in range(1, 20))
    return float(start) + float(behind)


def plain_base_number(digits: Any, base: Any) -> int:
    """A numeral's value as Python reads it."""
    try:
        return int(str(plain_whole(digits)), plain_whole(base))
    except ValueError:
        raise Undefined("a digit that the base does not have") from None


# --- what a float is ---


def same_number(left: Any, right: Any, tolerance: float = 1e-7) -> bool:
    """Whether two numbers are equal up to rounding."""
    if isinstance(left, list | tuple) or isinstance(right, list | tuple):
        return (
            isinstance(left, list | tuple)
            and isinstance(right, list | tuple)
            and len(left) == len(right)
            and all(same_number(a, b, tolerance) for a, b in zip(left, right, strict=True))
        )
    return bool(abs(left - right) <= tolerance * max(1.0, abs(left), abs(right)))


def rational_near(value: Any) -> Any:
    """The rational number with a small denominator that a float is. Raises NotExact.

    Every number has fractions p/q that miss it by less than 1/q²; one that is meant misses it by far less.
    """
    if isinstance(value, int | Fraction):
        return value
    if isinstance(value, complex):
        if abs(value.imag) > 1e-8 * max(1.0, abs(value)):
            raise NotExact("a complex number")
        value = value.real
    if value != value or math.isinf(value):
        raise Undefined("no number")
    near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    size = max(1.0, abs(value))
    if abs(float(near) - value) > min(TOLERANCE * size, max(1e-3 / near.denominator**2, 1e-13 * size)):
        raise NotExact("no simple fraction")
    return near.numerator if near.denominator == 1 else near


PLAIN_PI = math.pi
PLAIN_E = math.e
PLAIN_I = 1j
