"""Exact numbers: sums of rational multiples of products of roots, powers of pi, and the imaginary unit.

A term is written as (whether it holds i, the power of pi, the primes with their exponents between 0 and 1); distinct
terms are linearly independent over the rationals, so equality of terms is equality of numbers.

    1/2 + 3·√2  →  {(0, 0, ()): 1/2, (0, 0, ((2, 1/2),)): 3}
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step

Rational = int | Fraction
TermKey = tuple[int, int, tuple[tuple[int, Fraction], ...]]
UNIT: TermKey = (0, 0, ())
PI_DIGITS = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798"
MOST_BITS = 60_000
LARGEST_FACTOR = 1_000_000


class Exact:
    """A number with roots, pi or i in it; rational numbers are never of this class."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict[TermKey, Fraction]) -> None:
        self.terms = terms

    def __add__(self, other: Any) -> Any:
        mine = terms_of(other)
        return NotImplemented if mine is None else number_of(added(self.terms, mine, 1))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        mine = terms_of(other)
        return NotImplemented if mine is None else number_of(added(self.terms, mine, -1))

    def __rsub__(self, other: Any) -> Any:
        mine = terms_of(other)
        return NotImplemented if mine is None else number_of(added(mine, self.terms, -1))

    def __mul__(self, other: Any) -> Any:
        mine = terms_of(other)
        return NotImplemented if mine is None else number_of(multiplied(self.terms, mine))

    __rmul__ = __mul__

    def __neg__(self) -> Exact:
        return Exact({key: -value for key, value in self.terms.items()})

    def __eq__(self, other: object) -> bool:
        mine = terms_of(other)
        return mine is not None and self.terms == mine

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __lt__(self, other: Any) -> bool:
        return sign_of(self - other) < 0

    def __gt__(self, other: Any) -> bool:
        return sign_of(self - other) > 0

    def __le__(self, other: Any) -> bool:
        return sign_of(self - other) <= 0

    def __ge__(self, other: Any) -> bool:
        return sign_of(self - other) >= 0

    def __repr__(self) -> str:
        return f"Exact({self.terms})"


def terms_of(value: object) -> dict[TermKey, Fraction] | None:
    """The terms of a number; None for anything else."""
    if isinstance(value, Exact):
        return value.terms
    if isinstance(value, int | Fraction):
        return {UNIT: Fraction(value)} if value else {}
    return None


def number_of(terms: dict[TermKey, Fraction]) -> Any:
    """The number of terms, of the simplest type."""
    kept = {key: value for key, value in terms.items() if value}
    if not kept:
        return 0
    if len(kept) == 1 and UNIT in kept:
        value = kept[UNIT]
        return value.numerator if value.denominator == 1 else value
    return Exact(kept)


def added(left: dict[TermKey, Fraction], right: dict[TermKey, Fraction], sign: int) -> dict[TermKey, Fraction]:
    """left + sign · right."""
    total = dict(left)
    for key, value in right.items():
        total[key] = total.get(key, Fraction(0)) + sign * value
    return total


def multiplied(left: dict[TermKey, Fraction], right: dict[TermKey, Fraction]) -> dict[TermKey, Fraction]:
    """left · right."""
    step(len(left) * len(right))
    total: dict[TermKey, Fraction] = {}
    for (i, pi, roots), a in left.items():
        for (j, more, others), b in right.items():
            factor, merged = merged_roots(roots, others)
            key = (i ^ j, pi + more, merged)
            total[key] = total.get(key, Fraction(0)) + (-a if i and j else a) * b * factor
    return total


def merged_roots(
    left: tuple[tuple[int, Fraction], ...], right: tuple[tuple[int, Fraction], ...]
) -> tuple[int, tuple[tuple[int, Fraction], ...]]:
    """The product of two products of roots as (whole factor, roots)."""
    exponents = dict(left)
    factor = 1
    for prime, exponent in right:
        exponents[prime] = exponents.get(prime, Fraction(0)) + exponent
    for prime, exponent in list(exponents.items()):
        if exponent >= 1:
            factor *= prime
            exponents[prime] = exponent - 1
    return factor, tuple(sorted((p, e) for p, e in exponents.items() if e))


PI = Exact({(0, 1, ()): Fraction(1)})
IMAGINARY = Exact({(1, 0, ()): Fraction(1)})


# --- size and sign ---


def is_rational(value: object) -> bool:
    """Whether a value is an integer or a fraction."""
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def is_real(value: object) -> bool:
    """Whether a value has no imaginary part."""
    return is_rational(value) or (isinstance(value, Exact) and not any(i for i, _, _ in value.terms))


def decimal_of(value: Any, digits: int = 50) -> Decimal:
    """A real number to so many digits. Raises Undefined for complex ones."""
    with localcontext() as context:
        context.prec = digits + 15
        if not isinstance(value, Exact):
            value = Fraction(value)
            return Decimal(value.numerator) / Decimal(value.denominator)
        total = Decimal(0)
        for (i, pi, roots), factor in value.terms.items():
            if i:
                raise Undefined("a complex number has no order")
            part = Decimal(factor.numerator) / Decimal(factor.denominator)
            for prime, exponent in roots:
                part *= Decimal(prime) ** (Decimal(exponent.numerator) / Decimal(exponent.denominator))
            total += part * Decimal(PI_DIGITS) ** pi
        return total


