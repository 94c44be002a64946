"""Helpers that code in the sandbox may import as `tools`: searching, guarding a composition, showing values.

Standard library only: this file's text travels into the sandbox. A failed guard raises `Conflict`, so that a conflict
in a composition is a real failure of the code that looked for it. Policies go by its code, readers by its sentence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd, isqrt, lcm  # noqa: F401  (constraints of skills use them)
from typing import Any

SEARCH_LIMIT = 200
DIGIT_LIMIT, FRACTION_LIMIT = 10, 9
MANY_PARTS, MOST_ALIKE = 12, 0.95
"""Elements of a program's results of which it can be said that they are alike, and the greatest share that may be."""
NEARLY = 0.02
"""Least difference of two quantities that is asked for, relative to the larger: a smaller one hangs on rounding."""
Number = int | float | Fraction


SENTENCES = {
    "too-small": "{about} = {value} is below {bound}",
    "too-large": "{about} = {value} is above {bound}",
    "not-whole": "{about} = {value} is not an integer",
    "not-allowed": "{about} = {value} is not one of {bound}",
    "constraint": "{value} does not hold",
    "holds-at-once": "already {value} satisfies the condition",
    "holds-nowhere": "no integer from {value} to {bound} satisfies the condition",
    "counts-all": "all integers from {value} to {bound} satisfy the condition",
    "counts-none": "no integers from {value} to {bound} satisfy the condition",
    "wrong-order": "the first value does not exceed the second",
    "not-unique": "more than one datum may give {value}",
    "hangs-on-rounding": "the datum hangs on the last figure of {value}",
    "nearly-equal": "the two values are nearly equal",
    "trivial": "the answer {value} is trivial",
    "given-away": "the answer {value} already stands in the statement",
    "too-many-digits": "the answer has more than {bound} digits",
    "long-fraction": "the answer {value} has more than {bound} digits",
    "not-sensible": "the answer {value} is not a sensible quantity",
    "unwieldy": "the answer has {value} elements",
    "rounding-boundary": "{value} lies on a rounding boundary",
    "independent": "the answer does not depend on {about}",
    "result-independent": "the result does not depend on {about}",
    "constant": "nearly all inputs give the same result",
    "few-inputs": "the reference answers {value} of the new inputs, and {bound} are needed",
}
"""Code of a conflict → its sentence."""


class Conflict(Exception):
    """A composition that does not hold together: `code`, and `about`, the value or skill that it is about."""

    def __init__(self, code: str, about: str = "", value: object = None, bound: object = None) -> None:
        super().__init__(SENTENCES.get(code, code).format(about=about, value=value, bound=bound))
        self.detail = f"conflict {code} {about}"
        """What the environment is told."""


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
                raise Conflict("holds-at-once", value=low)
            return n
    raise Conflict("holds-nowhere", value=low, bound=low + SEARCH_LIMIT - 1)


def count(condition: Callable[[int], object], low: int, high: int) -> int:
    """How many integers from low to high satisfy the condition: some, but not all."""
    found = sum(1 for n in range(low, high + 1) if condition(n))
    if found in (0, high - low + 1):
        raise Conflict("counts-all" if found else "counts-none", value=low, bound=high)
    return found


def excess(left: Number, right: Number) -> Number:
    """By how much left exceeds right."""
    if left <= right:
        raise Conflict("wrong-order")
    if isinstance(left, float) and left - right < NEARLY * max(abs(left), abs(float(right))):
        raise Conflict("nearly-equal")
    return left - right


def sought(quantity: Callable[[float], float], value: float, low: float, high: float, *, beyond: bool = False) -> float:
    """The only datum between low and high for which a quantity has the value; with `beyond` far outside them too."""
    grid = [low, high, *(_around if beyond else _between)(low, high)]
    found = sorted((at, f) for at in grid if (f := _tried(quantity, at)) is not None)
    steps = [b - a for (_, a), (_, b) in pairwise(found)]
    if len(found) < 4 or not (all(s > 0 for s in steps) or all(s < 0 for s in steps)):
        raise Conflict("not-unique", value=value)
    inside = [(at, f - value) for at, f in found if low <= at <= high]
    bracket = next(((a, b) for a, b in pairwise(inside) if a[1] * b[1] <= 0), None)
    if bracket is None:
        raise Conflict("holds-nowhere", value=low, bound=high)
    at = _root(quantity, value, *bracket)
    nearby = [quantity(at + 0.01 * sign * abs(at)) for sign in (1, -1)]
    if abs(nearby[0] - nearby[1]) < 0.004 * abs(value):  # its figures would hang on the rounding of the value
        raise Conflict("hangs-on-rounding", value=value)
    return at


