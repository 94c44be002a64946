"""A parameter and a value ↔ the value's text, by the rules of its kind."""

from __future__ import annotations

from random import Random
from typing import Any

from agentprop.skills.values import graphs, lists, numbers, polynomials, words
from agentprop.skills.values.parameter import Parameter

RULES = {**numbers.RULES, **words.RULES, **lists.RULES, **polynomials.RULES, **graphs.RULES}
"""The behaviour of every kind."""


def draw(p: Parameter, rng: Random) -> Any:
    """A random value of the kind; constraints between parameters are the caller's."""
    return RULES[p.kind].draw(p, rng)


def render(p: Parameter, value: Any, *, math: bool = False) -> str:
    """The text of a value."""
    return RULES[p.kind].write(p, value, math)


def pattern(p: Parameter, *, math: bool = False) -> str:
    """A regular expression (without groups that capture) that every text of the kind matches."""
    return f"(?:{RULES[p.kind].pattern(p, math)})"


def parse(p: Parameter, text: str, *, math: bool = False) -> Any:
    """The value of a text that matches `pattern`. Raises ValueError where it is not the canonical text of its value."""
    value = RULES[p.kind].read(p, text, math)
    if render(p, value, math=math) != text:
        raise ValueError(f"{text!r} is not how {p.kind} values are written")
    return value


def misfit(p: Parameter, value: Any) -> str | None:
    """Why a supplied value cannot stand for the parameter, or None when it can."""
    return RULES[p.kind].misfit(p, value)
