"""Equations to their solutions by search: signs along the line, Newton's steps from many places.

The equations are the same functions that `systems` solves exactly, called with floating-point numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

from agentprop.extraction.mining.question.kernel.limits import step
from agentprop.extraction.mining.question.kernel.plain import same_number

Residuals = Callable[..., Sequence[Any]]
GRID = 500
STARTS = 40
NEWTON_STEPS = 40


def value_or_none(residuals: Residuals, point: Sequence[Any], real: bool) -> list[Any] | None:
    """The residuals, or None where there are none."""
    step()
    try:
        found = [complex(one) if not real else one for one in residuals(*point)]
    except (ValueError, ArithmeticError):
        return None
    for place, one in enumerate(found):
        if real and isinstance(one, complex):
            if abs(one.imag) > 1e-9 * max(1.0, abs(one)):
                return None
            found[place] = one.real
        if found[place] != found[place] or abs(found[place]) == math.inf:
            return None
    return found


def solutions_found(count: int, residuals: Residuals, real: bool | None = True) -> list[list[Any]]:
    """The solutions that search finds, each a list of numbers; where `real` is None complex ones if none is real."""
    if real is None:
        return solutions_found(count, residuals, True) or solutions_found(count, residuals, False)
    if count == 1 and real:
        return [[one] for one in line_search(residuals)]
    if count == 1:
        return [[one] for one in complex_search(residuals)]
    return newton_search(count, residuals, real)


# --- one real unknown ---


def line_search(residuals: Residuals) -> list[float]:
    """Real zeros: exact hits, changes of sign, and places where the value only touches zero."""

    def size(x: float) -> float | None:
        found = value_or_none(residuals, [x], True)
        if found is None:
            return None
        return float(found[0]) if len(found) == 1 else math.sqrt(sum(float(one) ** 2 for one in found))

    values = [(x, size(x)) for x in places()]
    zeros: list[float] = []
    for place, (x, v) in enumerate(values):
        if v == 0 and not flat_around(size, x):
            keep(zeros, x)
        if v is None or place + 1 == len(values):
            continue
        following, after = values[place + 1]
        if after is not None and v * after < 0:
            keep_if_zero(zeros, bisected(size, x, following), size)
        if place and after is not None:
            before = values[place - 1][1]
            if before is not None and may_touch(before, v, after):
                keep_if_zero(zeros, lowest(size, values[place - 1][0], following), size)
        for outside in (
            following if after is None else None,
            values[place - 1][0] if place and values[place - 1][1] is None else None,
        ):
            if outside is not None:
                zeros_at_border(size, zeros, x, v, outside)
    return sorted(zeros)


def may_touch(before: float, value: float, after: float) -> bool:
    """Whether the absolute value may come down to zero between three neighbours of one sign.

    Where a function touches zero, by a square or a kink, the middle is at most a third of one neighbour; far out, where
    a function hardly changes, it is not.
    """
    low = abs(value)
    return (
        value * before > 0
        and value * after > 0
        and low <= min(abs(before), abs(after))
        and low < 0.5 * max(abs(before), abs(after))
    )


def flat_around(size: Callable[[float], float | None], x: float) -> bool:
    """Whether the value is exactly zero on a whole stretch: both sides have vanished below the smallest float."""
    width = 1e-3 * max(1.0, abs(x))
    return size(x + width) == 0 and size(x - width) == 0


@cache
def places() -> tuple[float, ...]:
    """Where the line is looked at: close together near zero, at halves, and far away."""
    bent = [math.tan(math.pi * (k / GRID - 0.5) * 0.9997) for k in range(1, GRID)]
    near = [n / 2 for n in range(-120, 121)]
    far = [sign * 10.0**power for power in range(2, 7) for sign in (1, -1)]
    return tuple(sorted({*bent, *near, *far}))


def keep(zeros: list[float], x: float) -> None:
    """Add a zero that is new."""
    if not any(same_number(x, known, 1e-6) for known in zeros):
        zeros.append(float(x))


def keep_if_zero(zeros: list[float], x: float, size: Callable[[float], float | None]) -> None:
    """Add a place if the value there is zero up to rounding; the integer beside it, if that is one."""
    near = round(x)
    if abs(x - near) < 1e-5 and size(float(near)) is not None and abs(size(float(near)) or 0.0) < 1e-12:
        keep(zeros, float(near))
        return
    value = size(x)
    nearby = size(x + 1e-4 * max(1.0, abs(x))) or size(x - 1e-4 * max(1.0, abs(x)))
    if value is not None and abs(value) < 1e-7 * max(1e-3, min(1.0, abs(nearby or 1.0) * 1e4)):
        keep(zeros, x)


def bisected(size: Callable[[float], float | None], low: float, high: float) -> float:
    """Where the sign changes."""
    start = size(low) or 0.0
    for _ in range(70):
        middle = (low + high) / 2
        value = size(middle)
        if value is None:
            break
        if value * start > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def lowest(size: Callable[[float], float | None], low: float, high: float) -> float:
    """Where the absolute value is least."""
    for _ in range(70):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        a, b = size(first), size(second)
        if a is None or b is None:
            break
        low, high = (low, second) if abs(a) <= abs(b) else (first, high)
    return (low + high) / 2


def zeros_at_border(
    size: Callable[[float], float | None], zeros: list[float], x: float, value: float, outside: float
) -> None:
    """Zeros at the last place that has a value, and between it and the nearest one that was looked at."""
    edge = border(size, x, outside)
    keep_if_zero(zeros, edge, size)
    for nearness in (1e-3, 1e-6, 1e-10):
        near = edge + (x - edge) * nearness
        beside = size(near)
        if beside is not None and beside * value < 0:
            keep_if_zero(zeros, bisected(size, near, x), size)
            return


def border(size: Callable[[float], float | None], inside: float, outside: float) -> float:
    """The last place, from inside, that has a value."""
    for _ in range(80):
        middle = (inside + outside) / 2
        if size(middle) is None:
            outside = middle
        else:
            inside = middle
    return inside


# --- Newton's steps ---


def complex_search(residuals: Residuals) -> list[complex]:
    """Zeros in the plane, one after the other, each divided out before the next is looked for."""
    rng, zeros = Random("plane"), list[complex]()

    def value(x: complex) -> complex | None:
        found = value_or_none(residuals, [x], False)
        if found is None:
            return None
        total = complex(found[0])
        for known in zeros:
            if x == known:
                return None
            total /= x - known
        return total

    misses = 0
    while misses < 25 and len(zeros) < 16:
        x = complex(rng.uniform(-4, 4), rng.uniform(-4, 4)) * rng.choice((0.3, 1, 3, 10))
        one = secant(value, x)
        plain = None if one is None else value_or_none(residuals, [one], False)
        if one is None or plain is None or abs(plain[0]) > 1e-7 * max(1.0, abs(one)):
            misses += 1
        elif not any(same_number(one, known, 1e-5) for known in zeros):
            zeros.append(one)
        else:
            misses += 1
    return zeros


def secant(value: Callable[[complex], complex | None], x: complex) -> complex | None:
    """A zero near a place."""
    before, x = x, x + 0.01
    old = value(before)
    for _ in range(60):
        now = value(x)
        if now is None or old is None or now == old:
            return x if now is not None and abs(now) < 1e-9 else None
        before, x, old = x, x - now * (x - before) / (now - old), now
        if abs(x - before) < 1e-14 * max(1.0, abs(x)):
            return x
        if abs(x) > 1e8:
            return None
    return x


def newton_search(count: int, residuals: Residuals, real: bool) -> list[list[Any]]:
    """Solutions reached from random places; unknowns beyond the number of equations keep their random values."""
    rng, found = Random("starts"), list[list[Any]]()
    for _ in range(STARTS):
        scale = rng.choice((1, 3, 10, 40))
        start: list[Any] = [rng.uniform(-scale, scale) for _ in range(count)]
        if not real:
            start = [complex(one, rng.uniform(-scale, scale)) for one in start]
        end = newton(residuals, start, real, rng)
        if end is not None and not any(same_number(end, known, 1e-5) for known in found):
            found.append(end)
    return found


def newton(residuals: Residuals, point: list[Any], real: bool, rng: Random) -> list[Any] | None:
    """Newton's method with numeric slopes."""
    first = value_or_none(residuals, point, real)
    if first is None:
        return None
    moving = list(range(len(point)))
    if len(first) < len(point):
        moving = sorted(rng.sample(moving, len(first)))
    for _ in range(NEWTON_STEPS):
        step(2)
        values = value_or_none(residuals, point, real)
        if values is None:
            return None
        change = newton_change(residuals, point, values, moving, real)
        if change is None:
            return None
        for place, index in enumerate(moving):
            point[index] = point[index] - change[place]
        if max(abs(one) for one in change) < 1e-13 * max(1.0, max(abs(one) for one in point)):
            break
        if max(abs(one) for one in point) > 1e9:
            return None
    values = value_or_none(residuals, point, real)
    return list(point) if values is not None and max(abs(one) for one in values) < 1e-8 else None


