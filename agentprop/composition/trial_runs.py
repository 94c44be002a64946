"""What a trial of the built-in proposer printed → its values, and whether the independent check agrees."""

from __future__ import annotations

import re
from typing import Any

from agentprop.composition.answer_text import close, read_value
from agentprop.records import Observation

LINKED = re.compile(r"^(?:\[\w+\] )?(v\d+) = (.*)$", re.MULTILINE)
"""A linked value, as a trial prints it."""


def printed_lines(text: str) -> list[str]:
    """Lines of an observation behind its stage."""
    return text.split("] ", 1)[1].splitlines()


def values_of(text: str) -> dict[str, Any]:
    """`name = value` lines of an observation, but for values that were too long to be shown whole."""
    pairs = (line.split(" = ", 1) for line in printed_lines(text) if " = " in line)
    return {name: value for name, shown in pairs if (value := _read(shown)) is not None}


def linked_values(text: str) -> dict[str, Any]:
    """The values v1, v2, … of an observation, but for those that were too long to be shown whole."""
    return {name: value for name, shown in LINKED.findall(text) if (value := _read(shown)) is not None}


def read_lines(text: str) -> list[Any]:
    """The value of each line of an observation; None for a line that is none."""
    return [_read(line) for line in printed_lines(text)]


def disagreement(tried: Observation, checked: Observation) -> str | None:
    """Say what is against a trial and its independent check; None if nothing is."""
    if checked.outcome != "ok":
        return f"The independent check failed: {checked.text.splitlines()[-1]}."
    left, right = printed_lines(tried.text), printed_lines(checked.text)
    if left == right:
        return None
    if len(left) == len(right) and all(a == b or close(_value(a), _value(b)) for a, b in zip(left, right, strict=True)):
        return None
    return "solve and check disagree."


def _value(line: str) -> Any:
    value = _read(line.split(" = ", 1)[-1])
    return line if value is None else value


def _read(text: str) -> Any:
    try:
        return read_value(text)
    except ValueError:
        return None
