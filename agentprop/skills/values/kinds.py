"""A parameter and a value ↔ the value's text, by the rules of its kind.

Every kind obeys parse(p, render(p, v)) = v, and a text that is not the canonical one of its value is refused, except
for the kinds that have several wordings of one value. Example:
a rational between 0 and 2, written in prose and in LaTeX, recognised and read back.

    >>> share = Parameter(kind="rational", min=0, max=2, max_denominator=4)
    >>> from fractions import Fraction
    >>> render(share, Fraction(5, 3)), render(share, Fraction(5, 3), math=True)
    ('5/3', '\\\\frac{5}{3}')
    >>> parse(share, "5/3") == Fraction(5, 3), misfit(share, 3)
    (True, '3 is above 2')
    >>> parse(share, "10/6")
    Traceback (most recent call last):
    ...
    ValueError: '10/6' is not how rational values are written
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any

from agentprop.skills.values import graphs, lists, models, numbers, polynomials, words
from agentprop.skills.values.parameter import Parameter

# One table instead of a class for every kind: a kind is its row, and a new one is a new row.
RULES = {**numbers.RULES, **words.RULES, **lists.RULES, **polynomials.RULES, **graphs.RULES, **models.RULES}
"""The behaviour of every kind."""


def draw(p: Parameter, rng: Random) -> Any:
    """Draw a value of the kind. Constraints between parameters are left to the caller."""
    return RULES[p.kind].draw(p, rng)


def render(p: Parameter, value: Any, *, math: bool = False) -> str:
    """Write the text of a value."""
    return RULES[p.kind].write(p, value, math)


def reworded(p: Parameter, value: Any, rng: Random, *, math: bool = False) -> str:
    """Write a text of a value: any one, if its kind has several."""
    other = RULES[p.kind].reworded
    return render(p, value, math=math) if other is None else other(p, value, rng)


@lru_cache(maxsize=1 << 13)  # those of facts and questions list every wording
def pattern(p: Parameter, *, math: bool = False) -> str:
    """Regular expression, without capturing groups, that every text of the kind matches."""
    return f"(?:{RULES[p.kind].pattern(p, math)})"


def parse(p: Parameter, text: str, *, math: bool = False) -> Any:
    """Read a text that matches `pattern`. Raises ValueError if it is not the canonical text of its value."""
    value = RULES[p.kind].read(p, text, math)
    # A value with two texts would let a changed statement keep its meaning unnoticed: 06 is not 6.
    if RULES[p.kind].reworded is None and render(p, value, math=math) != text:
        raise ValueError(f"{text!r} is not how {p.kind} values are written")
    return value


def misfit(p: Parameter, value: Any) -> str | None:
    """Reason why a supplied value cannot be the parameter; None if it can."""
    return RULES[p.kind].misfit(p, value)
