"""Quotients of polynomials in unknowns: what an equation becomes when its unknown is put in as itself.

A polynomial is a map from monomials to coefficients; a monomial is the unknowns by number with their exponents, sorted.

    3x²y - 1  →  {((0, 2), (1, 1)): 3, (): -1}
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import Exact, conjugate, div, is_rational
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step

Monomial = tuple[tuple[int, int], ...]
Polynomial = dict[Monomial, Any]
MOST_TERMS = 400


class QuotientForm:
    """top / bottom; the bottom is never zero."""

    __slots__ = ("bottom", "top")

    def __init__(self, top: Polynomial, bottom: Polynomial) -> None:
        self.top = top
        self.bottom = bottom

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, QuotientForm):
            return NotImplemented if not is_coefficient(other) else self + constant_form(other)
        if self.bottom == other.bottom:
            return QuotientForm(poly_sum(self.top, other.top), self.bottom)
        top = poly_sum(poly_product(self.top, other.bottom), poly_product(other.top, self.bottom))
        return reduced(QuotientForm(top, poly_product(self.bottom, other.bottom)))

    __radd__ = __add__

    def __neg__(self) -> QuotientForm:
        return QuotientForm({key: -value for key, value in self.top.items()}, self.bottom)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, QuotientForm):
            if not is_coefficient(other):
                return NotImplemented
            return QuotientForm(
                {key: value * other for key, value in self.top.items() if value * other != 0}, self.bottom
            )
        return reduced(QuotientForm(poly_product(self.top, other.top), poly_product(self.bottom, other.bottom)))

    __rmul__ = __mul__

    def over(self, other: Any) -> QuotientForm:
        """self / other."""
        if not isinstance(other, QuotientForm):
            other = constant_form(other)
        if not other.top:
            raise Undefined("division by zero")
        return reduced(QuotientForm(poly_product(self.top, other.bottom), poly_product(self.bottom, other.top)))

    def under(self, other: Any) -> QuotientForm:
        """other / self."""
        return (other if isinstance(other, QuotientForm) else constant_form(other)).over(self)

    def conjugated(self) -> QuotientForm:
        """The conjugate for real unknowns."""
        top = {key: conjugate(value) for key, value in self.top.items()}
        return QuotientForm(top, {key: conjugate(value) for key, value in self.bottom.items()})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QuotientForm):
            if not is_coefficient(other):
                return False
            other = constant_form(other)
        return not poly_sum(poly_product(self.top, other.bottom), poly_product(other.top, self.bottom), -1)

    def __hash__(self) -> int:
        return hash(frozenset(self.top.items()))

    def __lt__(self, other: Any) -> bool:
        raise NotExact("the order of unknowns")

    __le__ = __gt__ = __ge__ = __lt__

    def __abs__(self) -> Any:
        raise NotExact("the absolute value of an unknown")


def is_coefficient(value: object) -> bool:
    """Whether a value may be a coefficient."""
    return is_rational(value) or isinstance(value, Exact)


def constant_form(value: Any) -> QuotientForm:
    """A number as a form."""
    return QuotientForm({(): value} if value != 0 else {}, {(): 1})


def unknown(index: int) -> QuotientForm:
    """The unknown of a number."""
    return QuotientForm({((index, 1),): 1}, {(): 1})


def settled(value: Any) -> Any:
    """The number that a form is equal to, if it holds no unknown; other values as they are."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else value
    if not isinstance(value, QuotientForm):
        return value
    if not value.top:
        return 0
    if set(value.bottom) == {()} and set(value.top) == {()}:
        return div(value.top[()], value.bottom[()])
    key = next(iter(value.top))
    if value.top.keys() == value.bottom.keys():
        ratio = div(value.top[key], value.bottom[key])
        if all(value.top[other] == value.bottom[other] * ratio for other in value.top):
            return ratio
    return value


# --- polynomials ---


def poly_sum(left: Polynomial, right: Polynomial, sign: int = 1) -> Polynomial:
    """left + sign · right."""
    total = dict(left)
    for key, value in right.items():
        value = total.get(key, 0) + sign * value
        if value == 0:
            total.pop(key, None)
        else:
            total[key] = value
    return total


