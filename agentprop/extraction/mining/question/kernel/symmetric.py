"""Symmetric expressions in the roots of a polynomial, and identities that hold for all values of letters."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import div
from agentprop.extraction.mining.question.kernel.forms import (
    Monomial,
    Polynomial,
    QuotientForm,
    constant_form,
    poly_product,
    poly_sum,
    settled,
    trimmed,
    unknown,
)
from agentprop.extraction.mining.question.kernel.limits import Undefined, step
from agentprop.extraction.mining.question.kernel.plain import same_number
from agentprop.extraction.mining.question.kernel.polynomials import form_of, single, zeros_of
from agentprop.extraction.mining.question.kernel.systems import Further

SAMPLES = (0.37, 1.91, -2.63, 3.17, -0.71, 5.29, 0.83, -4.41, 2.23, -1.33)


def over_roots(count: int, polynomial: Callable[..., Any], body: Callable[..., Any], real: bool = False) -> Any:
    """The value that an expression has for the roots of a polynomial in any order; `real` ones if that is said.

    Top and bottom are reduced by Cauchy's modules: p(r1), the divided difference p[r1, r2], and so on, whose leading
    monomials are r1^n, r2^(n-1), …; what is symmetric is left as a number.
    """
    numbers = trimmed(single(1, polynomial))
    if len(numbers) != count + 1 or (real and not all_real(polynomial)):
        raise Undefined("another number of roots")
    rules = [(index, count - index, module(numbers, index)) for index in range(count)]
    form = form_of(count, body)
    return div(constant_of(form.top, rules), constant_of(form.bottom, rules))


def all_real(polynomial: Callable[..., Any]) -> bool:
    """Whether a polynomial has no root that is not real."""
    return all(abs(zero.imag) < 1e-7 * max(1.0, abs(zero)) for zero in zeros_of(1, polynomial))


def module(numbers: list[Any], index: int) -> Polynomial:
    """The divided difference of the polynomial over the first index + 1 roots: sums of products of all degrees."""
    total: Polynomial = {}
    for power, value in enumerate(numbers):
        for key in complete_monomials(index + 1, power - index):
            total[key] = total.get(key, 0) + value
    return {key: value for key, value in total.items() if value != 0}


def complete_monomials(count: int, degree: int) -> list[Monomial]:
    """All monomials of a degree in so many unknowns."""
    if degree < 0:
        return []
    found = []
    for chosen in itertools.combinations_with_replacement(range(count), degree):
        found.append(tuple((index, chosen.count(index)) for index in sorted(set(chosen))))
    return found


def constant_of(polynomial: Polynomial, rules: list[tuple[int, int, Polynomial]]) -> Any:
    """What is left of a symmetric polynomial. Raises Undefined for others."""
    for index, power, rule in reversed(rules):
        leading = rule[((index, power),)]
        while True:
            key = next((key for key in polynomial if dict(key).get(index, 0) >= power), None)
            if key is None:
                break
            step(len(rule))
            exponents = dict(key)
            exponents[index] -= power
            rest = tuple(sorted((i, e) for i, e in exponents.items() if e))
            factor = div(polynomial[key], leading)
            polynomial = poly_sum(polynomial, poly_product(rule, {rest: factor}), -1)
    if set(polynomial) - {()}:
        raise Undefined("the value depends on the order of the roots")
    return polynomial.get((), 0)


def plain_over_roots(count: int, polynomial: Callable[..., Any], body: Callable[..., Any], real: bool = False) -> Any:
    """The same from the roots, in two orders."""
    zeros = zeros_of(1, polynomial)
    if len(zeros) != count or (real and not all_real(polynomial)):
        raise Undefined("another number of roots")
    values = [body(*order) for order in (zeros, zeros[::-1], [*zeros[1:], zeros[0]])]
    if not all(same_number(values[0], value) for value in values):
        raise Undefined("the value depends on the order of the roots")
    return values[0]


def identity_residuals(count: int, function: Callable[..., Any]) -> list[Any]:
    """What must vanish for an expression to vanish whatever its letters are: its coefficients in them."""
    first = Further.next
    Further.next += count
    form = settled(function(*[unknown(first + place) for place in range(count)]))
    if not isinstance(form, QuotientForm):
        return [form]
    parts: dict[Monomial, Polynomial] = {}
    for key, value in form.top.items():
        letters = tuple(part for part in key if first <= part[0] < first + count)
        others = tuple(part for part in key if not first <= part[0] < first + count)
        parts.setdefault(letters, {})[others] = value
    return [settled(QuotientForm(part, {(): 1})) for part in parts.values()] or [constant_form(0)]


def plain_identity_residuals(count: int, function: Callable[..., Any]) -> list[Any]:
    """The same as values at scattered places."""
    found = []
    for place in range(10):
        point = [SAMPLES[(place + 3 * index) % len(SAMPLES)] for index in range(count)]
        try:
            found.append(function(*point))
        except Undefined:
            continue
    return found
