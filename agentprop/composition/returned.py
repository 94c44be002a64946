"""What a program returned and what its test expects → the same, different, or not to be decided.

Types count as the test announces them: a pair is a tuple, an integer is neither a float nor a truth value. A tuple may
stand for a list, though, and whether an integer may stand for a float of the same value is left open. Floats agree to
nine figures.

>>> [agrees((1, 2), [1, 2]), agrees([1, 2], (1, 2)), agrees(6.0, 6), agrees(6, 6.0), agrees(0.1 + 0.2, 0.3)]
[True, False, False, None, True]
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


def agrees(output: object, expected: object, *, exact: bool = True) -> bool | None:
    """Return whether a returned value is the expected one; None if its type does not let that be said.

    Without `exact`, numbers and truth values are compared by value, as Python does.
    """
    if isinstance(output, Foreign):
        return agrees(output.value, expected, exact=exact) if output.has_value else None
    match expected:
        case list():
            return _sequences(output, expected, exact) if type(output) in (list, tuple) else False
        case tuple():
            return _sequences(output, expected, exact) if type(output) is tuple else False
        case dict():
            return _mappings(output, expected, exact) if isinstance(output, dict) else False
        case set() | frozenset():
            return _sets(output, expected)
        case float():
            return _floats(output, expected, exact) if type(output) in (float, int) else False
        case int() if not exact and type(output) in (float, int, bool):
            return bool(output == expected) or (type(output) is float and _floats(output, _float(expected), exact))
    return type(output) is type(expected) and bool(output == expected)


def _sequences(output: Any, expected: Any, exact: bool) -> bool | None:
    if len(output) != len(expected):
        return False
    return _all(agrees(one, other, exact=exact) for one, other in zip(output, expected, strict=True))


def _mappings(output: dict[Any, Any], expected: dict[Any, Any], exact: bool) -> bool | None:
    if any(isinstance(key, Foreign) for key in output):
        return None
    if output.keys() != expected.keys():
        return False
    return _all(agrees(output[key], value, exact=exact) for key, value in expected.items())


def _sets(output: Any, expected: set[Any] | frozenset[Any]) -> bool | None:
    if type(output) is not type(expected):
        return False
    return None if any(isinstance(item, Foreign) for item in output) else bool(output == expected)


def _floats(output: Any, expected: float, exact: bool) -> bool | None:
    if type(output) is int:
        return False if output != expected else None if exact else True
    if output == expected or (output != output and expected != expected):
        return True
    if math.isclose(output, expected, **EQUAL):
        return True
    return None if math.isclose(output, expected, **SIMILAR) else False


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _all(found: Iterable[bool | None]) -> bool | None:
    """False if anything differs, else None if anything is undecided."""
    answer: bool | None = True
    for one in found:
        if one is False:
            return False
        answer = None if one is None else answer
    return answer
