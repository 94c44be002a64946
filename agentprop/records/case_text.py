"""A plain value ↔ its text in a stored test: JSON, or a Python literal if JSON has no word for one of its types.

`[[1, 2]]` is JSON and stands for a list of lists. `[[(1, 2)]]` is not JSON, so it is read as Python and stands for a
list of pairs. What JSON can say is always written as JSON: older runs read as ever, and no text has two meanings.

>>> [write_plain(value) for value in ([[1, 2]], [(1, 2)], {"a": None}, {1: {2}})]
['[[1, 2]]', '[(1, 2)]', '{"a": null}', '{1: {2}}']
>>> [read_plain(text) for text in ("[[1, 2]]", "[(1, 2)]", "null")]
[[[1, 2]], [(1, 2)], None]
"""

from __future__ import annotations

import ast
import json
import math
import warnings
from typing import Any

from agentprop.portable import parse_expression

JSON_SCALARS = (str, int, float, bool, type(None))


def write_plain(value: object) -> str:
    """Return the text of a value. Raises ValueError for what neither JSON nor a Python literal can say."""
    try:
        if _json_says_it(value):
            return json.dumps(value)
        if _literal_says_it(value):
            return repr(value)
    except RecursionError:
        pass
    raise ValueError(f"a {type(value).__name__} that no literal stands for")


def read_plain(text: str) -> Any:
    """Return the value of a text. Raises ValueError if it is neither JSON nor a Python literal."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        return _read_literal(text)


def _read_literal(text: str) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # the text may be anything; nobody wants to hear of its style
            return ast.literal_eval(parse_expression(text.strip()))
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise ValueError(f"neither JSON nor a Python literal: {text[:80]}") from None


def _json_says_it(value: object) -> bool:
    if type(value) is list:
        return all(map(_json_says_it, value))
    if type(value) is dict:
        return all(type(key) is str for key in value) and all(map(_json_says_it, value.values()))
    return type(value) in JSON_SCALARS


def _literal_says_it(value: object) -> bool:
    if type(value) in (list, tuple, set):
        return all(map(_literal_says_it, value))  # type: ignore[call-overload]
    if type(value) is dict:
        return all(_literal_says_it(key) and _literal_says_it(item) for key, item in value.items())
    if type(value) is float:
        return math.isfinite(value)
    return type(value) in (*JSON_SCALARS, bytes)
