"""Sets of real numbers as unions of intervals, and the least and greatest values of functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import decimal_of, is_real, number, sqrt
from agentprop.extraction.mining.question.kernel.forms import Polynomial, QuotientForm, poly_product, poly_sum, settled
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step
from agentprop.extraction.mining.question.kernel.plain import rational_near, same_number
from agentprop.extraction.mining.question.kernel.polynomials import form_of
from agentprop.extraction.mining.question.kernel.search import line_search, newton
from agentprop.extraction.mining.question.kernel.systems import settled_number, solutions_exact

Interval = tuple[Any, Any, bool, bool]
"""(low, high, whether low belongs to it, whether high does); None for no end."""


class Intervals(tuple[Interval, ...]):
    """Intervals in ascending order that do not touch."""


def passes(test: Callable[[Any], bool], x: Any) -> bool:
    """Whether a place passes; one without a value does not."""
    step(3)
    try:
        return bool(test(x))
    except Undefined:
        return False


def real_set(borders: Sequence[Callable[[Any], Any]], test: Callable[[Any], bool]) -> Intervals:
    """Where a condition holds that can only change at the zeros of some functions."""
    points: list[Any] = []
    for function in borders:
        for (x,) in solutions_exact(1, lambda x, function=function: [function(x)]):
            if isinstance(settled(x), QuotientForm):
                continue
            if is_real(x) and not any(x == known for known in points):
                points.append(x)
    return between(sorted(points), test)


def plain_real_set(borders: Sequence[Callable[[Any], Any]], test: Callable[[Any], bool]) -> Intervals:
    """The same with zeros found by search, each a simple fraction."""
    points: list[Any] = []
    for function in borders:
        for x in line_search(lambda x, function=function: [function(x)]):
            near = rational_near(x)
            if near not in points:
                points.append(near)
    return between(sorted(points), test)


def between(points: Sequence[Any], test: Callable[[Any], bool]) -> Intervals:
    """The union of the pieces between points, and of the points, that pass."""
    inside = [passes(test, x) for x in places_between(points)]
    at = [passes(test, point) for point in points]
    found: list[Interval] = []
    for place, good in enumerate(inside):
        low = points[place - 1] if place else None
        high = points[place] if place < len(points) else None
        if good:
            closed = place > 0 and at[place - 1]
            if found and closed and found[-1][1] == low and found[-1][3]:
                found[-1] = (found[-1][0], high, found[-1][2], high is not None and at[place])
            else:
                found.append((low, high, closed, high is not None and at[place]))
        elif high is not None and at[place] and not inside[place + 1]:
            found.append((high, high, True, True))
        if high is not None and at[place] and not good and inside[place + 1]:
            continue
    return Intervals(found)


def places_between(points: Sequence[Any]) -> list[Fraction]:
    """A rational number in every gap."""
    if not points:
        return [Fraction(0)]
    numbers = [Fraction(decimal_of(point)) for point in points]
    inner = [(a + b) / 2 for a, b in itertools.pairwise(numbers)]
    return [
        round_between(None, numbers[0] - 1),
        *map(lambda x: x.limit_denominator(10**6), inner),
        round_between(numbers[-1] + 1, None),
    ]


def round_between(low: Fraction | None, high: Fraction | None) -> Fraction:
    """An integer beyond a place."""
    return Fraction(int(low) + 1) if low is not None else Fraction(int(high or 0) - 1)


def defined(value: Callable[[], Any]) -> bool:
    """Whether an expression has a real value."""
    found = value()
    return not isinstance(found, complex) or abs(found.imag) < 1e-12 if not hasattr(found, "terms") else is_real(found)


def set_length(intervals: Intervals) -> Any:
    """The total length of bounded intervals."""
    if any(low is None or high is None for low, high, _, _ in intervals):
        raise Undefined("no end")
    return sum(high - low for low, high, _, _ in intervals)


# --- extremes ---


def derivative(polynomial: Polynomial, index: int) -> Polynomial:
    """The derivative in one unknown."""
    found: Polynomial = {}
    for key, value in polynomial.items():
        exponents = dict(key)
        power = exponents.pop(index, 0)
        if power:
            if power > 1:
                exponents[index] = power - 1
            found[tuple(sorted(exponents.items()))] = value * power
    return found


def slope_of(form: QuotientForm, index: int) -> Polynomial:
    """The numerator of the derivative of a quotient."""
    left = poly_product(derivative(form.top, index), form.bottom)
    return poly_sum(left, poly_product(form.top, derivative(form.bottom, index)), -1)


def least_value(count: int, function: Callable[..., Any]) -> Any:
    """The least value of a rational function over all reals. Raises Undefined where there is none."""
    return extreme(count, function, -1)


def greatest_value(count: int, function: Callable[..., Any]) -> Any:
    """The greatest value."""
    return extreme(count, function, 1)


def extreme(count: int, function: Callable[..., Any], sign: int) -> Any:
    """The extreme among the places where all slopes vanish, if no place tried beyond is more extreme."""
    places = stationary(count, function)
    values = [settled(function(*place)) for place in places]
    if not values or any(isinstance(value, QuotientForm) or not is_real(value) for value in values):
        raise Undefined("no extreme value")
    best = max(values) if sign > 0 else min(values)
    rng = Random("elsewhere")
    for scale in (1, 10, 100, 10_000):
        for _ in range(30):
            point = [Fraction(rng.randint(-997, 997), 97) * scale for _ in range(count)]
            step(3)
            try:
                value = function(*point)
            except Undefined:
                continue
            if is_real(value) and (value > best if sign > 0 else value < best):
                raise Undefined("no extreme value")
    return best


def extreme_place(count: int, function: Callable[..., Any]) -> Any:
    """Where the slope of a function of one letter vanishes, if that is one place."""
    places = stationary(count, function)
    if count != 1 or len(places) != 1:
        raise Undefined("no single place")
    return places[0][0]


def stationary(count: int, function: Callable[..., Any]) -> list[list[Any]]:
    """The places where all slopes vanish."""
    form = form_of(count, function)
    slopes = [QuotientForm(slope_of(form, index), {(): 1}) for index in range(count)]

    def residuals(*point: Any) -> list[Any]:
        return [filled_in(slope, point) for slope in slopes]

    return [
        place for place in solutions_exact(count, residuals) if not any(isinstance(one, QuotientForm) for one in place)
    ]


def filled_in(form: QuotientForm, point: Sequence[Any]) -> Any:
    """A polynomial's value at a place, or as it is for the unknowns themselves."""
    total: Any = 0
    for key, value in form.top.items():
        part = value
        for index, exponent in key:
            for _ in range(exponent):
                part = point[index] * part
        total = total + part
    return total


