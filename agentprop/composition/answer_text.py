"""A computed value → the canonical text of an answer, and back."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from agentprop.portable import parse_expression
from agentprop.records import AnswerType
from agentprop.skills import OutputKind

TYPES: dict[OutputKind, AnswerType] = {
    "integer": "integer",
    "rational": "rational",
    "quantity": "quantity",
    "list": "list",
    "string": "string",
    "words": "list",
    "graph": "list",
    "boolean": "boolean",
    "expression": "expression",
    "program": "program",
}


def answer_text(value: Any, *, unit: str | None = None, figures: int | None = None) -> str:
    """Write integers and fractions exactly, quantities rounded and with their unit, anything else as Python does.

    Raises ValueError for a value that cannot be an answer: an infinity, or an integer of thousands of digits.
    """
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) or (figures is not None and isinstance(value, int | Fraction)):
        number = significant(_finite(value), figures or 12)
        return f"{number} {unit}" if unit and unit != "1" else number
    if isinstance(value, int | Fraction):
        return str(value)
    if isinstance(value, str):
        return value
    return repr(value)


def _finite(value: float | Fraction) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("the value is too large for a quantity") from None
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a number")
    return number


def significant(value: float, figures: int) -> str:
    """Round a number to significant figures, all of them seen: 0.0120, 3.40, 125, 1.25e+07, and 1.00e+04 for 10000."""
    if value == 0:
        return "0"
    exact = Decimal(repr(value))
    quantum = Decimal(1).scaleb(exact.adjusted() - figures + 1)
    rounded = exact.quantize(quantum, rounding=ROUND_HALF_EVEN)
    if rounded.adjusted() != exact.adjusted():  # 9.996 → 10.0, not 10.00
        rounded = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - figures + 1))
    exponent = rounded.as_tuple().exponent
    hidden = isinstance(exponent, int) and exponent > 0 and rounded.as_tuple().digits[-1] == 0
    if rounded.adjusted() >= max(figures, 6) or rounded.adjusted() < -4 or hidden:
        mantissa = rounded.scaleb(-rounded.adjusted())
        return f"{mantissa:f}e{rounded.adjusted():+03d}"
    return f"{rounded:f}"


def read_value(text: str) -> Any:
    """Read the value that `tools.show` printed: integer, fraction, float, list, string. Raises ValueError otherwise."""
    for convert in (int, Fraction) if "/" in text else (int, float):
        try:
            return convert(text)
        except (ValueError, ZeroDivisionError):
            continue
    try:
        return ast.literal_eval(parse_expression(text.lstrip(" \t")))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"not a value: {text[:80]}") from None


def close(left: Any, right: Any) -> bool:
    """True if two independently computed values agree: exactly, or floats to a relative 10⁻⁶."""
    if isinstance(left, float) or isinstance(right, float):
        try:
            return bool(abs(left - right) <= 1e-6 * max(abs(left), abs(right)))
        except TypeError:
            return False
    return type(left) is type(right) and bool(left == right)


def same_json(output: Any, expected: Any) -> bool:
    """Equality of plain values with exact types; tuples count as lists, as in JSON."""
    if isinstance(output, list | tuple) and isinstance(expected, list | tuple):
        pairs: Sequence[tuple[Any, Any]] = list(zip(output, expected, strict=False))
        return len(output) == len(expected) and all(same_json(a, b) for a, b in pairs)
    return type(output) is type(expected) and bool(output == expected)
