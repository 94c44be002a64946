"""A reference program with its tests to a coding skill: the description as the task, the tests as data.

The tests run once against the reference, in the sandbox, with a recorder in the candidate's place. They must pass; what
the recorder saw are the arguments they try and what a right program returns for them. Calls whose arguments or result
do not survive JSON unchanged are left out.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import re
from dataclasses import dataclass
from typing import Any

import yaml

from agentprop.extraction.mining.lift import Refusal
from agentprop.sandbox import Job, Result
from agentprop.skills import holes

MAX_TESTS = 40
"""Recorded calls kept, spread over all that were made."""
MIN_TESTS = 3
"""Fewer say too little about a program."""
TIMEOUT_S = 10.0
_CATEGORIES = (
    ("coding-graphs", r"\b(?:graph|tree|node|edge|path in a grid)s?\b"),
    ("coding-strings", r"->\s*str\b|: ?str\b|\b(?:string|word|character|letter|substring|text)s?\b"),
    ("coding-lists", r"[Ll]ist|\b(?:array|element|sequence)s?\b"),
)

_RECORD = """
import copy as _copy, json as _json
_calls = []

def _recorder(*arguments, **named):
    told = _json.dumps([arguments, named]) if _plain([arguments, named]) else None
    result = {entry_point}(*arguments, **named)
    if told is not None and not named:
        _calls.append((_json.dumps(list(_json.loads(told)[0])), result))
    return result

def _plain(value):
    if isinstance(value, (list, tuple)):
        return all(_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, str)) or isinstance(value, float) and value - value == 0

{invocation}

_seen, _tests = set(), []
for _arguments, _result in _calls:
    if _arguments in _seen or not _plain(_result):
        continue
    _seen.add(_arguments)
    _again = {entry_point}(*_json.loads(_arguments))
    if _plain(_again) and _json.dumps(_again) == _json.dumps(_result):
        _tests.append([_arguments, _json.dumps(_result)])
