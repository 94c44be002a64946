"""Polynomials in letters: coefficients, degrees, division, discriminants. Letters are unknowns by number."""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import div, is_rational
from agentprop.extraction.mining.question.kernel.forms import (
    Monomial,
    Polynomial,
    QuotientForm,
    constant_form,
    divided,
    numbers_in,
    settled,
    trimmed,
    unknown,
    unknowns_of,
    value_at,
)
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step
from agentprop.extraction.mining.question.kernel.plain import plain_div, rational_near

Function = Callable[..., Any]


def form_of(count: int, function: Function) -> QuotientForm:
    """A function of letters as the form that it is."""
    value = settled(function(*map(unknown, range(count))))
    return value if isinstance(value, QuotientForm) else constant_form(value)


def polynomial_of(count: int, function: Function) -> Polynomial:
    """A function of letters as a polynomial. Raises Undefined for quotients that do not divide."""
    form = form_of(count, function)
    if set(form.bottom) == {()}:
        return {key: div(value, form.bottom[()]) for key, value in form.top.items()}
    if len(form.bottom) == 1:
        return laurent(form)
    present = unknowns_of(form.top) | unknowns_of(form.bottom)
    if len(present) == 1:
        (index,) = present
        quotient, rest = divided(numbers_in(form.top, index), numbers_in(form.bottom, index))
        if not rest:
            return {((index, power),) if power else (): v for power, v in enumerate(quotient) if v != 0}
    raise Undefined("no polynomial")


def laurent(form: QuotientForm) -> Polynomial:
    """A quotient by one term, exponents below zero allowed."""
    ((below, factor),) = form.bottom.items()
    found: Polynomial = {}
    for key, value in form.top.items():
        exponents = dict(key)
        for index, exponent in below:
            exponents[index] = exponents.get(index, 0) - exponent
        found[tuple(sorted((i, e) for i, e in exponents.items() if e))] = div(value, factor)
    return found


def the_monomial(count: int, function: Function) -> Monomial:
    """A product of powers of letters without a factor."""
    found = polynomial_of(count, function)
    if len(found) != 1 or next(iter(found.values())) != 1:
        raise Undefined("no monomial")
    return next(iter(found))


def coefficient(count: int, function: Function, monomial: Function) -> Any:
    """The coefficient of a monomial."""
    return polynomial_of(count, function).get(the_monomial(count, monomial), 0)


def plain_coefficient(count: int, function: Function, monomial: Function) -> Any:
    """The same by sums over roots of unity, one letter after the other."""
    exponents = dict(the_monomial(count, monomial))
    size = 97 if count == 1 else 23

    def along(index: int, point: list[complex]) -> complex:
        if index == count:
            return complex(function(*point))
        power = exponents.get(index, 0)
        total = 0j
        for turn in range(size):
            step()
            root = cmath.exp(2j * math.pi * turn / size)
            total += along(index + 1, [*point, root]) * root ** (-power)
        return total / size

    if count > 2:
        raise NotExact("too many letters")
    return along(0, [])


def constant_term(count: int, function: Function) -> Any:
    """The term without letters."""
    return polynomial_of(count, function).get((), 0)


def plain_constant_term(count: int, function: Function) -> Any:
    """The same by a sum over roots of unity."""
    return plain_coefficient(count, function, lambda *letters: 1)


def coefficient_total(count: int, function: Function) -> Any:
    """The sum of all coefficients."""
    return sum(polynomial_of(count, function).values())


def plain_coefficient_total(count: int, function: Function) -> Any:
    """The value where every letter is one."""
    return function(*[1] * count)


def degree(count: int, function: Function) -> int:
    """The degree."""
    return max((sum(exponent for _, exponent in key) for key in polynomial_of(count, function)), default=0)


def plain_degree(count: int, function: Function) -> int:
    """The same by how fast it grows."""
    far, farther = (abs(complex(function(*[size] * count))) for size in (1e6, 1e7))
    return round(math.log10(farther / far))


def leading_coefficient(count: int, function: Function) -> Any:
    """The coefficient of the highest power of the one letter."""
    return single(count, function)[-1]


def plain_leading_coefficient(count: int, function: Function) -> Any:
    """The same by how fast it grows."""
    size = 1e7
    return float(function(size)) / size ** plain_degree(count, function)


def single(count: int, function: Function) -> list[Any]:
    """Coefficients of a polynomial in one letter, constant first."""
    found = polynomial_of(count, function)
    if count != 1 or not found:
        raise Undefined("no polynomial in one letter")
    return numbers_in(found, 0)


