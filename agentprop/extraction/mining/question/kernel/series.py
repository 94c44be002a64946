"""Sums and products that go on by a law: the terms between the first ones and the last one, or the limit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import Exact, div, is_rational, is_real, number, sign_of
from agentprop.extraction.mining.question.kernel.limits import NotExact, TooLong, Undefined, step
from agentprop.extraction.mining.question.kernel.plain import plain_div, same_number

MOST_TERMS_OF_SERIES = 6000


def law_of(column: Sequence[Any]) -> tuple[str, Any]:
    """How the numbers of a place in the terms go on: by a common difference or a common ratio. Raises Undefined."""
    gaps = {b - a for a, b in itertools.pairwise(column)}
    if len(gaps) == 1:
        return "difference", gaps.pop()
    if len(column) > 2 and all(value != 0 for value in column):
        ratios = {div(b, a) for a, b in itertools.pairwise(column)}
        if len(ratios) == 1:
            return "ratio", ratios.pop()
    raise Undefined("numbers without a law")


def progressions(columns: Sequence[Sequence[Any]], ends: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows of numbers from the first row on by each column's law until the last row. Raises Undefined.

    `ends` holds what is written behind the dots, for each column; all of it must be the end of the rows.

    >>> progressions([[1, 2]], [[4, 5]])
    [[1], [2], [3], [4], [5]]
    """
    laws = [law_of(column) for column in columns]
    last = [column[-1] for column in ends]
    row = [column[0] for column in columns]
    rows = [row]
    while row != last:
        step()
        if len(rows) > MOST_TERMS_OF_SERIES:
            raise TooLong("the last term is not reached")
        row = [value + by if law == "difference" else value * by for value, (law, by) in zip(row, laws, strict=True)]
        if any(overshoots(*one) for one in zip(columns, row, last, strict=True)):
            raise Undefined("the last term is missed")
        rows.append(row)
    if len(rows) < len(columns[0]) + len(ends[0]):
        raise Undefined("fewer terms than are written")
    if [list(row) for row in zip(*ends, strict=True)] != rows[-len(ends[0]) :]:
        raise Undefined("the terms behind the dots do not end the series")
    return rows


def overshoots(column: Sequence[Any], value: Any, last: Any) -> bool:
    """Whether a rising column is above the last number, or a falling one below."""
    if column[0] == column[1]:
        return bool(value != last)
    if not all(map(is_rational, (column[0], column[1], value, last))):
        return False
    if column[0] * column[1] < 0:
        return bool(abs(value) > max(abs(last), abs(column[0]), abs(column[1])))
    rising = column[1] > column[0]
    return bool(value > last) if rising else bool(value < last)


def signed(values: Sequence[Any], signs: Sequence[int]) -> list[Any]:
    """Values with signs that repeat."""
    return [value * signs[place % len(signs)] for place, value in enumerate(values)]


def endless_sum(terms: Sequence[Any]) -> Any:
    """The limit of a geometric series, from its first terms. Raises Undefined for others."""
    if len(terms) < 3 or terms[0] == 0:
        raise Undefined("too few terms")
    ratio = div(terms[1], terms[0])
    if any(div(b, a) != ratio for a, b in itertools.pairwise(terms)) or not is_real(ratio):
        raise Undefined("no geometric series")
    if sign_of(1 - ratio) <= 0 or sign_of(1 + ratio) <= 0:
        raise Undefined("no limit")
    return div(terms[0], 1 - ratio)


def plain_endless_sum(terms: Sequence[Any]) -> float:
    """The same, adding up terms until they no longer count."""
    if len(terms) < 3:
        raise Undefined("too few terms")
    ratio, term, result = plain_div(terms[1], terms[0]), float(terms[0]), 0.0
    if not same_number(terms[2], terms[1] * ratio) or abs(ratio) >= 1:
        raise Undefined("no geometric series")
    for _ in range(4000):
        result, term = result + term, term * ratio
    return result


def terms_between(low: Any, high: Any, term: Callable[[int], Any]) -> list[Any]:
    """The terms for every integer from low to high."""
    if not isinstance(low, int) or not isinstance(high, int):
        raise Undefined("bounds that are not whole")
    if high - low > MOST_TERMS_OF_SERIES:
        raise TooLong("too many terms")
    step(max(0, high - low))
    return [term(index) for index in range(low, high + 1)]


def endless_terms(low: Any, term: Callable[[int], Any]) -> Any:
    """The limit of a sum over all integers from low on, if it is geometric."""
    return endless_sum([term(low + index) for index in range(5)])


def plain_endless_terms(low: Any, term: Callable[[int], Any]) -> float:
    """The limit of a sum by Richardson's extrapolation of partial sums; for geometric ones the sum itself."""
    result, partial, wanted = 0.0, list[float](), {2**k for k in range(4, 13)}
    for index in range(4096):
        result += float(term(low + index))
        step()
        if index + 1 in wanted:
            partial.append(result)
    if abs(partial[-1] - partial[-2]) < 1e-13:
        return partial[-1]
    table = partial
    order = 1
    while len(table) > 2:
        table = [b + (b - a) / (2**order - 1) for a, b in itertools.pairwise(table)]
        order += 1
    if abs(table[-1] - table[-2]) > 1e-9:
        raise NotExact("a sum that converges slowly")
    return table[-1]


def number_of_terms(terms: Sequence[Any]) -> int:
    """How many terms."""
    return len(terms)


def as_number(value: Any) -> Any:
    """For comparisons of exact with plain values."""
    return number(value) if isinstance(value, Exact) else value
