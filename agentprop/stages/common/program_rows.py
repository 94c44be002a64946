"""A row of a benchmark → the program it asks for: its tests in whatever form, and its own reference programs.

Recognised: HumanEval (`prompt`, `canonical_solution`, `test`, `entry_point`), MBPP (`test_list`, `test_setup_code`,
`test_imports`, `challenge_test_list`), APPS, TACO, CodeContests and LiveCodeBench (`input_output`, public and private
tests as inputs and outputs of a program, or of a function or method), methods of a class `Solution`, test code in any
style of `sandbox.recognition`, and agentprop's own tests as data. A row whose tests are none of these is refused.
"""

from __future__ import annotations

import ast
import base64
import json
import pickletools
import re
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from agentprop.extraction.corpus import Document
from agentprop.extraction.corpus.layout.shapes import text_of
from agentprop.extraction.corpus.layout.tests_of import (
    FUNCTIONAL,
    InputOutput,
    UnequalTests,
    code_of,
    function_of,
    pairs_of,
    returned,
)
from agentprop.grading.program_tests import SOLUTION, CallTests, CodeTests, ProgramTests, StreamTests
from agentprop.records import TestCase
from agentprop.records.case_text import write_plain
from agentprop.sandbox.recognition import UnrecognisedTests, asked_name, plan_of

Row = Mapping[str, Any]
CODE = ("test_list", "test", "tests", "test_code", "unit_tests", "test_cases", "asserts")
STREAMS = (
    "public_test_cases",
    "private_test_cases",
    "public_tests",
    "private_tests",
    "generated_tests",
    "hidden_tests",
)
"""Fields with inputs and outputs, which make up the tests together."""
REFERENCES = ("canonical_solution", "reference_solution", "code", "program", "completion", "solution", "solutions")
HEADS = ("prompt", "complete_prompt", "code_prompt", "starter_code", "question")
"""Fields in which the definitions may stand that a task gives."""
MAX_REFERENCES = 3
"""Reference programs that are tried before a row is given up."""
MAX_UNPACKED = 256 << 20
"""Bytes of packed tests."""
SOLUTION_IMPORTS = """from typing import *
from collections import *
from functools import *
from itertools import *
from heapq import *
from bisect import *
from math import *
import bisect, collections, functools, heapq, itertools, math, operator, random, re, string, sys
"""
"""What a class `Solution` finds where such tasks come from."""


class UnusableRow(ValueError):
    """A row that cannot be asked: a reason code and a sentence."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True)
class ProgramRow:
    """What a row asks of a program."""

    entry_point: str | None
    """The function or class asked for; None for a program that reads and writes."""
    cases: tuple[TestCase, ...] = ()
    """Tests as data in agentprop's own form."""
    tests: ProgramTests | None = None
    """Tests of any other kind."""
    note: str = ""
    """What the statement must say besides."""
    references: tuple[str, ...] = ()
    """The row's own programs, complete."""


def read_program(row: Row, statement: str, answer: str) -> ProgramRow | None:
    """What a row asks of a program; None for a row without tests. Raises UnusableRow."""
    lowered = {str(key).lower(): value for key, value in row.items()}
    return _own(lowered, answer, statement) or _of_streams(lowered, statement) or _of_code(lowered, statement)


def tests_of_document(made: Document, statement: str) -> ProgramRow | None:
    """The same of a document whose layout was recognised, whatever its fields are called."""
    row: dict[str, Any] = {"entry_point": made.entry_point, "code": made.program}
    if made.calls:
        row["tests"] = [{"arguments": given, "expected": wanted} for given, wanted in made.calls]
    elif made.streams:
        given, wanted = zip(*made.streams, strict=True)
        row["input_output"] = {"inputs": list(given), "outputs": list(wanted)}
    elif made.test:
        row["test"] = made.test
    else:
        return None
    return read_program(row, statement, "")


# --- agentprop's own form ---


def _own(row: Row, answer: str, statement: str) -> ProgramRow | None:
    """Tests as data: in a column, or in place of an answer as an export has them."""
    packed = _json(answer) if answer.startswith("{") else None
    if isinstance(packed, dict) and isinstance(packed.get("tests"), list):
        entry = packed.get("entry_point") or _entry(row)
        return ProgramRow(entry, cases_of(packed["tests"]), note=_called(entry, statement))
    listed = _json(row.get("tests"))
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], Mapping) or "arguments" not in listed[0]:
        return None
    entry = _entry(row)
    return ProgramRow(
        entry, cases_of(listed), note=_called(entry, statement), references=_references(row, statement, entry)
    )


def cases_of(found: Sequence[Any]) -> tuple[TestCase, ...]:
    """Tests as data: texts, or the values themselves as older exports have them. Raises UnusableRow."""
    try:
        return tuple(_case(case) for case in found)
    except (ValidationError, ValueError, TypeError, KeyError):
        raise UnusableRow("bad-tests", "a test is not {arguments, expected} with literals") from None