def plain_least_value(count: int, function: Callable[..., Any]) -> Any:
    """The least value by search."""
    return -plain_greatest_value(count, lambda *point: -function(*point))


def plain_greatest_value(count: int, function: Callable[..., Any]) -> Any:
    """The greatest value: climb from many places, finer and finer."""
    rng, best = Random("climb"), None
    for scale in (1, 3, 10, 40):
        for _ in range(4):
            point = [rng.uniform(-scale, scale) for _ in range(count)]
            value = climbed(function, point, scale, rng)
            if value is not None and (best is None or value > best):
                best = value
    if best is None or abs(best) > 1e7:
        raise Undefined("no extreme value")
    return best


def climbed(function: Callable[..., Any], point: list[float], width: float, rng: Random) -> float | None:
    """The value at the top of a hill, by steps along the coordinates and at random."""

    def height(place: Sequence[float]) -> float | None:
        step()
        try:
            value = function(*place)
        except (ValueError, ArithmeticError):
            return None
        return None if isinstance(value, complex) or value != value else float(value)

    best = height(point)
    while width > 1e-11:
        moved = False
        for index in range(len(point)):
            for by in (width, -width):
                place = [*point[:index], point[index] + by, *point[index + 1 :]]
                value = height(place)
                if value is not None and (best is None or value > best):
                    point, best, moved = place, value, True
        if len(point) > 1:
            place = [one + rng.gauss(0, width) for one in point]
            value = height(place)
            if value is not None and (best is None or value > best):
                point, best, moved = place, value, True
        if max(map(abs, point)) > 1e7:
            return float("inf")
        if not moved:
            width /= 2
    return best


def plain_extreme_place(count: int, function: Callable[..., Any]) -> Any:
    """Where a quadratic of one letter turns, from three values."""
    low, middle, high = function(-1), function(0), function(1)
    bend = low + high - 2 * middle
    if count != 1 or same_number(bend, 0):
        raise NotExact("no parabola")
    return (low - high) / (2 * bend)


def borders_of(sets: Iterable[Any]) -> list[Any]:
    """All ends of intervals."""
    return [end for low, high, _, _ in sets for end in (low, high) if end is not None]


# --- extremes under conditions ---


