r"""The intermediate values of a problem, and a reply → how many of them the reply passes in order.

A reply may have the right answer by luck, or a wrong one after five right steps. Each value is looked for behind the
place at which the one before it was found. Whole numbers and fractions must be exact; a decimal counts if it agrees to
half a per cent, about three significant figures; lists and texts are compared letter by letter, without spaces. Whole
numbers below 10 and numbers of the statement stand in almost any reply, so they are no values to look for. Ours.

    >>> passed(("20", "3/4", "62.622 °C"), r"There are $20$ ways, so $\frac{3}{4}$ of them, and T = 62.6 °C.")
    StepsPassed(found=3, of=3, first_missing=None)
    >>> passed(("1,514", "[5, 4]"), "First [5,4], then 1514.")
    StepsPassed(found=1, of=2, first_missing=1)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

ROUNDING = 0.005
"""Largest relative difference of a decimal."""
SMALL = 10
"""Whole numbers below it do not count."""
_NUMBER = re.compile(
    r"\\[dt]?frac\{(-?\d+)\}\{(\d+)\}|(?<![\w.])(-?\d+)/(\d+)|"
    r"(-?\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+(?!\d)(?:\.\d+)?|-?\d+(?:\.\d+)?)(?:\s*(?:\\times|\\cdot|×)\s*10\^\{?(-?\d+)\}?)?"
)


class StepsPassed(NamedTuple):
    """How far a reply follows a problem's intermediate values."""

    found: int
    """Values that it passes in order."""
    of: int
    """All of them."""
    first_missing: int | None
    """Place of the first that it lacks, from 0; None if it lacks none."""


def countable(values: Sequence[str], statement: str) -> tuple[str, ...]:
    """Return the values that a reply does not have by chance.

    >>> countable(("4", "256", "31", "[4, 2]"), "What is $256 - x$ if $x$ is …?")
    ('31', '[4, 2]')
    """
    given = {_number(found) for found in _NUMBER.finditer(statement)}

    def by_chance(value: str) -> bool:
        found = _NUMBER.fullmatch(value.strip("$"))
        if found is None:
            return False
        number = _number(found)
        return number in given or (number.denominator == 1 and abs(number) < SMALL)

    return tuple(value for value in values if not by_chance(value))


def passed(values: Sequence[str], reply: str) -> StepsPassed:
    """Count the values that occur in a reply in order."""
    position, found, missing = 0, 0, None
    for place, value in enumerate(values):
        end = _end_of(value, reply, position)
        if end is not None:
            position, found = end, found + 1
        elif missing is None:
            missing = place
    return StepsPassed(found, len(values), missing)


def _end_of(value: str, reply: str, start: int) -> int | None:
    """The end of the first place from `start` on at which the value stands."""
    wanted = _NUMBER.match(value.strip("$"))
    if wanted is None or value[:1] in "[(":
        pattern = r"\s*".join(re.escape(part) for part in re.split(r"\s+|(?<=[,\[(])|(?=[\])])", value) if part)
        text = re.compile(pattern).search(reply, start) if pattern else None
        return None if text is None else text.end()
    exact = "." not in wanted[0]
    for seen in _NUMBER.finditer(reply, start):
        if _same(_number(seen), _number(wanted), exact):
            return seen.end()
    return None


def _number(found: re.Match[str]) -> Fraction:
    if found[1] or found[3]:
        bottom = int(found[2] or found[4])
        return Fraction(int(found[1] or found[3]), bottom) if bottom else Fraction(0)
    power = int(found[6] or 0)
    return Fraction(re.sub(r"\\,|\{,\}|,", "", found[5])) * Fraction(10) ** (power if abs(power) < 400 else 0)


def _same(one: Fraction, other: Fraction, exact: bool) -> bool:
    return one == other if exact else abs(one - other) <= Fraction(ROUNDING) * abs(other)
