"""Integers, rationals and decimals: drawn, written, read back, and checked against their bounds."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from random import Random
from typing import Any

from agentprop.skills.values.parameter import INT, KindRules, Parameter


def _draw_integer(p: Parameter, rng: Random) -> int:
    if p.values:
        return int(rng.choice(p.values))
    if p.log and p.low > 0:
        return min(p.high, max(p.low, round(math.exp(rng.uniform(math.log(p.low), math.log(p.high))))))
    return rng.randint(p.low, p.high)


def _draw_rational(p: Parameter, rng: Random) -> Fraction:
    denominator = rng.randint(2, p.max_denominator)
    low, high = math.ceil((p.min or 0) * denominator), math.floor((p.max or 0) * denominator)
    return Fraction(rng.randint(low, high), denominator)


def _draw_decimal(p: Parameter, rng: Random) -> float:
    scale = 10**p.digits
    steps = rng.randint(math.ceil((p.min or 0) * scale), math.floor((p.max or 0) * scale))
    return steps / float(scale)


def _write_rational(p: Parameter, value: Any, math: bool) -> str:
    value = Fraction(value)
    if value.denominator == 1:
        return str(value.numerator)
    sign, top = ("-" if value < 0 else ""), abs(value.numerator)
    return f"{sign}\\frac{{{top}}}{{{value.denominator}}}" if math else f"{sign}{top}/{value.denominator}"


def _write_decimal(p: Parameter, value: Any, math: bool) -> str:
    text = f"{value:.{p.digits}f}"
    return f"{text} {p.unit}" if p.unit else text


def _read_rational(p: Parameter, text: str, math: bool) -> Fraction:
    found = re.fullmatch(r"(-?)\\frac\{(\d+)\}\{(\d+)\}", text)
    return Fraction(int(found[1] + found[2]), int(found[3])) if found else Fraction(text)


def _read_decimal(p: Parameter, text: str, math: bool) -> float:
    return float(text.removesuffix(f" {p.unit}") if p.unit else text)


def _decimal_pattern(p: Parameter, math: bool) -> str:
    number = r"-?\d+" + (rf"\.\d{{{p.digits}}}" if p.digits else "")
    return number + (f" {re.escape(p.unit)}" if p.unit else "")


def _misfit_number(p: Parameter, value: Any) -> str | None:
    if p.values and value not in p.values:
        return f"{value} is not one of {', '.join(map(str, p.values))}"
    if p.min is not None and value < p.min:
        return f"{_short(value)} is below {_short(p.min)}"
    if p.max is not None and value > p.max:
        return f"{_short(value)} is above {_short(p.max)}"
    return None


def _short(value: Any) -> str:
    if isinstance(value, int):
        text = str(value) if value.bit_length() < 200 else f"a number of {value.bit_length()} bits"
        return text
    return f"{float(value):.6g}"


def _misfit_integer(p: Parameter, value: Any) -> str | None:
    if type(value) is not int:
        return f"{_short(value)} is not an integer" if isinstance(value, float | Fraction) else "not an integer"
    return _misfit_number(p, value)


def _misfit_rational(p: Parameter, value: Any) -> str | None:
    return _misfit_number(p, value) if isinstance(value, int | Fraction) else "not a rational number"


def _misfit_decimal(p: Parameter, value: Any) -> str | None:
    if not isinstance(value, int | float | Fraction) or not math.isfinite(value):
        return "not a finite number"
    return _misfit_number(p, value)


RULES = {
    "integer": KindRules(
        (),
        ("min", "max", "values", "log"),
        _draw_integer,
        lambda p, v, m: str(v),
        lambda p, m: INT,
        lambda p, t, m: int(t),
        _misfit_integer,
    ),
    "rational": KindRules(
        ("min", "max"),
        ("min", "max", "max_denominator"),
        _draw_rational,
        _write_rational,
        lambda p, m: r"-?\\frac\{\d+\}\{\d+\}|-?\d+" if m else r"-?\d+(?:/\d+)?",
        _read_rational,
        _misfit_rational,
    ),
    "decimal": KindRules(
        ("min", "max"),
        ("min", "max", "digits", "unit"),
        _draw_decimal,
        _write_decimal,
        _decimal_pattern,
        _read_decimal,
        _misfit_decimal,
    ),
}
