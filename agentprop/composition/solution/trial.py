"""A package that explains itself → what is wrong with its explanation on drawn parameters.

`steps` must answer wherever `solve` does, always with the same names, and its sentences, filled with the numbers, must
hold: whoever recalculates their equations finds them true, the last of which leads to the value of `solve`. So must the
formulas of an object kind, with the numbers of an object of which the facts are true.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from agentprop.composition.solution.arithmetic import false_equations
from agentprop.composition.solution.filling import fill, parameter_text, shown, value_text
from agentprop.composition.solution.objects import claims, in_words
from agentprop.skills import Package, worded
from agentprop.skills.explanations import VALUE, hole_faults

MAX_BITS, MAX_TEXT, MAX_ITEMS = 200, 200, 24
"""Length of the largest integer in bits, of the longest text, and of the longest list that a solution can show."""


def sentences(package: Package, parameters: Mapping[str, Any], steps: Mapping[str, Any], value: Any) -> list[str]:
    """Fill the sentences of a package's explanation. Raises KeyError for a hole without a value."""
    spec = package.spec
    steps = {**steps, **in_words(spec, steps)}

    def text(name: str, math: bool) -> str:
        if name == VALUE:
            return value_text(spec.output, value, math=math)
        if name in spec.parameters:
            return parameter_text(spec.parameters[name], parameters[name], math=math)
        figures = spec.output.figures if spec.output is not None else 3
        return shown(steps[name], math=math, figures=figures)

    return [fill(worded(sentence, True), text) for sentence in spec.explain]


def trial_faults(
    package: Package, cases: Sequence[Mapping[str, Any]], values: Sequence[Any], steps: Sequence[Any]
) -> Iterator[str]:
    """Yield the faults of an explanation, given what `solve` and `steps` returned on the same parameters."""
    names: tuple[str, ...] | None = None
    for case, value, found in zip(cases, values, steps, strict=True):
        if (fault := _shape_fault(found)) is not None:
            yield f"steps: {fault}"
            return
        if names is None:
            names = tuple(found)
            if faults := [*_name_faults(package, names), *hole_faults(package.spec, names)]:
                yield from faults
                return
        if tuple(found) != names:
            yield f"steps: gives {', '.join(found)}, and for other parameters {', '.join(names)}"
            return
        for number, sentence in enumerate(sentences(package, case, found, value)):
            for wrong in false_equations(sentence):
                yield f"explain.{number}: {wrong}"
        for port, text in claims(package.spec, found):
            yield from (f"formulas.{port}: {wrong}" for wrong in false_equations(text))


def _name_faults(package: Package, names: tuple[str, ...]) -> Iterator[str]:
    taken = set(names) & {*package.spec.parameters, VALUE}
    yield from (f"steps: {name!r} is no usable name" for name in names if name in taken or not name.isidentifier())


def _shape_fault(found: Any) -> str | None:
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        return "must return a dict of values by name"
    for name, value in found.items():
        if not showable(value):
            return f"{name} is {str(value)[:60]!r}, which no sentence can show"
    return None


def showable(value: Any) -> bool:
    """Whether a value is a number, a text or a short list of these, and of a length that can be read."""
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int):
        return value.bit_length() <= MAX_BITS
    if isinstance(value, Fraction):
        return showable(value.numerator) and showable(value.denominator)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    if isinstance(value, list | tuple):
        return len(value) <= MAX_ITEMS and all(showable(item) for item in value)
    return False
