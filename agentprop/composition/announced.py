"""A value that JSON has made of lists, and the type that a statement announces → the value of that type.

JSON knows neither tuples nor sets; where a program is promised tuples, it must be given tuples.

    >>> announced([[1, 2], [3, 4]], "list[tuple[int, int]]")
    [(1, 2), (3, 4)]
    >>> announced({"a": [1]}, "dict[str, set[int]]")
    {'a': {1}}
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

from agentprop.portable import parse_expression, parse_python
from agentprop.records import Judging, TestCase


def announced(value: Any, kind: str) -> Any:
    """Return the value with its lists made what the type says; as it is if the type says nothing about it."""
    read = _read(kind)
    return value if read is None else _typed(value, read)


def case_of(test: TestCase, judging: Judging) -> tuple[list[Any], Any]:
    """Arguments and expected value of a judged test, as the signature announces them. Raises ValueError likewise."""
    arguments, expected = test.values()
    if judging.form == "stdio":
        return arguments, expected
    kinds = argument_kinds(judging.signature)
    if len(kinds) != len(arguments):
        raise ValueError("a test has other arguments than the signature")
    typed = [announced(value, kind) for value, kind in zip(arguments, kinds, strict=True)]
    return typed, announced(expected, returned_kind(judging.signature))


@lru_cache(maxsize=1024)
def _read(kind: str) -> ast.expr | None:
    try:
        return parse_expression(kind).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _typed(value: Any, kind: ast.expr) -> Any:
    if not isinstance(kind, ast.Subscript):
        return value
    parts = kind.slice.elts if isinstance(kind.slice, ast.Tuple) else [kind.slice]
    match ast.unparse(kind.value).lower(), value:
        case "tuple", [*items]:
            return tuple(_typed(item, part) for item, part in zip(items, _repeated(parts, len(items)), strict=False))
        case "list", [*items]:
            return [_typed(item, parts[0]) for item in items]
        case "set", [*items]:
            return {_typed(item, parts[0]) for item in items}
        case "dict", dict():
            return {key: _typed(item, parts[-1]) for key, item in value.items()}
    return value


def _repeated(parts: list[ast.expr], length: int) -> list[ast.expr]:
    """The types of a tuple's elements; `tuple[int, ...]` has one for all."""
    endless = len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is Ellipsis
    return [parts[0]] * length if endless else parts


@lru_cache(maxsize=1024)
def argument_kinds(signature: str) -> list[str]:
    """The types of a signature's arguments, such as `solve(n: int, roads: list[tuple[int, int]]) -> int`.

    Of an argument without a type it is empty.
    """
    tree = parse_python(f"def {signature}: ...")
    [function] = tree.body
    assert isinstance(function, ast.FunctionDef)  # by construction
    return [ast.unparse(one.annotation) if one.annotation is not None else "" for one in function.args.args]


def returned_kind(signature: str) -> str:
    """The type that a signature returns."""
    return signature.rpartition("->")[2].strip()
