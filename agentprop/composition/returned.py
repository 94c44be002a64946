"""What a program returned and what its test expects → the same, different, or not to be decided.

Types count as the test announces them: a pair is a tuple, an integer is neither a float nor a truth value. Two
leniences: a tuple may stand for a list, and an integer for a float of the same value. Floats agree to nine figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from agentprop.sandbox.inside.codec import Foreign

EQUAL: dict[str, float] = {"rel_tol": 1e-9, "abs_tol": 1e-12}
"""Difference up to which floats agree."""
SIMILAR: dict[str, float] = {"rel_tol": 1e-6, "abs_tol": 1e-9}
"""Difference up to which floats are not shown to differ."""


def agrees(output: object, expected: object) -> bool | None:
    """Return whether a returned value is the expected one; None if its type does not let that be said."""
    if isinstance(output, Foreign):
        return agrees(output.value, expected) if output.has_value else None
    match expected:
        case list():
            return _sequences(output, expected) if type(output) in (list, tuple) else False
        case tuple():
            return _sequences(output, expected) if type(output) is tuple else False
        case dict():
            return _mappings(output, expected) if isinstance(output, dict) else False
        case set() | frozenset():
            return _sets(output, expected)
        case float():
            return _floats(output, expected) if type(output) in (float, int) else False
    return type(output) is type(expected) and bool(output == expected)


def _sequences(output: Any, expected: Any) -> bool | None:
    if len(output) != len(expected):
        return False
    return _all(agrees(one, other) for one, other in zip(output, expected, strict=True))


def _mappings(output: dict[Any, Any], expected: dict[Any, Any]) -> bool | None:
    if any(isinstance(key, Foreign) for key in output):
        return None
    if output.keys() != expected.keys():
        return False
    return _all(agrees(output[key], value) for key, value in expected.items())


def _sets(output: Any, expected: set[Any] | frozenset[Any]) -> bool | None:
    if type(output) is not type(expected):
        return False
    return None if any(isinstance(item, Foreign) for item in output) else bool(output == expected)


def _floats(output: Any, expected: float) -> bool | None:
    if output == expected or (output != output and expected != expected):
        return True
    if type(output) is int:
        return False
    return True if math.isclose(output, expected, **EQUAL) else None if math.isclose(output, expected, **SIMILAR) else False


def _all(found: Iterable[bool | None]) -> bool | None:
    """False if anything differs, else None if anything is undecided."""
    answer: bool | None = True
    for one in found:
        if one is False:
            return False
        answer = None if one is None else answer
    return answer