def _case(case: Any) -> TestCase:
    if isinstance(case["arguments"], str):
        return TestCase.model_validate(case)
    return TestCase.of(case["arguments"], case["expected"])


# --- inputs and outputs ---


def _of_streams(row: Row, statement: str) -> ProgramRow | None:
    pairs = list(_pairs(row))
    if not pairs:
        return None
    function = _entry(row) or _metadata(row)
    if function is None and any(FUNCTIONAL in pair.kind for pair in pairs):
        raise UnusableRow("no-function", "the row has calls as tests, and no word of the function they call")
    if function is None:
        streams = tuple((_stream(pair.given), _stream(pair.wanted)) for pair in pairs)
        asked = re.search(r"standard input|stdin", statement, re.IGNORECASE)
        note = "" if asked else "The program reads from standard input and writes to standard output."
        return ProgramRow(None, tests=StreamTests(streams), note=note, references=_references(row, statement, None))
    return _of_calls(row, statement, function, pairs)


def _of_calls(row: Row, statement: str, function: str, pairs: Sequence[InputOutput]) -> ProgramRow:
    """Calls of a function, or of a method where the task starts with a class."""
    starter = text_of(row.get("starter_code"))
    method = f"class {SOLUTION}" in starter or f"class {SOLUTION}" in statement
    target = f"{SOLUTION}.{function}|{function}" if method else f"{function}|{SOLUTION}.{function}"
    calls = tuple(map(_call, pairs))
    note = _called(function, statement) if not method else _start(starter, statement, function)
    return ProgramRow(
        function, (), CallTests(target, calls, SOLUTION_IMPORTS), note, _references(row, statement, target)
    )


def _pairs(row: Row) -> Iterator[InputOutput]:
    """The inputs and outputs of all fields together."""
    packed = _json(row.get("input_output"))
    fields = {"input_output": packed} if isinstance(packed, Mapping) else {}
    for name in () if fields else (*STREAMS, *CODE):
        fields[name] = _unpacked(row.get(name)) if name in STREAMS else _json(row.get(name))
        if name in STREAMS and row.get(name) and not isinstance(fields[name], list | Mapping):
            raise UnusableRow("bad-tests", f"the tests in {name} cannot be read")
    try:
        yield from (pair for value in fields.values() for pair in pairs_of(value))
    except UnequalTests as fault:
        raise UnusableRow("bad-tests", str(fault)) from None


def _stream(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _call(pair: InputOutput) -> tuple[Sequence[Any], Any]:
    """Arguments and value: lists as APPS has them, or one JSON text to a line as LiveCodeBench."""
    given, wanted = pair.given, pair.wanted if isinstance(pair.given, str) else returned(pair)
    try:
        if isinstance(given, str):
            given = [json.loads(line) for line in given.split("\n") if line.strip()]
            wanted = json.loads(wanted) if isinstance(wanted, str) else wanted
        write_plain(given)
    except ValueError:
        raise UnusableRow("bad-tests", "a test's arguments or value are not JSON") from None
    if not isinstance(given, list):
        raise UnusableRow("bad-tests", "a test's arguments are not a list")
    return given, wanted


def _unpacked(value: Any) -> Any:
    """JSON; or, as LiveCodeBench has it, a pickled text of JSON that was compressed and written in base 64.

    Nothing is unpickled: the text is found by reading the opcodes.
    """
    found = _json(value)
    if not isinstance(value, str) or found is not None or not re.fullmatch(r"[A-Za-z0-9+/=\s]+", value):
        return found
    try:
        unzip = zlib.decompressobj()
        data = unzip.decompress(base64.b64decode(value), MAX_UNPACKED)
        texts = [argument for _, argument, _ in pickletools.genops(data) if isinstance(argument, str)]
    except (ValueError, zlib.error):
        return None
    return _json(texts[0]) if len(texts) == 1 else None


# --- code ---


def _of_code(row: Row, statement: str) -> ProgramRow | None:
    code = next((found for name in CODE if (found := _code(row.get(name))) and any(map(str.strip, found))), None)
    if code is None:
        return None
    if isinstance(code, list):
        more = _code(row.get("challenge_test_list"))
        code = [*code, *(more if isinstance(more, list) else ())]
    entry = _entry(row) or asked_name(code, "\n".join(_texts(row)))
    if entry is None:
        raise UnusableRow("no-function", "the row has tests as code, and no word of the function they call")
    owner, method = _parts(entry)
    heads = (_head(text_of(row.get(name)), owner) for name in HEADS)
    head, stubs = next((given for given in heads if any(given)), ("", ()))
    shared = (SOLUTION_IMPORTS if method else "") + head
    target = f"{owner}.{method}" if method else owner
    setup = "\n".join(text for name in ("test_imports", "test_setup_code") if (text := _lines(row.get(name))))
    try:
        plan = plan_of(code, method or owner, target=target, setup=setup, shared=shared, asked=stubs)
    except UnrecognisedTests as fault:
        raise UnusableRow("unrecognised-tests", str(fault)) from None
    starter = text_of(row.get("starter_code"))
    note = _start(starter, statement, method) if method else _called(owner, statement)
    return ProgramRow(owner, tests=CodeTests(plan), note=note, references=_references(row, statement, target))


def _code(value: Any) -> str | list[str]:
    """Test code: a text, or texts that are a test each."""
    listed = _json(value)
    return code_of(listed) if listed is not None else text_of(value) if isinstance(value, str) else ""


def _lines(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else text_of(value)


def _parts(entry: str) -> tuple[str, str]:
    """`Solution().two_sum` → (Solution, two_sum); `two_sum` → (two_sum, '')."""
    found = re.fullmatch(r"(\w+)(?:\(\))?\.(\w+)", entry.strip())
    return (found[1], found[2]) if found else (entry.strip(), "")


def _head(text: str, owner: str) -> tuple[str, tuple[str, ...]]:
    """What the code of a task defines besides the function to write, and what else it asks for; of prose nothing."""
    tree = _tree(text)
    if tree is None or not any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ImportFrom) for node in tree.body):
        return "", ()
    stubs = tuple(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _is_stub(node))
    kept = [ast.unparse(node) for node in tree.body if getattr(node, "name", None) not in (owner, *stubs)]
    return "".join(f"{line}\n" for line in kept), tuple(name for name in stubs if name != owner)