def extreme_found(
    count: int, sign: int, residuals: Callable[..., Sequence[Any]], test: Callable[..., bool], body: Callable[..., Any]
) -> float:
    """The extreme value that climbing finds among the places that meet equations and conditions."""
    return climbed_under(count, sign, residuals, test, body, "check")[0]


def extreme_exact(
    count: int,
    sign: int,
    residuals: Callable[..., Sequence[Any]],
    test: Callable[..., bool],
    body: Callable[..., Any],
    plain_residuals: Callable[..., Sequence[Any]],
    plain_test: Callable[..., bool],
    plain_body: Callable[..., Any],
) -> Any:
    """The extreme value at a place of simple numbers that meets the equations exactly, if climbing leads there."""
    value, place = climbed_under(count, sign, plain_residuals, plain_test, plain_body, "solve")
    exact = [simple_number(one) for one in place]
    if any(settled(one) != 0 for one in residuals(*exact)) or not passes(lambda point: test(*point), exact):
        raise NotExact("an extreme place that is no simple number")
    found = settled(body(*exact))
    if abs(number(found) - value) > 1e-7 * max(1.0, abs(value)):
        raise NotExact("an extreme place that is not met exactly")
    return found


def simple_number(x: float) -> Any:
    """The rational number, or the rational multiple of a root, that a coordinate is close to. Raises NotExact."""
    for scale in (1, sqrt(2), sqrt(3), sqrt(5), sqrt(6)):
        near = Fraction(x / number(scale)).limit_denominator(60)
        if abs(float(near) * number(scale) - x) < 2e-5 * max(1.0, abs(x)):
            return settled_number(near * scale)
    square = Fraction(x * x).limit_denominator(24)
    if abs(float(square) - x * x) < 2e-6 * max(1.0, x * x) and square.numerator < 400:
        return sqrt(square) if x >= 0 else -sqrt(square)
    raise NotExact("a place that is no simple number")


def climbed_under(
    count: int,
    sign: int,
    residuals: Callable[..., Sequence[Any]],
    test: Callable[..., bool],
    body: Callable[..., Any],
    seed: str,
) -> tuple[float, list[float]]:
    """(best value, its place). Raises Undefined where it grows without end or nothing is allowed."""
    rng = Random(seed)
    best: tuple[float, list[float]] | None = None
    for turn in range(10):
        place = allowed_place(count, residuals, test, rng)
        if place is None:
            continue
        found = uphill(sign, place, residuals, test, body, rng)
        if best is None or sign * found[0] > sign * best[0]:
            best = found
        if best is not None and turn > 5 and abs(best[0]) > 1e6:
            break
    if best is None or abs(best[0]) > 1e6 or max(map(abs, best[1])) > 1e5:
        raise Undefined("no extreme value")
    return best


def allowed_place(
    count: int, residuals: Callable[..., Sequence[Any]], test: Callable[..., bool], rng: Random
) -> list[float] | None:
    """A place that meets equations and conditions."""
    for _ in range(60):
        scale = rng.choice((0.3, 1, 3, 10))
        start = [rng.uniform(-scale, scale) if rng.random() < 0.4 else rng.uniform(0, scale) for _ in range(count)]
        place = back_to(residuals, start, rng)
        if place is not None and passes(lambda point: test(*point), place):
            return place
    return None


def back_to(residuals: Callable[..., Sequence[Any]], place: list[float], rng: Random) -> list[float] | None:
    """The place moved onto the equations."""
    if not residuals(*place):
        return place
    return newton(residuals, place, True, rng)


def uphill(
    sign: int,
    place: list[float],
    residuals: Callable[..., Sequence[Any]],
    test: Callable[..., bool],
    body: Callable[..., Any],
    rng: Random,
) -> tuple[float, list[float]]:
    """The value at the top of a hill and its place, by random steps that are moved back onto the equations."""

    def height(point: list[float]) -> float | None:
        if not passes(lambda one: test(*one), point):
            return None
        try:
            value = body(*point)
        except (ValueError, ArithmeticError):
            return None
        return None if isinstance(value, complex) or value != value else sign * float(value)

    best, width, misses = height(place), 1.0, 0
    if best is None:
        return -sign * float("inf"), place
    while width > 1e-9:
        moved = [one + rng.gauss(0, width) for one in place]
        point = back_to(residuals, moved, rng)
        value = height(point) if point is not None else None
        if value is not None and point is not None and value > best:
            if max(map(abs, point)) > 1e6:
                break
            place, best, misses, width = point, value, 0, width * 1.6
        else:
            misses += 1
            if misses > 3 * len(place):
                width, misses = width / 2, 0
    return sign * best, place
