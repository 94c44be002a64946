"""Values as answers: an integer, a fraction, or one text for one value, whichever route found it.

A value of another kind than the answer of the original question is refused: two solutions stay two, a whole number
stays whole. Floats are named first: as a fraction, a multiple of pi, a root, or a root of a quadratic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import (
    IMAGINARY,
    PI,
    Exact,
    div,
    is_real,
    number,
    root,
    sqrt,
)
from agentprop.extraction.mining.question.kernel.forms import QuotientForm, settled
from agentprop.extraction.mining.question.kernel.limits import NotExact, TooLong, Undefined, fresh_steps
from agentprop.extraction.mining.question.kernel.matrices import ExactMatrix
from agentprop.extraction.mining.question.kernel.plain import rational_near
from agentprop.extraction.mining.question.kernel.ranges import Intervals
from agentprop.extraction.mining.question.kernel.texts import text_of

SMALL_DENOMINATOR = 600
LARGEST_QUADRATIC = 40


def computed(work: Callable[[], Any]) -> Any:
    """The value of a computation, with a fresh count of steps; whatever it cannot do is a ValueError."""
    fresh_steps()
    try:
        return work()
    except (Undefined, NotExact, TooLong):
        raise
    except (ArithmeticError, TypeError, RecursionError, AttributeError, LookupError, MemoryError) as problem:
        raise Undefined(str(problem)) from None


def whole_answer(value: Any, digits: int) -> int:
    """The integer that a value is, if it is one of no more than so many digits."""
    found = one_number(value)
    if isinstance(found, bool) or not isinstance(found, int):
        raise Undefined("no whole number")
    return small_enough(found, digits)


def rational_answer(value: Any, digits: int) -> Fraction:
    """The fraction that a value is, if it is not whole and has small parts."""
    found = one_number(value)
    if not isinstance(found, Fraction):
        raise Undefined("no fraction")
    small_enough(found.numerator, digits)
    small_enough(found.denominator, digits)
    return found


def number_answer(value: Any, digits: int) -> Fraction:
    """The rational number that a value is, whole or not, if it has small parts."""
    found = Fraction(one_number(value))
    small_enough(found.numerator, digits)
    small_enough(found.denominator, digits)
    return found


def single_value(value: Any) -> Any:
    """The value of a list of one."""
    value = settled(value)
    return settled(value[0]) if isinstance(value, list) and len(value) == 1 else value


def one_number(value: Any) -> Any:
    """The rational number that a value is. Raises Undefined, NotExact."""
    found = single_value(value)
    if not isinstance(found, int | Fraction | float | complex):
        raise Undefined("no single number")
    return rational_near(found)


def small_enough(value: int, digits: int) -> int:
    """The integer, unless it has more digits."""
    if abs(value) >= 10**digits:
        raise Undefined("too long an answer")
    return value


def text_answer(value: Any, shape: str, length: int) -> str:
    """The LaTeX of a value of this shape and of no more than so many characters."""
    value = named(single_value(value))
    if answer_shape(value) != shape:
        raise Undefined("another kind of answer")
    text = text_of(value)
    if len(text) > length:
        raise Undefined("too long an answer")
    return text


def answer_shape(value: Any) -> str:
    """What kind of answer a value is: `i` whole, `q` fraction, `s2` two terms with roots, `(i,i)`, `[i,i]`, …"""
    if isinstance(value, bool):
        return "b"
    if isinstance(value, int):
        return "i"
    if isinstance(value, Fraction):
        return "q"
    if isinstance(value, str):
        return "t"
    if isinstance(value, Exact):
        return f"s{len(value.terms)}{'' if is_real(value) else 'c'}"
    if isinstance(value, QuotientForm):
        return "f"
    if isinstance(value, Intervals):
        return "u" + " ".join(interval_shape(one) for one in value)
    parts = ["q" if shape == "i" else shape for shape in map(answer_shape, value)]
    if all(answer_shape(one) == "i" for one in value):
        parts = ["i"] * len(parts)
    if isinstance(value, list):
        return f"[{','.join(sorted(parts))}]"
    return f"{'m' if isinstance(value, ExactMatrix) else ''}({','.join(parts)})"


def interval_shape(interval: Any) -> str:
    """Which ends there are and whether they belong to it."""
    low, high, closed_low, closed_high = interval
    if low is not None and low == high:
        return "point"
    return f"{'-' if low is None else '[' if closed_low else '('}{'-' if high is None else ']' if closed_high else ')'}"


# --- what a value is called ---


def named(value: Any) -> Any:
    """A value with every float in it as the exact number that it is, lists in one order. Raises NotExact."""
    value = settled(value)
    if isinstance(value, Intervals):
        return Intervals((named_end(a), named_end(b), c, d) for a, b, c, d in value)
    if isinstance(value, ExactMatrix):
        return ExactMatrix(tuple(named(one) for one in row) for row in value)
    if isinstance(value, list):
        return sorted((named(one) for one in value), key=place_of)
    if isinstance(value, tuple):
        return tuple(named(one) for one in value)
    if isinstance(value, float | complex):
        return named_number(value)
    return value


def named_end(value: Any) -> Any:
    """An end of an interval."""
    return None if value is None else named(value)


def place_of(value: Any) -> Any:
    """What values of a list are ordered by: their size, complex ones by both parts."""
    if isinstance(value, list | tuple):
        return [place_of(one) for one in value]
    if isinstance(value, str | QuotientForm):
        return [0.0, 0.0]
    found = complex(number(value))
    return [round(found.real, 9), round(found.imag, 9)]


def named_number(value: Any) -> Any:
    """The exact number that a float is."""
    if isinstance(value, complex):
        if abs(value.imag) > 1e-9 * max(1.0, abs(value)):
            return settled_sum(named_number(value.real), named_number(value.imag))
        value = value.real
    if value != value or math.isinf(value):
        raise Undefined("no number")
    for guess in (as_fraction, as_multiple_of_pi, as_root, as_quadratic):
        found = guess(value)
        if found is not None:
            return found
    raise NotExact("a number without a name")


def settled_sum(real: Any, imaginary: Any) -> Any:
    """real + imaginary · i."""
    return real + imaginary * IMAGINARY


def as_fraction(value: float) -> Any:
    """A fraction with a small denominator; zero for what is only rounding."""
    if abs(value) < 1e-9:
        return 0
    near = Fraction(value).limit_denominator(SMALL_DENOMINATOR)
    if abs(float(near) - value) > 1e-9 * max(1.0, abs(value)):
        return None
    return near.numerator if near.denominator == 1 else near


def as_multiple_of_pi(value: float) -> Any:
    """A rational multiple of pi or of its square."""
    for power in (1, 2):
        near = as_fraction(value / math.pi**power)
        if near:
            return near * PI if power == 1 else near * PI * PI
    return None


def as_root(value: float) -> Any:
    """A rational number times a square root, or a cube root."""
    for degree in (2, 3):
        near = as_fraction(abs(value) ** degree)
        if near and Fraction(near).numerator < 10**7:
            found = root(near, degree)
            return found if value > 0 else -found
    return None


def as_quadratic(value: float) -> Any:
    """(p ± √d) / 2a of the smallest quadratic a·x² + b·x + c with whole coefficients that vanishes there."""
    for a in range(1, LARGEST_QUADRATIC):
        square = a * value * value
        most = int(2 * a * abs(value)) + LARGEST_QUADRATIC
        for b in range(-min(most, 400), min(most, 400) + 1):
            c = -(square + b * value)
            if abs(c - round(c)) < 1e-9 * max(1.0, abs(square)):
                d = b * b - 4 * a * round(c)
                if d <= 0:
                    continue
                for sign in (1, -1):
                    if abs((-b + sign * math.sqrt(d)) / (2 * a) - value) < 1e-9 * max(1.0, abs(value)):
                        return div(-b + sign * sqrt(d), 2 * a)
    return None
