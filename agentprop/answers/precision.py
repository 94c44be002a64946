"""The precision a question states, and what it means for two numbers to agree to it.

An int n is n significant figures. Text may say `3 significant figures` (`sf`, `s.f.`, `sig figs`), `2 decimal places`
(`dp`, `decimals`), `nearest hundredth` (or `nearest 0.05`), `±0.01` (absolute) or `±1%` (relative). Two numbers agree
when rounding can give them the same figures; a tie may be rounded either way. Without a stated precision decimals are
exact.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from agentprop.errors import InputError

_NEAREST = {
    "integer": "1",
    "whole number": "1",
    "unit": "1",
    "one": "1",
    "ten": "10",
    "hundred": "100",
    "thousand": "1000",
    "million": "1000000",
    "tenth": "0.1",
    "hundredth": "0.01",
    "thousandth": "0.001",
    "cent": "0.01",
    "dollar": "1",
    "ten thousandth": "0.0001",
    "ten-thousandth": "0.0001",
    "degree": "1",
    "percent": "0.01",
}
_FIGURES = re.compile(r"(\d+)\s*(?:significant|sig\.?|s\.?\s*f\.?|sf)(?:[ -]*(?:figures?|figs?\.?|digits?))?s?")
_PLACES = re.compile(r"(\d+)\s*(?:decimal(?:s|[ -]places?|[ -]digits?)?|d\.?\s*p\.?|dp)")
_STEP = re.compile(r"(?:to\s+)?(?:the\s+)?nearest\s+(.+)")
_WITHIN = re.compile(r"(?:±|\+/?-|within)\s*(\d*\.?\d+(?:e-?\d+)?)\s*(%|percent)?")
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}


@dataclass(frozen=True, slots=True)
class Precision:
    """`figures` counts significant digits; `step` is a grid; `absolute` and `relative` are tolerances."""

    kind: Literal["figures", "step", "absolute", "relative"]
    amount: Fraction

    def grid(self, value: Fraction) -> Fraction:
        """The spacing of representable numbers around `value`."""
        if self.kind == "step":
            return self.amount
        return Fraction(10) ** (magnitude(value) - int(self.amount) + 1) if value else Fraction(0)

    def agree(self, left: Fraction, right: Fraction) -> bool:
        if left == right:
            return True
        if self.kind == "absolute":
            return abs(left - right) <= self.amount
        if self.kind == "relative":
            return abs(left - right) <= self.amount * max(abs(left), abs(right))
        return bool(self.rounded(left) & self.rounded(right))

    def rounded(self, value: Fraction) -> frozenset[Fraction]:
        """The value to the stated figures: one number, or both neighbours of a tie."""
        grid = self.grid(value)
        if grid == 0:
            return frozenset((value,))
        steps = value / grid
        low = math.floor(steps)
        if steps - low == Fraction(1, 2):
            return frozenset((low * grid, (low + 1) * grid))
        return frozenset((round(steps) * grid,))


def magnitude(value: Fraction) -> int:
    """The power of ten of the leading digit: 0 for 1 <= |value| < 10."""
    top, bottom = abs(value.numerator), value.denominator
    guess = math.floor((top.bit_length() - bottom.bit_length()) * math.log10(2))
    while Fraction(10) ** guess * bottom > top:
        guess -= 1
    while Fraction(10) ** (guess + 1) * bottom <= top:
        guess += 1
    return guess


@lru_cache(maxsize=256)
def stated(precision: int | str | None) -> Precision | None:
    """What the question states, or an `InputError` that lists the forms understood."""
    if precision is None:
        return None
    if isinstance(precision, int) and not isinstance(precision, bool):
        if 1 <= precision <= 100:
            return Precision("figures", Fraction(precision))
        raise _unknown(precision)
    text = " ".join(_WORDS.get(word, word) for word in str(precision).strip().lower().split())
    if match := _FIGURES.fullmatch(text):
        return stated(int(match[1]))
    if match := _PLACES.fullmatch(text):
        if int(match[1]) <= 100:
            return Precision("step", Fraction(1, 10 ** int(match[1])))
    elif match := _STEP.fullmatch(text):
        step = _NEAREST.get(match[1].strip(), match[1].strip())
        if re.fullmatch(r"\d{1,20}(\.\d{1,20})?", step) and Fraction(step) > 0:
            return Precision("step", Fraction(step))
    elif match := _WITHIN.fullmatch(text):
        amount = Fraction(match[1])
        return Precision("relative", amount / 100) if match[2] else Precision("absolute", amount)
    raise _unknown(precision)


def _unknown(precision: object) -> InputError:
    return InputError(
        f"The precision {precision!r} is not understood.",
        hint="Give a number of significant figures (1 to 100), or text such as '2 decimal places', 'nearest tenth', "
        "'±0.01' or '±1%'.",
    )
