"""Polynomials as lists of coefficients, highest degree first ↔ x^2 - 4."""

from __future__ import annotations

import re
from random import Random

from agentprop.skills.values.parameter import KindRules, Parameter


def _draw_polynomial(p: Parameter, rng: Random) -> list[int]:
    degree = rng.randint(*(p.degree or (2, 3)))
    leading = 1 if p.monic else rng.choice([v for v in range(p.low, p.high + 1) if v])
    return [leading, *(rng.randint(p.low, p.high) for _ in range(degree))]


def write_polynomial(coefficients: list[int], variable: str = "x") -> str:
    """[1, 0, -4] → `x^2 - 4`; highest degree first."""
    text, top = "", len(coefficients) - 1
    for position, c in enumerate(coefficients):
        power = top - position
        if c == 0 and top > 0:
            continue
        size = "" if abs(c) == 1 and power else str(abs(c))
        term = size + ("" if power == 0 else variable if power == 1 else f"{variable}^{_exponent(power)}")
        text += (" - " if c < 0 else " + ") + term if text else ("-" if c < 0 else "") + term
    return text or "0"


def _exponent(power: int) -> str:
    return str(power) if power < 10 else f"{{{power}}}"


def _read_polynomial(p: Parameter, text: str, math: bool) -> list[int]:
    variable = re.escape(p.variable)
    coefficients: dict[int, int] = {}
    for sign, size, var, power in re.findall(rf"([+-]?) ?(\d*)({variable}(?:\^\{{?(\d+)\}}?)?)?(?: |$)", text + " "):
        if not size and not var:
            continue
        degree = 0 if not var else int(power or 1)
        coefficients[degree] = int(size or 1) * (-1 if sign == "-" else 1)
    return [coefficients.get(d, 0) for d in range(max(coefficients, default=0), -1, -1)]


def _polynomial_pattern(p: Parameter, math: bool) -> str:
    term = rf"(?:\d*{re.escape(p.variable)}(?:\^(?:\d|\{{\d+\}}))?|\d+)"
    return rf"-?{term}(?: [+-] {term})*"


RULES = {
    "polynomial": KindRules(
        ("degree", "min", "max"),
        ("degree", "min", "max", "monic", "variable"),
        _draw_polynomial,
        lambda p, v, m: write_polynomial(v, p.variable),
        _polynomial_pattern,
        _read_polynomial,
        lambda p, v: None,
    ),
}
