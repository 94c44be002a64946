"""Sets of integers that meet a condition, between bounds or as far as is searched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.bounds import MOST_INTEGERS, WINDOW
from agentprop.extraction.mining.question.kernel.exact import number, whole
from agentprop.extraction.mining.question.kernel.limits import NotExact, TooLong, Undefined, step

Test = Callable[[int], bool]


def tried(test: Test, n: int) -> bool:
    """Whether a number passes; one for which the condition has no meaning does not."""
    step(2)
    try:
        return bool(test(n))
    except Undefined:
        return False


def integers(low: int | None, high: int | None, test: Test) -> list[int]:
    """The integers of a range that pass; without an end only if none pass near where the search ends."""
    open_below, open_above = low is None, high is None
    first = low if low is not None else (high if high is not None and high < 0 else 0) - WINDOW
    last = high if high is not None else max(first, 0) + WINDOW
    if last - first > MOST_INTEGERS:
        raise TooLong("too many integers")
    found = [n for n in range(first, last + 1) if tried(test, n)]
    margin = WINDOW // 10
    if found and ((open_above and found[-1] > last - margin) or (open_below and found[0] < first + margin)):
        raise Undefined("infinitely many")
    return found


def plain_integers(low: int | None, high: int | None, test: Test) -> list[int]:
    """The same from above, with another window."""
    open_below, open_above = low is None, high is None
    first = low if low is not None else (high if high is not None and high < 0 else 0) - 2 * WINDOW
    last = high if high is not None else max(first, 0) + 2 * WINDOW
    if last - first > MOST_INTEGERS:
        raise TooLong("too many integers")
    found, n = list[int](), last
    while n >= first:
        if tried(test, n):
            found.append(n)
        n -= 1
    if found and ((open_above and found[0] > last - WINDOW) or (open_below and found[-1] < first + WINDOW)):
        raise Undefined("infinitely many")
    return found[::-1]


def smallest_integers(count: Any, low: int | None, high: int | None, test: Test) -> list[int]:
    """The first integers of a range that pass."""
    if low is None:
        low = (high if high is not None and high < 0 else 0) - WINDOW
        if any(tried(test, n) for n in range(low, low + WINDOW // 10)):
            raise Undefined("there is no smallest")
    found: list[int] = []
    n = low
    while len(found) < whole(count) and (high is None or n <= high):
        if n - low > MOST_INTEGERS * 3:
            raise TooLong("nothing found")
        if tried(test, n):
            found.append(n)
        n += 1
    return found


def largest_integers(count: Any, low: int | None, high: int | None, test: Test) -> list[int]:
    """The last integers of a range that pass, the last one first."""
    if high is None:
        high = max(low if low is not None else 0, 0) + WINDOW
        if any(tried(test, n) for n in range(high - WINDOW // 10, high + 1)):
            raise Undefined("there is no largest")
    found: list[int] = []
    n = high
    while len(found) < whole(count) and (low is None or n >= low):
        if high - n > MOST_INTEGERS * 3:
            raise TooLong("nothing found")
        if tried(test, n):
            found.append(n)
        n -= 1
    return found


def first_of(found: list[Any]) -> Any:
    """The only or first one. Raises Undefined where there is none."""
    if not found:
        raise Undefined("there is none")
    return found[0]


def lowest_bound(bounds: Iterable[Any]) -> int | None:
    """The strictest of several lower bounds, rounded up."""
    found = [math.ceil(bound) if isinstance(bound, int | Fraction) else math.ceil(exactly(bound)) for bound in bounds]
    return max(found, default=None)


def highest_bound(bounds: Iterable[Any]) -> int | None:
    """The strictest of several upper bounds, rounded down."""
    found = [math.floor(bound) if isinstance(bound, int | Fraction) else math.floor(exactly(bound)) for bound in bounds]
    return min(found, default=None)


def exactly(bound: Any) -> Any:
    """A bound with roots or pi in it as a float; it is no integer, so rounding is safe unless it is close to one."""
    value = number(bound)
    if isinstance(value, complex) or abs(value - round(value)) < 1e-9:
        raise NotExact("a bound close to an integer")
    return value


def floor_of(bound: Any) -> int:
    """A bound rounded down."""
    return math.floor(bound if isinstance(bound, int | Fraction | float) else exactly(bound))


def ceil_of(bound: Any) -> int:
    """A bound rounded up."""
    return math.ceil(bound if isinstance(bound, int | Fraction | float) else exactly(bound))


def no_case() -> Any:
    """No case of a definition by cases applies."""
    raise Undefined("no case applies")
