"""Tests of a program, in whatever form → code that asserts, calls as data, or what goes in and out of a program.

Nothing of it is run here, and packed tests that only pickle can read are left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentprop.extraction.corpus.layout.shapes import text_of, unpacked

MOST = 200
"""Pairs and calls that are kept of one problem."""
_IN, _OUT = ("input", "inputs", "stdin"), ("output", "outputs", "expected_output", "stdout", "expected")
_FUNCTION = ("fn_name", "function_name", "entry_point", "func_name")


@dataclass(frozen=True)
class FoundTests:
    """The tests of one problem; one of the three forms is filled."""

    code: str = ""
    """Python that asserts."""
    calls: tuple[tuple[str, str], ...] = ()
    """(arguments, expected value) of calls, JSON."""
    streams: tuple[tuple[str, str], ...] = ()
    """(standard input, expected standard output) of runs."""
    function: str = ""
    """The function that is called, if the tests say so."""

    def __bool__(self) -> bool:
        return bool(self.code or self.calls or self.streams)


NO_TESTS = FoundTests()


def read_tests(value: Any) -> FoundTests:
    """The tests that a field holds; none if it holds no tests."""
    value = unpacked(value)
    if isinstance(value, str):
        return FoundTests(code=text_of(value)) if _asserts(value) else FoundTests()
    if isinstance(value, Mapping):
        return _of_columns(value)
    if not isinstance(value, list) or not value:
        return FoundTests()
    if all(isinstance(item, str) for item in value):
        code = "\n".join(text_of(item) for item in value)
        return FoundTests(code=code) if _asserts(code) else FoundTests()
    if all(isinstance(item, Mapping) for item in value):
        return _of_records(value)
    return FoundTests()


def _asserts(text: str) -> bool:
    return bool(re.search(r"^\s*assert\b|^def (?:check|test)|unittest|^\s*self\.assert", text, re.MULTILINE))


def _of_records(items: Sequence[Mapping[str, Any]]) -> FoundTests:
    """`[{"input": …, "output": …}, …]`, or our own `[{"arguments": …, "expected": …}, …]`."""
    if all("arguments" in item and "expected" in item for item in items):
        return FoundTests(calls=tuple((_json(one["arguments"]), _json(one["expected"])) for one in items[:MOST]))
    pairs = [(_first(item, _IN), _first(item, _OUT)) for item in items]
    if not all(isinstance(given, str) and isinstance(out, str) for given, out in pairs):
        return FoundTests()
    if any("functional" in str(item.get("testtype", "")) for item in items):
        return FoundTests()  # arguments in a form of its own; the function belongs to a class
    return FoundTests(streams=tuple(pairs[:MOST]))


def _of_columns(value: Mapping[str, Any]) -> FoundTests:
    """`{"inputs": […], "outputs": […]}`, calls of a function where one is named."""
    given, out = _first(value, _IN), _first(value, _OUT)
    if not isinstance(given, list) or not isinstance(out, list) or len(given) != len(out) or not given:
        return FoundTests()
    function = next((str(value[name]) for name in _FUNCTION if isinstance(value.get(name), str) and value[name]), "")
    pairs = list(zip(given, out, strict=True))[:MOST]
    if function:
        if not all(isinstance(arguments, list) for arguments, _ in pairs):
            return FoundTests()
        calls = [(_json(arguments), _json(_only(expected))) for arguments, expected in pairs]
        return FoundTests(calls=tuple(calls), function=function)
    return FoundTests(streams=tuple((text_of(one), text_of(other)) for one, other in pairs))


def _only(expected: Any) -> Any:
    """APPS wraps what a function returns into a list of one."""
    return expected[0] if isinstance(expected, list) and len(expected) == 1 else expected


def _first(item: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((item[name] for name in names if name in item), None)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def assertions(calls: Sequence[tuple[str, str]], function: str) -> str:
    """Calls as Python that asserts. Raises ValueError if they are no JSON, or the arguments no list."""
    lines = []
    for arguments, expected in calls:
        given = json.loads(arguments)
        if not isinstance(given, list):
            raise ValueError("the arguments are no list")
        lines.append(f"assert {function}({', '.join(map(repr, given))}) == {json.loads(expected)!r}")
    return "\n".join(lines)


def called(code: str, program: str) -> str:
    """The function of a program that tests call; without a program the first that they assert of."""
    defined = [name for name in re.findall(r"^def (\w+)", program, re.MULTILINE) if re.search(rf"\b{name}\(", code)]
    asserted = re.search(
        r"^\s*assert\s+(?:\(|not\s+|set\(|sorted\(|list\(|tuple\(|abs\(|round\()*(\w+)\(", code, re.MULTILINE
    )
    return defined[0] if defined else asserted[1] if asserted else ""