def poly_product(left: Polynomial, right: Polynomial) -> Polynomial:
    """left · right."""
    if len(left) == 1 and () in left:
        return {key: value * left[()] for key, value in right.items()}
    if len(right) == 1 and () in right:
        return {key: value * right[()] for key, value in left.items()}
    step(len(left) * len(right))
    total: Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            key = monomial_product(a, b)
            total[key] = total.get(key, 0) + x * y
    if len(total) > MOST_TERMS:
        raise NotExact("too long a polynomial")
    return {key: value for key, value in total.items() if value != 0}


def monomial_product(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    if not left or not right:
        return left or right
    exponents = dict(left)
    for index, exponent in right:
        exponents[index] = exponents.get(index, 0) + exponent
    return tuple(sorted(exponents.items()))


def unknowns_of(polynomial: Polynomial) -> set[int]:
    """Numbers of the unknowns that occur."""
    return {index for key in polynomial for index, _ in key}


def coefficients_in(polynomial: Polynomial, index: int) -> list[Polynomial]:
    """Coefficients of the powers of one unknown, constant first; they are polynomials in the others."""
    found: list[Polynomial] = [{}]
    for key, value in polynomial.items():
        exponent = dict(key).get(index, 0)
        rest = tuple(part for part in key if part[0] != index)
        while len(found) <= exponent:
            found.append({})
        found[exponent][rest] = value
    return found


def numbers_in(polynomial: Polynomial, index: int) -> list[Any]:
    """Coefficients of a polynomial in one unknown alone, constant first."""
    return [part.get((), 0) for part in coefficients_in(polynomial, index)]


def put_in(polynomial: Polynomial, index: int, value: Any) -> QuotientForm:
    """The polynomial with a number or a form for one unknown."""
    total: Any = constant_form(0)
    for part in reversed(coefficients_in(polynomial, index)):
        total = total * value + QuotientForm(part, {(): 1})
    return total if isinstance(total, QuotientForm) else constant_form(total)


def reduced(form: QuotientForm) -> QuotientForm:
    """The form without a common factor, for forms in one unknown; without a common monomial and number for others."""
    if not form.top:
        return QuotientForm({}, {(): 1})
    if set(form.bottom) == {()}:
        below = form.bottom[()]
        return (
            form if below == 1 else QuotientForm({key: div(value, below) for key, value in form.top.items()}, {(): 1})
        )
    present = unknowns_of(form.top) | unknowns_of(form.bottom)
    if len(present) != 1 or not all(is_rational(v) for v in (*form.top.values(), *form.bottom.values())):
        return form
    (index,) = present
    top, bottom = numbers_in(form.top, index), numbers_in(form.bottom, index)
    shared = common_divisor(top, bottom)
    if len(shared) > 1:
        top, bottom = divided(top, shared)[0], divided(bottom, shared)[0]
    return QuotientForm(from_list(top, index), from_list(bottom, index)) if len(shared) > 1 else form


def from_list(numbers: list[Any], index: int) -> Polynomial:
    """Coefficients, constant first, as a polynomial."""
    return {((index, power),) if power else (): value for power, value in enumerate(numbers) if value != 0}


def trimmed(numbers: list[Any]) -> list[Any]:
    """Coefficients without leading zeros."""
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers


def divided(top: list[Any], bottom: list[Any]) -> tuple[list[Any], list[Any]]:
    """(quotient, remainder) of polynomials in one unknown, constant first."""
    bottom = trimmed(bottom)
    if not bottom:
        raise Undefined("division by zero")
    rest = list(top)
    quotient = [0] * max(len(rest) - len(bottom) + 1, 1)
    while len(rest := trimmed(rest)) >= len(bottom):
        step(len(bottom))
        factor, shift = div(rest[-1], bottom[-1]), len(rest) - len(bottom)
        quotient[shift] = factor
        rest = [value - factor * bottom[place - shift] if place >= shift else value for place, value in enumerate(rest)]
        rest = rest[:-1]
    return trimmed(quotient), rest


def common_divisor(left: list[Any], right: list[Any]) -> list[Any]:
    """The greatest common divisor, leading coefficient one."""
    left, right = trimmed(left), trimmed(right)
    while right:
        left, right = right, trimmed(divided(left, right)[1])
    return [div(value, left[-1]) for value in left]


def value_at(numbers: list[Any], point: Any) -> Any:
    """The value of a polynomial, by Horner."""
    total: Any = 0
    for value in reversed(numbers):
        total = total * point + value
    return total