def sign_of(value: Any) -> int:
    """-1, 0 or 1."""
    if not isinstance(value, Exact):
        return int(value > 0) - int(value < 0)
    number = decimal_of(value)
    if abs(number) < Decimal(10) ** -40:
        raise NotExact("too close to zero to tell its sign")
    return 1 if number > 0 else -1


def number(value: Any) -> Any:
    """The value as a Python float or complex number."""
    if not isinstance(value, Exact):
        return float(value) if isinstance(value, int | Fraction) else value
    real = number_of({key: factor for key, factor in value.terms.items() if not key[0]})
    imaginary = number_of({(0, *key[1:]): factor for key, factor in value.terms.items() if key[0]})
    if imaginary == 0:
        return float(decimal_of(real))
    return complex(float(decimal_of(real)), float(decimal_of(imaginary)))


def whole(value: Any) -> int:
    """An integer as such. Raises Undefined for anything else."""
    if isinstance(value, int):
        return value
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    raise Undefined("not a whole number")


# --- division and powers ---


def div(left: Any, right: Any) -> Any:
    """left / right, exactly."""
    if right == 0:
        raise Undefined("division by zero")
    if isinstance(right, tuple):
        raise Undefined("division by a matrix")
    if isinstance(left, tuple):
        return left * div(1, right)  # a matrix
    if is_rational(left) and is_rational(right):
        quotient = Fraction(left) / right
        return quotient.numerator if quotient.denominator == 1 else quotient
    if hasattr(right, "over") or hasattr(left, "over"):
        return right.under(left) if hasattr(right, "over") else left.over(right)
    return left * reciprocal(right)


def reciprocal(value: Any) -> Any:
    """1 / value; the denominator is made rational root by root."""
    terms = terms_of(value)
    assert terms is not None
    if len(terms) == 1:
        ((i, pi, roots), factor) = next(iter(terms.items()))
        primes = Fraction(1)
        flipped = []
        for prime, exponent in roots:
            primes /= prime
            flipped.append((prime, 1 - exponent))
        return number_of({(i, -pi, tuple(flipped)): (-1 if i else 1) * primes / factor})
    conjugate = conjugate_of(terms)
    below = multiplied(terms, conjugate)
    return number_of(conjugate) * reciprocal(number_of(below))


def conjugate_of(terms: dict[TermKey, Fraction]) -> dict[TermKey, Fraction]:
    """The terms with the sign of one square root, or of i, turned; multiplying by it removes that root."""
    step(len(terms))
    if any(i for i, _, _ in terms):
        return {key: -value if key[0] else value for key, value in terms.items()}
    primes = sorted({prime for _, _, roots in terms for prime, _ in roots})
    if not primes or any(exponent != Fraction(1, 2) for _, _, roots in terms for _, exponent in roots):
        raise NotExact("a denominator that cannot be made rational")
    last = primes[-1]
    return {key: -value if any(p == last for p, _ in key[2]) else value for key, value in terms.items()}


def power(base: Any, exponent: Any) -> Any:
    """base ^ exponent for rational exponents; real odd roots of negative numbers are real."""
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        exponent = exponent.numerator
    if isinstance(exponent, int):
        return integer_power(base, exponent)
    if not isinstance(exponent, Fraction):
        raise NotExact("an exponent that is not rational")
    return integer_power(root(base, exponent.denominator), exponent.numerator)


def integer_power(base: Any, exponent: int) -> Any:
    """base ^ exponent by squaring."""
    if isinstance(base, tuple):
        matrix: Any = base
        return matrix**exponent
    if exponent < 0:
        return div(1, integer_power(base, -exponent))
    if is_rational(base):
        if bits_of(base) * exponent > MOST_BITS:
            raise NotExact("too large a power")
        return base**exponent
    result: Any = 1
    if exponent > 400:
        raise NotExact("too large a power")
    while exponent:
        if exponent & 1:
            result = base * result
        exponent >>= 1
        if exponent:
            base = base * base
    return result


def bits_of(value: Rational) -> int:
    """How long a rational number is; 0 for those whose powers stay short."""
    if value in (0, 1, -1):
        return 0
    return max(abs(value.numerator).bit_length(), value.denominator.bit_length())


