"""What a trial of the built-in proposer printed → its values, and whether the independent check agrees."""

from __future__ import annotations

from typing import Any

from agentprop.composition.answer_text import close, read_value
from agentprop.records import Observation


def printed_lines(text: str) -> list[str]:
    """Lines of an observation behind its stage."""
    return text.split("] ", 1)[1].splitlines()


def values_of(text: str) -> dict[str, Any]:
    """`name = value` lines of an observation."""
    pairs = (line.split(" = ", 1) for line in printed_lines(text) if " = " in line)
    return {name: read_value(value) for name, value in pairs}


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
    try:
        return read_value(line.split(" = ", 1)[-1])
    except ValueError:
        return line
