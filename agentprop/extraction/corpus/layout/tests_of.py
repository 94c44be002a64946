"""Tests of a program, in whatever form → code that asserts, calls as data, or what goes in and out of a program.

Nothing of it is run here, and packed tests that only pickle can read are left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from agentprop.extraction.corpus.layout.shapes import text_of, unpacked

MOST = 200
"""Pairs and calls that are kept of one problem."""
_IN, _OUT = ("input", "inputs", "stdin"), ("output", "outputs", "expected_output", "stdout", "expected")
FUNCTIONS = ("entry_point", "function_name", "fn_name", "func_name")
"""Fields that name the function that tests call."""
CALLS, FUNCTIONAL = "calls", "functional"
"""Kinds of pairs: one of a table that names a function, and a call of a method."""


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
    code = code_of(value)
    if code and _asserts(text := "\n".join([code] if isinstance(code, str) else code)):
        return FoundTests(code=text)
    if is_own(value):
        return FoundTests(calls=tuple((_json(one["arguments"]), _json(one["expected"])) for one in value[:MOST]))
    try:
        pairs = pairs_of(value)[:MOST]
    except UnequalTests:
        return FoundTests()
    return _of_table(pairs, function_of(value)) if isinstance(value, Mapping) else _of_records(pairs)


def _asserts(text: str) -> bool:
    return bool(re.search(r"^\s*assert\b|^def (?:check|test)|unittest|^\s*self\.assert", text, re.MULTILINE))


def _of_table(pairs: Sequence[InputOutput], function: str) -> FoundTests:
    """Streams, or calls if the table names a function."""
    if not function:
        streams = tuple((text_of(one.given), text_of(one.wanted)) for one in pairs)
        return FoundTests(streams=streams if any(wanted for _, wanted in streams) else ())
    if not all(isinstance(one.given, list) for one in pairs):
        return FoundTests()
    return FoundTests(calls=tuple((_json(one.given), _json(returned(one))) for one in pairs), function=function)


def _of_records(pairs: Sequence[InputOutput]) -> FoundTests:
    """Streams; calls of methods are left alone, whose arguments have a form of their own."""
    texts = all(isinstance(one.given, str) and isinstance(one.wanted, str) for one in pairs)
    if not texts or any(FUNCTIONAL in one.kind or one.kind == CALLS for one in pairs):
        return FoundTests()
    return FoundTests(streams=tuple((one.given, one.wanted) for one in pairs))


# --- the forms of a field ---


class InputOutput(NamedTuple):
    """What goes into a program or a function, and what comes out."""

    given: Any
    """Input."""
    wanted: Any
    """Output."""
    kind: str = ""
    """`CALLS` for one of a table that names a function, or what a record says of itself: `stdin`, `functional`."""


class UnequalTests(ValueError):
    """A table with inputs that have no output, or the reverse."""


def code_of(value: Any) -> str | list[str]:
    """Tests that are texts: one, or a list with one for each test; nothing for others."""
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return [text_of(item) for item in value]
    return ""


def is_own(value: Any) -> bool:
    """True for agentprop's own form, `[{"arguments": …, "expected": …}, …]`."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Mapping) and "arguments" in item and "expected" in item for item in value)
    )


def pairs_of(value: Any) -> list[InputOutput]:
    """Inputs and outputs: `{"inputs": […], "outputs": […]}`, or `[{"input": …, "output": …}, …]`; nothing for others.

    Raises UnequalTests.
    """
    if isinstance(value, Mapping):
        given, wanted = unpacked(_first(value, _IN)), unpacked(_first(value, _OUT))
        if not isinstance(given, list) or not isinstance(wanted, list):
            return []
        if len(given) != len(wanted):
            raise UnequalTests(f"the tests have {len(given)} inputs and {len(wanted)} outputs")
        kind = CALLS if function_of(value) else ""
        return [InputOutput(one, other, kind) for one, other in zip(given, wanted, strict=True)]
    if not isinstance(value, list) or not all(isinstance(item, Mapping) and _has(item, _IN) for item in value):
        return []
    return [InputOutput(_first(one, _IN), _first(one, _OUT), _kind(one)) for one in value]


def _kind(item: Mapping[str, Any]) -> str:
    return CALLS if function_of(item) else str(item.get("testtype", item.get("type", "")))


def function_of(value: Any) -> str:
    """The function that a table of tests, or a row, names; nothing if it names none."""
    if not isinstance(value, Mapping):
        return ""
    return next((text for name in FUNCTIONS if (text := text_of(value.get(name)).strip())), "")


def returned(pair: InputOutput) -> Any:
    """The value that a call must give: a table wraps what a function returns into a list of one (APPS)."""
    wanted = pair.wanted
    return wanted[0] if pair.kind == CALLS and isinstance(wanted, list) and len(wanted) == 1 else wanted


def _first(item: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((item[name] for name in names if name in item), None)


def _has(item: Mapping[str, Any], names: Sequence[str]) -> bool:
    return any(name in item for name in names)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def assertions(calls: Sequence[tuple[str, str]], function: str) -> str:
    """Calls as Python that asserts. Raises ValueError if they are no JSON, or the arguments no list."""
    lines = []
    for arguments, expected in calls:
        given = json.loads(arguments)
        if not isinstance(given, list):
            raise ValueError("the arguments are no list")
        lines.append(_assertion(f"{function}({', '.join(map(repr, given))})", json.loads(expected)))
    return "\n".join(lines)


def _assertion(call: str, expected: Any) -> str:
    """One call as Python that asserts: JSON has no tuples, and decimals are rounded."""
    if isinstance(expected, float):
        return f"assert abs({call} - {expected!r}) <= {1e-6 * max(1.0, abs(expected))!r}"
    return f"assert list({call}) == {expected!r}" if isinstance(expected, list) else f"assert {call} == {expected!r}"


def called(code: str, program: str) -> str:
    """The function of a program that tests call; without a program the first that they assert of."""
    defined = [name for name in re.findall(r"^def (\w+)", program, re.MULTILINE) if re.search(rf"\b{name}\(", code)]
    asserted = re.search(
        r"^\s*assert\s+(?:\(|not\s+|set\(|sorted\(|list\(|tuple\(|abs\(|round\()*(?!candidate\b)(\w+)\(", code, re.M
    )
    return defined[0] if defined else asserted[1] if asserted else ""