def newton_change(
    residuals: Residuals, point: list[Any], values: list[Any], moving: list[int], real: bool
) -> list[Any] | None:
    """The step: slopes · change = values, least squares where there are more equations than unknowns."""
    columns = []
    for index in moving:
        width = 1e-6 * max(1.0, abs(point[index]))
        moved = [one + width if place == index else one for place, one in enumerate(point)]
        beyond = value_or_none(residuals, moved, real)
        if beyond is None:
            return None
        columns.append([(b - a) / width for a, b in zip(values, beyond, strict=True)])
    rows = [list(row) for row in zip(*columns, strict=True)]
    if len(rows) > len(moving):
        squared = [[sum(r[i] * r[j] for r in rows) for j in range(len(moving))] for i in range(len(moving))]
        return solved_linear(
            squared, [sum(r[i] * v for r, v in zip(rows, values, strict=True)) for i in range(len(moving))]
        )
    return solved_linear(rows, list(values))


def solved_linear(rows: list[list[Any]], right: list[Any]) -> list[Any] | None:
    """Gauss with pivots; None for singular systems."""
    size = len(rows)
    table = [[*row, value] for row, value in zip(rows, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(table[row][column]))
        if abs(table[pivot][column]) < 1e-14:
            return None
        table[column], table[pivot] = table[pivot], table[column]
        for row in range(size):
            if row != column:
                factor = table[row][column] / table[column][column]
                table[row] = [a - factor * b for a, b in zip(table[row], table[column], strict=True)]
    return [table[row][size] / table[row][row] for row in range(size)]