def quotient_form(count: int, top: Function, bottom: Function) -> QuotientForm:
    """The polynomial part of a quotient."""
    numbers = divided(single(count, top), single(count, bottom))[0]
    return from_numbers(numbers)


def remainder_form(count: int, top: Function, bottom: Function) -> Any:
    """The remainder of polynomials in one letter."""
    return settled(from_numbers(divided(single(count, top), single(count, bottom))[1]))


def from_numbers(numbers: Sequence[Any]) -> QuotientForm:
    """Coefficients, constant first, as a form in the first letter."""
    return QuotientForm(
        {((0, power),) if power else (): value for power, value in enumerate(numbers) if value != 0}, {(): 1}
    )


def plain_remainder_form(count: int, top: Function, bottom: Function) -> Any:
    """The remainder as the polynomial that has the dividend's values at the roots of the divisor."""
    numbers = [float(value) for value in plain_numbers(count, bottom)]
    points = polynomial_zeros(numbers)
    values = [complex(top(point)) for point in points]
    found = [rational_near(one) for one in interpolated(points, values)]
    return settled(from_numbers(found))


def plain_quotient_form(count: int, top: Function, bottom: Function) -> Any:
    """The quotient by values: (dividend - remainder) / divisor at more places than its degree."""
    rest = plain_remainder_form(count, top, bottom)
    size = len(plain_numbers(count, top)) - len(plain_numbers(count, bottom)) + 1
    points = [complex(2.0 + 0.7 * place, 0.3 * (-1) ** place) for place in range(size)]
    values = []
    for point in points:
        below = rest if not isinstance(rest, QuotientForm) else value_at(numbers_in(rest.top, 0), point)
        values.append((complex(top(point)) - complex(below)) / complex(bottom(point)))
    return settled(from_numbers([rational_near(one) for one in interpolated(points, values)]))


def polynomial_zeros(numbers: Sequence[float]) -> list[complex]:
    """All complex zeros, simple ones, by simultaneous iteration; coefficients constant first."""
    size = len(numbers) - 1
    monic = [value / numbers[-1] for value in numbers]
    points = [(0.4 + 0.9j) ** place * (1 + max(map(abs, monic[:-1]))) ** 0.5 for place in range(size)]
    for _ in range(400):
        step()
        moved = []
        for place, x in enumerate(points):
            below: complex = 1
            for other, y in enumerate(points):
                if other != place:
                    below *= x - y
            moved.append(x - complex(value_at(list(monic), x)) / below)
        close = max(abs(a - b) for a, b in zip(points, moved, strict=True)) < 1e-14
        points = moved
        if close:
            break
    gaps = [abs(a - b) for place, a in enumerate(points) for b in points[:place]]
    if gaps and min(gaps) < 1e-5:
        raise NotExact("a root that counts twice")
    return points


def interpolated(points: Sequence[complex], values: Sequence[complex]) -> list[complex]:
    """Coefficients, constant first, of the polynomial through points."""
    total = [0j] * len(points)
    for place, x in enumerate(points):
        basis, below = [1 + 0j], 1 + 0j
        for other, y in enumerate(points):
            if other != place:
                basis = [a - y * b for a, b in zip([0j, *basis], [*basis, 0j], strict=True)]
                below *= x - y
        total = [t + values[place] * b / below for t, b in zip(total, basis, strict=True)]
    return total


def discriminant(count: int, function: Function) -> Any:
    """b² - 4ac."""
    numbers = single(count, function)
    if len(numbers) != 3:
        raise Undefined("no quadratic")
    c, b, a = numbers
    return b * b - 4 * a * c


def plain_discriminant(count: int, function: Function) -> Any:
    """The same from three values."""
    low, middle, high = function(-1), function(0), function(1)
    a, b = plain_div(low + high - 2 * middle, 2), plain_div(high - low, 2)
    return b * b - 4 * a * middle


def root_total(count: int, function: Function) -> Any:
    """The sum of all roots, complex ones too, by the coefficients."""
    numbers = distinct_roots(single(count, function))
    return div(-numbers[-2], numbers[-1])


def plain_root_total(count: int, function: Function) -> Any:
    """The same from the roots."""
    return sum(zeros_of(count, function))


def root_product(count: int, function: Function) -> Any:
    """The product of all roots by the coefficients."""
    numbers = distinct_roots(single(count, function))
    return div(numbers[0], numbers[-1]) * (-1) ** (len(numbers) - 1)