def _is_stub(node: ast.FunctionDef) -> bool:
    """Whether a function has nothing but a docstring, `pass`, `…`, or an exception that says so."""
    return all(isinstance(part, ast.Pass | ast.Raise) or _is_constant(part) for part in node.body)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# --- references ---


def _references(row: Row, statement: str, target: str | None) -> tuple[str, ...]:
    """The row's own programs, each completed by the task's code if it is only a body."""
    heads = [text for name in HEADS if (text := text_of(row.get(name)))] or [statement]
    found = [whole for text in _texts(row) if (whole := _whole(text, heads, target)) is not None]
    return tuple(dict.fromkeys(found))[:MAX_REFERENCES]


def _texts(row: Row) -> list[str]:
    """Programs that stand in a row, in any of the ways rows have them."""
    texts: list[str] = []
    for name in REFERENCES:
        found = _json(row.get(name)) if isinstance(row.get(name), str) else row.get(name)
        if isinstance(found, Mapping):
            found = _in_python(found)
        if isinstance(found, list):
            texts += [one for one in found if isinstance(one, str)]
        else:
            texts.append(text_of(row.get(name)))
    return [_unfenced(text) for text in texts if text.strip()]


def _in_python(found: Mapping[str, Any]) -> list[Any]:
    """CodeContests has solutions in several languages; 3 is Python 3."""
    languages, texts = found.get("language"), found.get("solution")
    if not isinstance(languages, list) or not isinstance(texts, list):
        return []
    return [text for language, text in zip(languages, texts, strict=False) if language in (3, "PYTHON3", "python3")]


def _unfenced(text: str) -> str:
    found = re.search(r"```(?:python)?\n(.*?)```", text, re.DOTALL)
    return found[1] if found else text.replace("\r\n", "\n")


def _whole(text: str, heads: Sequence[str], target: str | None) -> str | None:
    names = [name.partition(".")[0] for name in (target or "").split("|")]
    for program in (text, *(head + text for head in heads)):
        tree = _tree(program)
        if tree is not None and tree.body and (target is None or _defines(tree, names)):
            return program
    return None


def _defines(tree: ast.Module, names: Sequence[str]) -> bool:
    for node in tree.body:
        if getattr(node, "name", None) in names:
            return True
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in names for t in node.targets):
            return True
    return False


# --- what a row says ---


def _entry(row: Row) -> str | None:
    """The function that a row names, there or with its tests."""
    packed, told = (_json(row.get(name)) for name in ("input_output", *CODE)), _json(row.get("test_info"))
    places = [row, *packed, *(told if isinstance(told, list) else [])]
    return next((name for place in places if (name := function_of(place))), None)


def _metadata(row: Row) -> str | None:
    told = _json(row.get("metadata"))
    return (str(told["func_name"]) if isinstance(told, Mapping) and told.get("func_name") else None) or None


def _called(name: str | None, statement: str) -> str:
    return "" if name is None or name in statement else f"The function is called `{name}`."


def _start(starter: str, statement: str, method: str) -> str:
    """How a class is asked for."""
    if starter.strip() and starter.strip() not in statement:
        return f"Complete this:\n\n```python\n{starter.strip()}\n```"
    return "" if method in statement else f"Write a class `{SOLUTION}` with the method `{method}`."


def _json(value: Any) -> Any:
    """The value of a JSON text; other values as they are, None for a text that is no JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
