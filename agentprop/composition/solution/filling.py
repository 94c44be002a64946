r"""Values of parameters, steps and results → their texts in a solution, and a sentence with its holes filled.

Whole numbers and fractions are exact. Decimals have five significant digits, two more than a question usually asks for;
zeros at the end are kept unless nothing was rounded. A unit stands behind a number of prose, and not in a formula.

    >>> shown(Fraction(3, 4)), shown(Fraction(-3, 4), math=True), shown(293.15), shown(2 / 3), shown(1.6e-19)
    ('3/4', '-\\frac{3}{4}', '293.15', '0.66667', '$1.6\\times10^{-19}$')
    >>> fill("$<a> - <b> = <value>$, or <value>.", lambda name, math: {"a": "5", "b": "-2", "value": "7"}[name])
    '$5 - (-2) = 7$, or 7.'
    >>> fill(r"$(<a>)^2 / (<a>) + (<b>)^2$", lambda name, math: {"a": "5", "b": r"\frac{1}{2}"}[name])
    '$5^2 / 5 + (\\frac{1}{2})^2$'
"""

from __future__ import annotations

import math as mathematics
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from agentprop.composition import grammar
from agentprop.composition.answer_text import answer_text
from agentprop.skills import Hole, Output, segments
from agentprop.skills.values import Parameter, render
from agentprop.skills.values.prose import in_prose

DIGITS = 5
"""Significant digits of a decimal; never fewer than two beyond those that a question asks for."""
_OPERATOR = re.compile(r"(?:[-+*/^]|\\cdot|\\times|\\div)\s*$")
_LETTER = re.compile(r"[A-Za-z]|\\sqrt|\\,\\mathrm")
_DIVIDED = re.compile(r"(?:/|\\div)\s*$")
_OWN_BRACKET = re.compile(r"(?:[-+*/=$]|\\cdot|\\times|\\div|\\,|\{)\s*\($")
"""A bracket that is not one of a function, behind an operator or at the beginning of a group."""
_NUMBER = re.compile(r"-?[\d.]+(?:\\times10\^\{-?\d+\})?|-?\\frac\{\d+\}\{\d+\}")


def fill(sentence: str, text: Callable[[str, bool], str]) -> str:
    """Fill the holes of a sentence; `text` gives a value's text by its name, and whether it is inside a formula.

    In a formula a number is put in brackets where it would be misread without them. Brackets of the sentence around a
    hole alone stay only if its number needs them, unless they are those of a function.
    """
    out: list[str] = []
    parts = [*segments(sentence)]
    for position, part in enumerate(parts):
        if not isinstance(part, Hole):
            out.append(grammar.with_ordinal(out[-1], part) if out else part)
            continue
        filled = text(part.name, part.math)
        after = parts[position + 1] if position + 1 < len(parts) else ""
        own = part.math and bool(out) and _OWN_BRACKET.search(out[-1]) is not None and _NUMBER.fullmatch(filled)
        if own and isinstance(after, str) and after.startswith(")"):
            out[-1], after = out[-1][:-1], after[1:]
            parts[position + 1] = after
        before = "".join(out[-2:])
        if part.math and filled == "1" and isinstance(after, str) and _is_coefficient(before, after):
            filled = ""
        raised = isinstance(after, str) and after.startswith("^")
        out.append(f"({filled})" if part.math and _is_misread(filled, before, raised) else filled)
    return "".join(out)


def _is_coefficient(before: str, after: str) -> bool:
    r"""Whether a number stands in front of a letter or a root, so that a 1 is not written.

    >>> fill(r"$3x + <a>\sqrt{2}$, $x^<a>y$, $<a> + 2$", lambda name, math: "1")
    '$3x + \\sqrt{2}$, $x^1y$, $1 + 2$'
    """
    return _LETTER.match(after) is not None and not before.endswith(("^", "_", ".")) and not before[-1:].isdigit()


def _is_misread(number: str, before: str, raised: bool) -> bool:
    """Whether a number would be misread behind what stands before it, or under an exponent."""
    if not _NUMBER.fullmatch(number):
        return False
    if number.startswith("-"):
        return raised or _OPERATOR.search(before) is not None
    return ("\\" in number) and (raised or _DIVIDED.search(before) is not None)


def enumerated(values: list[Any], *, math: bool = False, figures: int = 3) -> str:
    """Write a list as prose does, whose elements are listed in turn; in a formula they stand without an "and".

    >>> enumerated([31, 154, 799]), enumerated([[5], [2, 1]]), enumerated([1, 2, 2], math=True), enumerated([])
    ('31, 154 and 799', '(5) and (2, 1)', '1, 2, 2', 'none')
    """
    told = [shown(tuple(one) if isinstance(one, list) else one, math=math, figures=figures) for one in values]
    return (", ".join(told) if math else in_prose(told)) or "none"


def shown(value: Any, *, math: bool = False, figures: int = 3) -> str:
    """Write an intermediate value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _decimal(value, max(DIGITS, figures + 2), math)
    if isinstance(value, Fraction):
        return render(_RATIONAL, value, math=math)
    if isinstance(value, list | tuple):
        inner = ", ".join(shown(item, math=math, figures=figures) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return str(value)


_RATIONAL = Parameter(kind="rational", min=0, max=1)


def _decimal(value: float, digits: int, math: bool) -> str:
    if not mathematics.isfinite(value) or value == 0:
        return f"{value:g}"
    power = mathematics.floor(mathematics.log10(abs(value)))
    if -4 <= power < 7:
        places = max(1, digits - 1 - power)
        text = f"{value:.{places}f}"
        return f"{value:.15g}" if float(text) == value else text
    mantissa = f"{value / 10.0**power:.{digits - 1}f}"
    exact = mantissa.rstrip("0").rstrip(".")
    if float(f"{exact}e{power}") == value:
        mantissa = exact
    formula = rf"{mantissa}\times10^{{{power}}}"
    return formula if math else f"${formula}$"


def parameter_text(p: Parameter, value: Any, *, math: bool = False) -> str:
    """Write the value of a parameter: as a statement does, but a computed decimal with all its digits."""
    if p.kind != "decimal":
        return render(p, value, math=math)
    given = f"{value:.{p.digits}f}"
    number = given if float(given) == value else shown(float(value), math=math)
    return number if math or not p.unit else _with_unit(number, p.unit)


def value_text(output: Output | None, value: Any, *, math: bool = False) -> str:
    """Write the value of a skill, with its unit in prose."""
    if output is not None and output.kind == "quantity":
        number = shown(float(value), math=math, figures=output.figures)
        return number if math or not output.unit or output.unit == "1" else _with_unit(number, output.unit)
    if isinstance(value, Fraction):
        return shown(value, math=math)
    return answer_text(value)


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit}"