def plain_root_product(count: int, function: Function) -> Any:
    """The same from the roots."""
    total: complex = 1
    for one in zeros_of(count, function):
        total *= one
    return total


def distinct_roots(numbers: list[Any]) -> list[Any]:
    """A polynomial that has every root once. Raises Undefined for others."""
    from_first = trimmed(numbers)
    if len(from_first) < 2:
        raise Undefined("no roots")
    if len(from_first) == 3 and from_first[1] * from_first[1] == 4 * from_first[0] * from_first[2]:
        raise Undefined("a root that counts twice")
    return from_first


def zeros_of(count: int, function: Function) -> list[complex]:
    """All zeros of a polynomial in one letter, which is read off from its values."""
    return polynomial_zeros([float(value) for value in plain_numbers(count, function)])


def plain_numbers(count: int, function: Function) -> list[Any]:
    """Coefficients of a polynomial in one letter, constant first, by interpolation."""
    numbers = numbers_in(plain_expanded_form(count, function).top, 0)
    if count != 1 or len(numbers) < 2:
        raise Undefined("no polynomial in one letter")
    return numbers


# --- forms as answers ---


def expanded_form(count: int, function: Function) -> QuotientForm:
    """The expression as a polynomial, or as a quotient without common factor."""
    form = form_of(count, function)
    return QuotientForm(polynomial_of(count, function), {(): 1}) if has_polynomial(count, function) else form


def has_polynomial(count: int, function: Function) -> bool:
    """Whether an expression is a polynomial, negative powers allowed."""
    try:
        polynomial_of(count, function)
    except Undefined:
        return False
    return True


def plain_expanded_form(count: int, function: Function) -> QuotientForm:
    """The polynomial read off from its values: one letter after the other by interpolation through whole numbers."""
    if count == 0:
        return constant_form(rational_near(function()))
    size = 1 + max(plain_degree_in(count, function, index) for index in range(count))
    if size > 12 or count > 3:
        raise NotExact("too high a degree")
    found = grid_coefficients(grid_values(count, function, size), count)
    return QuotientForm({key: value for key, value in found.items() if value != 0}, {(): 1})


def exact_value(function: Function, point: Sequence[Any]) -> Any:
    """A value that must be rational."""
    value = function(*point)
    return value if is_rational(value) else rational_near(value)


def plain_degree_in(count: int, function: Function, index: int) -> int:
    """The degree in one letter, by how fast it grows."""
    points = [[1.37 + 0.4 * place for place in range(count)] for _ in range(2)]
    points[0][index], points[1][index] = 1e6, 1e7
    low, high = (abs(complex(function(*point))) for point in points)
    if low == 0 or high == 0:
        return 0
    return max(0, round(math.log10(high / low)))


def grid_values(count: int, function: Function, size: int) -> dict[tuple[int, ...], Any]:
    """Exact values at all points of whole numbers from one to a size."""
    points: list[tuple[int, ...]] = [()]
    for _ in range(count):
        points = [(*point, x) for point in points for x in range(1, size + 1)]
    step(len(points))
    return {point: exact_value(function, point) for point in points}


def grid_coefficients(table: dict[tuple[int, ...], Any], count: int) -> Polynomial:
    """The polynomial with given values on a grid, by divided differences along every letter."""
    current: dict[tuple[int, ...], Any] = table
    for index in range(count):
        lines: dict[tuple[int, ...], list[Any]] = {}
        for point in sorted(current):
            lines.setdefault((*point[:index], *point[index + 1 :]), []).append(current[point])
        current = {}
        for rest, values in lines.items():
            for power, value in enumerate(newton_coefficients(values)):
                current[(*rest[:index], power, *rest[index:])] = value
    found: Polynomial = {}
    for powers, value in current.items():
        found[tuple((index, power) for index, power in enumerate(powers) if power)] = value
    return found


def newton_coefficients(values: list[Any]) -> list[Any]:
    """Coefficients, constant first, of the polynomial with values at 1, 2, 3, …"""
    differences, row = [values[0]], list(values)
    for order in range(1, len(values)):
        row = [div(b - a, order) for a, b in itertools.pairwise(row)]
        differences.append(row[0])
    total: list[Any] = [0]
    for order in reversed(range(len(values))):
        total = [a + b for a, b in zip([0, *total], [*[-(order + 1) * one for one in total], 0], strict=True)]
        total[0] = total[0] + differences[order]
    return total[: len(values)]
