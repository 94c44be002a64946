"""A program composed of skills → what its statement promises beside the task: the limits of its data, and an example.

The limits are those that the innermost skill's data are drawn from, so every hidden test keeps them. The example is
none of the tests. Statements of older versions have neither.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from agentprop.composition.families import LIMITS as HEAD
from agentprop.composition.planner import body_data
from agentprop.composition.terms import Apply, Program
from agentprop.skills import Package
from agentprop.skills.values import Parameter

_EXAMPLE = re.compile(r"\n\nExample: `solve\((.+)\)` returns `(.+)`\.", re.DOTALL)


def promised(term: Program, library: Mapping[str, Package], argument: Any, value: Any) -> str:
    """Write what stands behind the task."""
    return f"{_limits(term, library)}\n\nExample: `solve({argument!r})` returns `{value!r}`."


def example(statement: str, term: Program, library: Mapping[str, Package]) -> tuple[Any, Any] | None:
    """Argument and value of the example; None if there is none. Raises ValueError if limits or example are wrong."""
    _, found, tail = statement.partition(HEAD)
    if not found:
        return None
    limits = _limits(term, library)
    read = _EXAMPLE.fullmatch(f"{HEAD}{tail}".removeprefix(limits)) if f"{HEAD}{tail}".startswith(limits) else None
    if read is None:
        raise ValueError("the limits are not those of the data, or there is no example")
    try:
        return ast.literal_eval(read[1]), ast.literal_eval(read[2])
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError("the example cannot be read") from None


def _limits(term: Program, library: Mapping[str, Package]) -> str:
    assert isinstance(term.body, Apply)  # programs are pipelines of skills
    node, name = body_data(term.body, library)
    return f"{HEAD}`{term.variable}` {_described(library[node.skill].spec.parameters[name])}."


def _described(data: Parameter) -> str:
    match data.kind:
        case "list":
            return f"holds {_range(data.length)} integers from {data.low} to {data.high}"
        case "words":
            return f"holds {_range(data.length)} words of {_range(data.word_length)} letters of `{data.alphabet}`"
        case "string":
            return f"has {_range(data.length)} letters of `{data.alphabet}`"
        case "graph":
            weights = f", and their weights are integers from {_range(data.weights)}" if data.weights else ""
            return f"describes a graph of at most {(data.nodes or (4, 6))[1]} vertices, numbered from 1{weights}"
    return "is what the task describes"


def _range(bounds: tuple[int, int] | None) -> str:
    low, high = bounds or (1, 9)
    return f"{low} to {high}" if low != high else f"{low}"