tests = _tests[:: max(1, -(-len(_tests) // {most}))]
"""
_SCRIPT = '''"""{title}"""

{reference}


def solve(*arguments):
    """The reference program."""
    return {entry_point}(*arguments)


def check(*arguments):
    """The reference program on a copy of the arguments: shows only that it is repeatable."""
    import copy

    first = {entry_point}(*copy.deepcopy(arguments))
    if first != {entry_point}(*copy.deepcopy(arguments)):
        raise ValueError("the reference program is not repeatable")
    return first
'''


@dataclass(frozen=True)
class Reference:
    """A reference program understood, before its tests have run."""

    source: str
    """The whole program."""
    test: str
    """The test code."""
    entry_point: str
    """The function asked for."""
    signature: str
    """Its head, without `def` and colon."""
    description: str
    """What it should do, in the document's words."""
    helpers: str
    """Definitions that the task gives beside the function."""


def read(question: str, program: str, test: str, entry_point: str) -> Reference:
    """The reference of a document; raises Refusal."""
    entry_point = entry_point or _first_tested(program, test) or _first_tested(question, test)
    complete = bool(entry_point) and re.search(rf"^def {re.escape(entry_point)}\b", program, re.MULTILINE)
    whole = program if complete else question + program
    tree = _parsed(whole, "the program")
    _parsed(test, "the test code")
    function = next((n for n in reversed(tree.body) if isinstance(n, ast.FunctionDef) and n.name == entry_point), None)
    if function is None or entry_point in ("solve", "check"):
        raise Refusal("no-program", f"the program does not define a function {entry_point!r} that can be asked for")
    described = ast.get_docstring(function) if not complete else question
    if not described or len(described.split()) < 4:
        raise Refusal("no-description", "nothing says what the function should do")
    signature = ast.unparse(function).splitlines()[len(function.decorator_list)].removeprefix("def ").removesuffix(":")
    helpers = "" if complete else _helpers(tree, function)
    if holes(described + helpers):
        raise Refusal("layout", "the description holds text in angle brackets")
    return Reference(whole.strip(), test, entry_point, signature, inspect.cleandoc(described), helpers)


def _parsed(source: str, what: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Refusal("no-program", f"{what} is not Python") from None


def _first_tested(program: str, test: str) -> str:
    defined = re.findall(r"^def (\w+)", program, re.MULTILINE)
    return next((name for name in defined if re.search(rf"\b{name}\(", test)), "")


def _helpers(tree: ast.Module, function: ast.FunctionDef) -> str:
    """Functions and constants that the task shows before the one to write; imports are needed only with them."""
    before = [node for node in tree.body if node is not function and node.lineno < function.lineno]
    if not any(isinstance(node, ast.FunctionDef) for node in before):
        return ""
    return "\n\n".join(ast.unparse(node) for node in before)


def job(reference: Reference) -> Job:
    """What records the tests, in the sandbox: HumanEval's `check(candidate)`, or assertions that call the function."""
    if re.search(r"^def check\(", reference.test, re.MULTILINE):
        invocation = f"{reference.test}\n\ncheck(_recorder)"
    else:
        invocation = re.sub(rf"\b{reference.entry_point}\(", "_recorder(", reference.test)
    code = _RECORD.format(entry_point=reference.entry_point, invocation=invocation, most=MAX_TESTS)
    return Job(f"{reference.source}\n{code}", returns="tests", timeout_s=TIMEOUT_S)


def recorded(result: Result) -> list[dict[str, str]]:
    """The tests that the run recorded; raises Refusal where the reference fails them or too few remain."""
    if result.status != "ok" or not isinstance(result.value, list):
        raise Refusal("tests-fail", f"the reference program does not pass its tests: {result.error or result.status}")
    if len(result.value) < MIN_TESTS:
        raise Refusal("few-tests", f"fewer than {MIN_TESTS} calls of the tests can be written down as data")
    return [{"arguments": arguments, "expected": expected} for arguments, expected in result.value]


def package(reference: Reference, tests: list[dict[str, str]]) -> tuple[str, str, str]:
    """(name, SKILL.md, scripts/skill.py)."""
    category = next((name for name, cue in _CATEGORIES if re.search(cue, _told(reference))), "coding-lists")
    digest = hashlib.sha256(reference.source.encode()).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", reference.entry_point.lower()).strip("-")[:36].strip("-")
    name = "-".join(part for part in (category, slug, digest) if part)
    title = f"Program: {reference.entry_point.replace('_', ' ').strip()}"
    script = _SCRIPT.format(title=title, reference=reference.source, entry_point=reference.entry_point)
    front = {
        "name": name,
        "description": f"Asks for the function `{reference.signature}`, judged by {len(tests)} hidden tests. Use as a "
        "programming task of its own."[:1024],
        "license": "Apache-2.0",
        "metadata": _metadata(reference, tests, category),
    }
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None)
    return name, f"---\n{text}---\n\n{_body(reference, tests, title)}", script


def _told(reference: Reference) -> str:
    return f"{reference.signature}\n{reference.description}"


def _metadata(reference: Reference, tests: list[dict[str, str]], category: str) -> dict[str, Any]:
    return {
        "domain": "coding",
        "category": category,
        "intent": "Turns a description with examples into a program that also handles what the examples leave out.",
        "method": "States the signature and the description, and keeps the tests hidden.",
        "effect": "Moderate: the hidden tests try the edges of the description.",
        "tool": "scripts/skill.py holds the reference program; the tests are its recorded calls.",
        "output": {"kind": "program"},
        "phrasings": [{"ask": task(reference)}],
        "evidence": "self-consistent",
        "entry_point": reference.entry_point,
        "tests": json.dumps(tests, ensure_ascii=False),
    }


def task(reference: Reference) -> str:
    """The statement of the task."""
    text = f"Write a Python function `{reference.signature}` that does the following.\n\n{reference.description}"
    return text + (f"\n\nIt may use:\n\n```python\n{reference.helpers}\n```" if reference.helpers else "")


def _body(reference: Reference, tests: list[dict[str, str]], title: str) -> str:
    shown = "\n".join(
        f"- `{reference.entry_point}{_call(test['arguments'])}` gives `{test['expected']}`" for test in tests[:3]
    )
    return f"""# {title}

## Recognition

A task of its own: `{reference.signature}`.

## Workflow

1. State signature and description word for word.
2. Judge a program by the hidden tests, never by its text.

## Effect

Moderate: the hidden tests try the edges of the description.

## Tools

The reference program in scripts/skill.py passes {len(tests)} recorded tests, among them:

{shown}
"""


def _call(arguments: str) -> str:
    text = f"({arguments[1:-1]})"
    return text if len(text) <= 120 else f"{text[:117]}...)"