def _around(low: float, high: float) -> list[float]:
    """Points between the bounds and beyond them: in proportion for positive data, by steps for others."""
    if low > 0:
        return [low / 8 * (64 * high / low) ** (i / 15) for i in range(16)]
    return [low - (high - low) / 2 + 2 * (high - low) * i / 15 for i in range(16)]


def _between(low: float, high: float) -> list[float]:
    """Points between the bounds."""
    return [low + (high - low) * i / 7 for i in range(1, 7)]


def _tried(quantity: Callable[[float], float], at: float) -> float | None:
    """The quantity at a datum; None if there is none."""
    try:
        found = quantity(at)
    except (ValueError, ArithmeticError, LookupError, Conflict):
        return None
    return found if isinstance(found, float) and math.isfinite(found) else None


def _root(
    quantity: Callable[[float], float], value: float, left: tuple[float, float], right: tuple[float, float]
) -> float:
    """Where a quantity passes a value between two points with known excess: regula falsi, Illinois variant."""
    (a, fa), (b, fb) = left, right
    side = 0
    for _ in range(80):
        if fa == fb or abs(b - a) <= 1e-12 * abs(a):
            break
        at = (fa * b - fb * a) / (fa - fb)
        f = quantity(at) - value
        if abs(f) <= 1e-12 * abs(value):
            return at
        if f * fb > 0:
            b, fb, fa, side = at, f, fa / 2 if side == -1 else fa, -1
        else:
            a, fa, fb, side = at, f, fb / 2 if side == 1 else fb, 1
    return (fa * b - fb * a) / (fa - fb) if fa != fb else a


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
        raise Conflict("not-whole", name, show(value))
    if low is not None and value < low:
        raise Conflict("too-small", name, show(value), low)
    if high is not None and value > high:
        raise Conflict("too-large", name, show(value), high)
    if values is not None and value not in values:
        raise Conflict("not-allowed", name, show(value), values)
    return value


def need(condition: object, text: str) -> None:
    """Guard: a constraint of a skill holds."""
    if not condition:
        raise Conflict("constraint", value=text)


def sound(answer: object, givens: Sequence[Number] = (), digits: int = DIGIT_LIMIT) -> None:
    """Guard: the answer is worth asking for (not trivial, not a given, not a page of digits)."""
    if isinstance(answer, (int, Fraction)) and not isinstance(answer, bool):
        if answer in (0, 1, -1):
            raise Conflict("trivial", value=answer)
        if answer in givens:
            raise Conflict("given-away", value=answer)
        if abs(answer) >= 10**digits:
            raise Conflict("too-many-digits", bound=digits)
        if answer.denominator > 1 and sum(map(str.isdigit, str(answer))) > FRACTION_LIMIT:
            raise Conflict("long-fraction", value=answer, bound=FRACTION_LIMIT)
    elif isinstance(answer, float):
        if not math.isfinite(answer) or answer == 0 or not 1e-9 < abs(answer) < 1e12:
            raise Conflict("not-sensible", value=repr(answer))
    elif isinstance(answer, (list, str, tuple)) and (len(answer) == 0 or len(answer) > 40):
        raise Conflict("unwieldy", value=len(answer))


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
    if value and isinstance(value[0], tuple):  # edges: their order says nothing, and most can be spared
        return [[(a, b, *(w + 1 for w in rest)) for a, b, *rest in value], value[::2], value[1::2]]
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
    raise Conflict("independent", name)


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
    raise Conflict("result-independent", name)


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
    raise Conflict("result-independent", name)


def differing(outputs: Sequence[object]) -> None:
    """Guard: a program does not give the same result for nearly all data, nor lists or strings of one element."""
    texts = [repr(output) for output in outputs]
    commonest = max(map(texts.count, texts), default=0)
    if len(set(texts)) < max(3, len(texts) // 3) or 2 * commonest > len(texts):
        raise Conflict("constant")
    parts = Counter(repr(part) for output in outputs if isinstance(output, (list, str)) for part in output)
    if parts.total() >= MANY_PARTS and max(parts.values()) > MOST_ALIKE * parts.total():
        raise Conflict("constant")


def rounds_safely(answer: float, figures: int) -> None:
    """Guard: the rounded answer does not hang on the last bits of a float."""
    if answer:
        scaled = abs(answer) / 10 ** (math.floor(math.log10(abs(answer))) - figures + 1)
        if abs(scaled % 1 - 0.5) < 1e-3:
            raise Conflict("rounding-boundary", value=repr(answer))


def show(value: object) -> str:
    """Text of a value: fractions as p/q, floats to nine figures."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, float):
        return f"{value:.9g}"
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python writes
        raise Conflict("too-many-digits", bound=DIGIT_LIMIT) from None
    return text if len(text) <= 400 else f"{text[:200]}… ({len(text)} characters)"
