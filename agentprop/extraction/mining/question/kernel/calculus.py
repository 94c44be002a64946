"""Integrals and limits of functions of one letter, each by two methods."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache
from typing import Any

from agentprop.extraction.mining.question.kernel.answer import named_number
from agentprop.extraction.mining.question.kernel.exact import div, number
from agentprop.extraction.mining.question.kernel.forms import QuotientForm, numbers_in, settled, unknown, value_at
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step
from agentprop.extraction.mining.question.kernel.lists import total
from agentprop.extraction.mining.question.kernel.plain import same_number
from agentprop.extraction.mining.question.kernel.polynomials import polynomial_of
from agentprop.extraction.mining.question.kernel.search import solutions_found
from agentprop.extraction.mining.question.kernel.systems import solutions_exact

OneLetter = Callable[[Any], Any]
PANELS = 24
FAR = (1e4, 1e5, 1e6)


def integral(low: Any, high: Any, function: OneLetter, plain: OneLetter) -> Any:
    """The integral of a polynomial exactly, of other functions by double exponential quadrature, and named."""
    try:
        numbers = numbers_in(polynomial_of(1, function), 0)
    except (NotExact, Undefined, TypeError):
        return named_number(double_exponential(number(low), number(high), plain))
    whole = [0, *(div(value, power + 1) for power, value in enumerate(numbers))]
    return value_at(whole, high) - value_at(whole, low)


def double_exponential(low: float, high: float, function: OneLetter) -> float:
    """The integral by the tanh-sinh rule, which forgives ends where the function has no value."""
    middle, half = (low + high) / 2, (high - low) / 2
    width, total = 1 / 32, 0.0
    for turn in range(-130, 131):
        t = turn * width
        bent = math.pi / 2 * math.sinh(t)
        if abs(bent) > 18:
            continue
        weight = math.pi / 2 * math.cosh(t) / math.cosh(bent) ** 2
        step()
        try:
            total += weight * real_value(function, middle + half * math.tanh(bent))
        except (Undefined, ArithmeticError):
            if abs(bent) < 12:
                raise
    return total * width * half


def plain_integral(low: Any, high: Any, function: OneLetter) -> float:
    """The integral by five-point Gauss rules on panels."""
    width, total = (high - low) / PANELS, 0.0
    for panel in range(PANELS):
        middle = low + (panel + 0.5) * width
        for place, weight in gauss_points():
            step()
            total += weight * real_value(function, middle + place * width / 2)
    return float(total * width / 2)


@cache
def gauss_points() -> tuple[tuple[float, float], ...]:
    """Places and weights of the rule that is exact up to degree nine."""
    near, far = math.sqrt(5 - 2 * math.sqrt(10 / 7)) / 3, math.sqrt(5 + 2 * math.sqrt(10 / 7)) / 3
    heavy, light = (322 + 13 * math.sqrt(70)) / 900, (322 - 13 * math.sqrt(70)) / 900
    return ((-far, light), (-near, heavy), (0.0, 128 / 225), (near, heavy), (far, light))


def real_value(function: OneLetter, x: float) -> float:
    """A value that must be real."""
    value = function(x)
    if isinstance(value, complex):
        if abs(value.imag) > 1e-9 * max(1.0, abs(value)):
            raise Undefined("no real value")
        value = value.real
    return float(value)


# --- limits ---


def limit(point: Any, side: str, function: OneLetter, plain: OneLetter) -> Any:
    """The value that a function goes to: where it is continuous its value, of a quotient what is left when it is
    reduced, else the number that its values come close to."""
    for way in (continuous_value, reduced_value):
        try:
            found = way(point, function)
        except (Undefined, NotExact, TypeError):
            continue
        if same_number(number(found), plain_limit(number(point), side, plain), 1e-5):
            return found
    return named_number(round(plain_limit(number(point), side, plain), 8))


def continuous_value(point: Any, function: OneLetter) -> Any:
    """The value at the place."""
    return settled(function(point))


def reduced_value(point: Any, function: OneLetter) -> Any:
    """The value of a reduced quotient at the place."""
    form = settled(function(unknown(0)))
    if not isinstance(form, QuotientForm):
        return form
    return value_at(numbers_in(polynomial_of(1, function), 0), point)


def plain_limit(point: Any, side: str, function: OneLetter) -> float:
    """What values nearer and nearer come to, extrapolated; from both sides the same."""
    signs = {"both": (1, -1), "right": (1,), "left": (-1,)}[side]
    found = [one_sided(float(point), sign, function) for sign in signs]
    if len(found) > 1 and not same_number(found[0], found[1], 1e-5):
        raise Undefined("no limit")
    return sum(found) / len(found)


def one_sided(point: float, sign: int, function: OneLetter) -> float:
    """Values at halved distances, extrapolated as a polynomial in the distance."""
    row = [real_value(function, point + sign * 0.05 / 2**turn) for turn in range(9)]
    step(9)
    best, change = row[-1], math.inf
    for order in range(1, 6):
        row = [b + (b - a) / (2**order - 1) for a, b in itertools.pairwise(row)]
        moved = abs(row[-1] - row[-2])
        if moved < change:
            best, change = row[-1], moved
    if change > 1e-6 * max(1.0, abs(best)):
        raise Undefined("no limit")
    return best


def limit_far(sign: int, function: OneLetter, plain: OneLetter) -> Any:
    """The limit at infinity, named."""
    return named_number(round(plain_limit_far(sign, plain), 7))


def plain_limit_far(sign: int, function: OneLetter) -> float:
    """What values far out come to, extrapolated in powers of the reciprocal."""
    values = [real_value(function, sign * x) for x in FAR]
    first = [(10 * b - a) / 9 for a, b in itertools.pairwise(values)]
    if not same_number(first[0], first[1], 1e-6):
        raise Undefined("no limit")
    return first[1]


def enclosed_area(count: int, function: Any) -> Any:
    """The area between a polynomial's graph and the axis: antiderivatives between its real zeros."""
    numbers = numbers_in(polynomial_of(count, function), 0)
    zeros = sorted((found[0] for found in solutions_exact(1, lambda x: [function(x)], True)), key=number)
    if len(zeros) < 2:
        raise Undefined("a curve that encloses nothing")
    whole = [0, *(div(value, power + 1) for power, value in enumerate(numbers))]
    parts = [value_at(whole, high) - value_at(whole, low) for low, high in itertools.pairwise(zeros)]
    return total([part if number(part) > 0 else -part for part in parts])


def plain_enclosed_area(count: int, function: Any) -> float:
    """The same by quadrature of the absolute value between zeros that are searched for."""
    zeros = sorted(found[0] for found in solutions_found(1, lambda x: [function(x)], True))
    if len(zeros) < 2:
        raise Undefined("a curve that encloses nothing")
    return sum(abs(plain_integral(low, high, function)) for low, high in itertools.pairwise(zeros))
