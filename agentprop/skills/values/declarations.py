"""A declared parameter → all faults of the declaration."""

from __future__ import annotations

import re
from random import Random

from agentprop.skills.values.kinds import RULES, draw, misfit, parse, pattern, render
from agentprop.skills.values.models import JOINT
from agentprop.skills.values.parameter import Parameter

MAX_BOUND = 10_000
"""Longest list, largest graph and heaviest edge that may be declared."""
TRIALS = 6
"""Values drawn to try a declaration."""
_COMMON = {"kind", "symbol", "role", "of", "input", "drop", "suits"}


_DROPS: dict[str, tuple[type, ...]] = {
    "integer": (int,), "decimal": (int, float), "rational": (int,), "choice": (str, int), "string": (str,),
}  # fmt: skip
"""Types of `drop` by kind; lists, words and points take a list."""


def faults(p: Parameter) -> list[str]:
    """Find the faults of a declaration."""
    rules, given = RULES[p.kind], p.model_fields_set - _COMMON
    found = [f"{p.kind} needs `{name}`" for name in rules.required if name not in given]
    found += [f"{p.kind} does not take `{name}`" for name in sorted(given - set(rules.allowed))]
    if p.kind == "integer" and not p.values and not {"min", "max"} <= given:
        found.append("integer needs `min` and `max`, or `values`")
    if p.min is not None and p.max is not None and p.min > p.max:
        found.append(f"min {p.min} is above max {p.max}")
    for name in ("length", "word_length", "rows", "cols", "degree", "nodes", "weights"):
        bounds = getattr(p, name)
        if bounds is not None and not 0 <= bounds[0] <= bounds[1] <= MAX_BOUND:
            found.append(f"`{name}` must be [low, high] with 0 ≤ low ≤ high ≤ {MAX_BOUND}")
    if p.distinct and p.length and p.high - p.low + 1 < p.length[1]:
        found.append("too few numbers between min and max for `distinct`")
    if p.kind == "facts":
        texts = [text for wordings in p.phrases.values() for text in wordings]
        found += [f"`phrases`: {text!r} has a joint of two facts in it" for text in texts if JOINT.search(text)]
        found += [f"`phrases`: {text!r} stands there twice" for text in texts if texts.count(text) > 1]
    if p.of is not None and not p.roles:
        found.append("`of` needs a `role`")
    if not 0 <= p.digits <= 12:
        found.append("`digits` must be between 0 and 12")
    if p.drop is not None and type(p.drop) not in _DROPS.get(p.kind, (tuple,)):
        found.append(f"`drop` of {p.drop!r} is no value of a parameter that is {p.kind}")
    return found or _trial_faults(p)


def _trial_faults(p: Parameter) -> list[str]:
    """Find faults by drawing values, writing them and reading them back."""
    rng = Random(0)
    try:
        for value in [draw(p, rng) for _ in range(TRIALS)]:
            for math_ in (False, True):
                text = render(p, value, math=math_)
                if not re.fullmatch(pattern(p, math=math_), text) or parse(p, text, math=math_) != value:
                    return [f"{value!r} cannot be read back from {text!r}"]
            if reason := misfit(p, value):
                return [f"draws {value!r}, which does not fit: {reason}"]
    except (ValueError, TypeError, ArithmeticError, LookupError, re.error) as error:
        return [f"no value can be drawn: {error}"]
    return []
