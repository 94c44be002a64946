"""Helpers that code in the sandbox may import as `tools`: searching, guarding a composition, showing values.

Standard library only: this file's text travels into the sandbox. A failed guard raises `Conflict`, so that a conflict
in a composition is a real failure of the code that looked for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import gcd, isqrt, lcm  # noqa: F401  (constraints of skills use them)
from typing import Any

SEARCH_LIMIT = 200
DIGIT_LIMIT = 30
Number = int | float | Fraction


class Conflict(Exception):
    """A composition that does not hold together."""


def is_square(n: int) -> bool:
    """Whether n is a perfect square."""
    return n >= 0 and isqrt(n) ** 2 == n


def is_prime(n: int) -> bool:
    """Whether n is prime, by trial division."""
    return n > 1 and all(n % d for d in range(2, isqrt(n) + 1))


def least(condition: Callable[[int], object], low: int) -> int:
    """The smallest integer from low upwards that satisfies the condition."""
    for n in range(low, low + SEARCH_LIMIT):
        if condition(n):
            if n == low:
                raise Conflict(f"already {low} satisfies the condition")
            return n
    raise Conflict(f"no integer from {low} to {low + SEARCH_LIMIT - 1} satisfies the condition")


def count(condition: Callable[[int], object], low: int, high: int) -> int:
    """How many integers from low to high satisfy the condition: some, but not all."""
    found = sum(1 for n in range(low, high + 1) if condition(n))
    if found in (0, high - low + 1):
        raise Conflict(f"{'all' if found else 'no'} integers from {low} to {high} satisfy the condition")
    return found


def excess(left: Number, right: Number) -> Number:
    """By how much left exceeds right."""
    if left <= right:
        raise Conflict("the first value does not exceed the second")
    return left - right


def lowest_terms_sum(value: int | Fraction) -> int:
    """p + q for the value p/q in lowest terms."""
    reduced = Fraction(value)
    return reduced.numerator + reduced.denominator


def fit(
    name: str,
    value: Number,
    low: Number | None = None,
    high: Number | None = None,
    values: Sequence[Number] | None = None,
    whole: bool = False,
) -> Number:
    """Guard: the value can stand for the parameter."""
    if whole and (type(value) is not int):
        raise Conflict(f"{name} = {show(value)} is not an integer")
    if low is not None and value < low:
        raise Conflict(f"{name} = {show(value)} is below {low}")
    if high is not None and value > high:
        raise Conflict(f"{name} = {show(value)} is above {high}")
    if values is not None and value not in values:
        raise Conflict(f"{name} = {show(value)} is not one of {values}")
    return value


def need(condition: object, text: str) -> None:
    """Guard: a constraint of a skill holds."""
    if not condition:
        raise Conflict(f"{text} does not hold")


def sound(answer: object, givens: Sequence[Number] = ()) -> None:
    """Guard: the answer is worth asking for (not trivial, not a given, not a page of digits)."""
    if isinstance(answer, (int, Fraction)) and not isinstance(answer, bool):
        if answer in (0, 1, -1):
            raise Conflict(f"the answer {answer} is trivial")
        if answer in givens:
            raise Conflict(f"the answer {answer} already stands in the statement")
        if abs(answer) >= 10**DIGIT_LIMIT:
            raise Conflict(f"the answer has more than {DIGIT_LIMIT} digits")
    elif isinstance(answer, float):
        if not math.isfinite(answer) or answer == 0 or not 1e-9 < abs(answer) < 1e12:
            raise Conflict(f"the answer {answer!r} is not a sensible quantity")
    elif isinstance(answer, (list, str, tuple)) and (len(answer) == 0 or len(answer) > 40):
        raise Conflict(f"the answer has {len(answer)} elements")


def varied(value: Any) -> list[Any]:
    """Values near a value, to see whether something depends on it."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, Fraction)):
        return [value + 1, value + 2, value + 3, value - 1]
    if isinstance(value, float):
        return [value * 1.03, value * 0.95, value * 1.3, value * 0.7]
    if isinstance(value, str):
        return [value[::-1], value + value[:1], value[1:]]
    return [value[::-1], [*value, *value[:1]], value[1:]]


def differs(left: object, right: object, figures: int) -> bool:
    """Whether two answers differ; floats by more than a unit of the last figure."""
    if isinstance(left, float) and isinstance(right, float) and right:
        return abs(left - right) > 10.0 ** (math.floor(math.log10(abs(right))) - figures + 1)
    return left != right


def matters(name: str, value: Any, final: Callable[[Any], object], answer: object, figures: int = 12) -> None:
    """Guard: the final answer, to the figures asked for, depends on a value that a sub-problem supplies."""
    for other in varied(value):
        if other == value:
            continue
        try:
            if differs(final(other), answer, figures):
                return
        except (ValueError, ArithmeticError, IndexError):
            continue
    raise Conflict(f"the answer does not depend on {name}")


def matters_somewhere(
    name: str, inputs: Iterable[Any], inner: Callable[[Any], Any], final: Callable[[Any], object]
) -> None:
    """Guard: for some data, the result of a program depends on an intermediate value."""
    for data in inputs:
        value = inner(data)
        result = final(value)
        for other in varied(value):
            try:
                if other != value and final(other) != result:
                    return
            except (ValueError, ArithmeticError, IndexError):
                continue
    raise Conflict(f"the result does not depend on {name}")


def does_something(
    name: str, inputs: Iterable[Any], whole: Callable[[Any], object], without: Callable[[Any], object]
) -> None:
    """Guard: for some data, leaving a step out changes the result."""
    for data in inputs:
        try:
            if without(data) != whole(data):
                return
        except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError):
            return  # nothing comes out without it
    raise Conflict(f"the result does not depend on {name}")


def differing(outputs: Sequence[object]) -> None:
    """Guard: a program does not give the same result for nearly all data."""
    texts = [repr(output) for output in outputs]
    if len(set(texts)) < max(3, len(texts) // 3):
        raise Conflict("nearly all inputs give the same result")


def rounds_safely(answer: float, figures: int) -> None:
    """Guard: the rounded answer does not hang on the last bits of a float."""
    if answer:
        scaled = abs(answer) / 10 ** (math.floor(math.log10(abs(answer))) - figures + 1)
        if abs(scaled % 1 - 0.5) < 1e-3:
            raise Conflict(f"{answer!r} lies on a rounding boundary")


def show(value: object) -> str:
    """Text of a value: fractions as p/q, floats to nine figures."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, float):
        return f"{value:.9g}"
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:200]}… ({len(text)} characters)"