def root(value: Any, degree: Any) -> Any:
    """The root of a degree; principal for complex numbers, real for odd roots of negative ones."""
    degree = whole(degree)
    if degree < 1:
        raise Undefined("a root of no degree")
    if degree == 1:
        return value
    if is_rational(value):
        return rational_root(Fraction(value), degree)
    if hasattr(value, "over"):
        raise NotExact("the root of an unknown")
    if len(value.terms) == 1:
        ((key, factor),) = value.terms.items()
        return single_root(key, factor, degree)
    if degree % 2 == 0:
        inner = square_root_of_sum(value)
        return inner if degree == 2 else root(inner, degree // 2)
    raise NotExact("the odd root of a sum")


def rational_root(value: Fraction, degree: int) -> Any:
    """The root of a rational number as a product of roots of primes."""
    if value == 0:
        return 0
    if value < 0:
        if degree % 2:
            return -rational_root(-value, degree)
        if degree == 2:
            return IMAGINARY * rational_root(-value, 2)
        raise NotExact("a higher root of a negative number")
    factor, exponents = Fraction(1), {}
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in prime_powers(part).items():
            whole_part, rest = divmod(sign * count, degree)
            factor *= Fraction(prime) ** whole_part
            if rest:
                exponents[prime] = Fraction(rest, degree)
    return number_of({(0, 0, tuple(sorted(exponents.items()))): factor})


def single_root(key: TermKey, factor: Fraction, degree: int) -> Any:
    """The root of one term."""
    i, pi, roots = key
    if i or pi % degree:
        if i and degree == 2 and not pi and not roots:
            half = root(abs(factor) / 2, 2)
            return half + (IMAGINARY if factor > 0 else -IMAGINARY) * half
        raise NotExact("the root of such a term")
    total = rational_root(factor, degree)
    for prime, exponent in roots:
        total = total * number_of({(0, 0, ((prime, exponent / degree),)): Fraction(1)})
    return total * number_of({(0, pi // degree, ()): Fraction(1)})


def square_root_of_sum(value: Exact) -> Any:
    """√(a + b) where b is one root or multiple of i: √((a + s)/2) ± √((a - s)/2) if s = √(a² - b²) is rational."""
    parts = [(number_of({key: factor}), key) for key, factor in value.terms.items()]
    if len(parts) != 2:
        raise NotExact("the root of a long sum")
    for (first, _), (second, key) in (parts, parts[::-1]):
        inner = first * first - second * second
        if not is_rational(inner) or inner < 0:
            continue
        s = rational_root(Fraction(inner), 2)
        if not is_rational(s) or not is_rational(first * first):
            continue
        large, small = root((first + s) * Fraction(1, 2), 2), root((first - s) * Fraction(1, 2), 2)
        found = large + small if key[0] == 0 and sign_of(second) > 0 else large - small
        if key[0]:
            found = large + small if value.terms[key] > 0 else large - small
        if found * found == value and (not is_real(found) or sign_of(found) >= 0):
            return found
    raise NotExact("a nested root")


def prime_powers(n: int) -> dict[int, int]:
    """Primes of a positive integer with their exponents. Raises NotExact for large factors."""
    found: dict[int, int] = {}
    divisor = 2
    while divisor * divisor <= n:
        if divisor > LARGEST_FACTOR:
            raise NotExact("a number that is hard to factor")
        while n % divisor == 0:
            found[divisor] = found.get(divisor, 0) + 1
            n //= divisor
        divisor += 1 if divisor == 2 else 2
        if divisor % 1000 == 1:
            step(100)
    if n > 1:
        found[n] = found.get(n, 0) + 1
    return found


def real_root(value: Any, degree: Any) -> Any:
    """The root, if it is real. Raises Undefined."""
    if degree % 2 == 0 and sign_of(value) < 0:
        raise Undefined("an even root of a negative number")
    return root(value, degree)


def sqrt(value: Any) -> Any:
    """The square root."""
    return root(value, 2)


# --- parts and steps ---


def absolute(value: Any) -> Any:
    """The absolute value, of complex numbers too; the length of a list of coordinates."""
    if isinstance(value, list | tuple):
        return sqrt(sum(entry * entry for entry in flat_list(value)))
    if is_rational(value):
        return abs(value)
    if not isinstance(value, Exact):
        raise NotExact("the absolute value of an unknown")
    if is_real(value):
        return value if sign_of(value) > 0 else -value
    return sqrt(value * conjugate(value))


def flat_list(value: Any) -> list[Any]:
    """The numbers of nested lists, in order."""
    return [inner for entry in value for inner in (flat_list(entry) if isinstance(entry, list | tuple) else [entry])]


def conjugate(value: Any) -> Any:
    """The complex conjugate; unknowns are real."""
    if hasattr(value, "over"):
        return value.conjugated()
    if not isinstance(value, Exact):
        return value
    return number_of({key: -factor if key[0] else factor for key, factor in value.terms.items()})


def real_part(value: Any) -> Any:
    """Re."""
    return div(value + conjugate(value), 2)


def imaginary_part(value: Any) -> Any:
    """Im."""
    return div(value - conjugate(value), 2 * IMAGINARY)


def floor(value: Any) -> int:
    """The greatest integer that is not above."""
    if is_rational(value):
        whole_part: int = math.floor(value)
        return whole_part
    if not isinstance(value, Exact):
        raise NotExact("the floor of an unknown")
    return math.floor(decimal_of(value))


def ceil(value: Any) -> int:
    """The least integer that is not below."""
    return -floor(-value)


def nearest(value: Any) -> int:
    """The nearest integer, halves away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -nearest(-value)


def rounded(value: Any, unit: Any) -> Any:
    """The nearest multiple of a unit, halves away from zero."""
    return nearest(div(value, unit)) * unit


def euler() -> Any:
    """e has no place among these numbers."""
    raise NotExact("e")
