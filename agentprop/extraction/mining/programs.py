"""A reference program with its tests to a coding skill: the description as the task, the tests as data.

The tests run once against the reference, in the sandbox, as what they are (`sandbox.recognition`), with a recorder in
the program's place. They must pass; what the recorder saw are the arguments they try and what a right program returns
for them, with their types: a tuple stays a tuple. Calls whose arguments or result no literal stands for are left out.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from agentprop.extraction.mining.lift import Refusal
from agentprop.records import TestCase
from agentprop.records.case_text import read_plain
from agentprop.sandbox import Job, Result
from agentprop.sandbox.plans import TestPlan
from agentprop.sandbox.recognition import UnrecognisedTests, asked_name, plan_of
from agentprop.skills import holes

MAX_TESTS = 40
"""Recorded calls kept, spread over all that were made."""
MIN_TESTS = 3
"""Fewer say too little about a program."""
MAX_CALL = 20_000
"""Characters of the arguments, or of the result, of a call that is kept."""
EXAMPLES = 3
"""Most calls shown in a statement."""
LONGEST_EXAMPLE = 200
"""Characters of a call that is shown."""
TIMEOUT_S = 10.0
_CATEGORIES = (
    ("coding-graphs", r"\b(?:graph|tree|node|edge|path in a grid)s?\b"),
    ("coding-strings", r"->\s*str\b|: ?str\b|\b(?:string|word|character|letter|substring|text)s?\b"),
    ("coding-lists", r"[Ll]ist|\b(?:array|element|sequence)s?\b"),
)

_RECORD = """
import copy as _copy, inspect as _inspect, math as _math, sys as _sys, types as _types
import agentprop_styles as _styles, pytest as _pytest
_plan = {plan!r}
_calls = []

class _Watch:
    calls, note, excuse, gone = 0, None, None, None

def _recorder(*arguments, **named):
    _Watch.calls += 1
    told = _positional(arguments, named)
    told = _copy.deepcopy(told) if told is not None and _plain(told) else None
    result = {entry_point}(*arguments, **named)
    if told is not None and _plain(result):
        _calls.append((told, _copy.deepcopy(result)))
    return result

def _positional(arguments, named):
    if not named:
        return list(arguments)
    bound = _inspect.signature({entry_point}).bind(*arguments, **named)
    return None if bound.kwargs else list(bound.args)

def _plain(value):
    return _literal(value) and len(repr(value)) <= {longest}

def _literal(value):
    if type(value) in (list, tuple, set):
        return all(map(_literal, value))
    if type(value) is dict:
        return all(_literal(key) and _literal(item) for key, item in value.items())
    return value is None or type(value) in (bool, int, str, bytes) or type(value) is float and _math.isfinite(value)

_namespace = dict(globals(), candidate=_recorder, **{{_plan["name"]: _recorder}})
for _name, _path in _plan["modules"]:
    _styles.bind_module(_namespace, _name, _path)
for _name in _plan["served"]:
    _module = _sys.modules[_name] = _types.ModuleType(_name)
    _module.__dict__.update({{key: value for key, value in _namespace.items() if not key.startswith("_")}})
report = _styles.run(_plan, _namespace, _Watch, _pytest)

_seen, _tests = set(), []
for _arguments, _result in _calls:
    if repr(_arguments) not in _seen:
        _seen.add(repr(_arguments))
        _again = {entry_point}(*_copy.deepcopy(_arguments))
        if type(_again) is type(_result) and _again == _result:
            _tests.append([_arguments, _result])
outcome = [report, _tests[:: max(1, -(-len(_tests) // {most}))]]
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
    if not test.strip():
        raise Refusal("no-program", "the program has no tests that are read; packed ones (pickle) are never opened")
    program = _without_guard(program)
    entry_point = entry_point or asked_name(test, f"{program}\n{question}") or ""
    complete = bool(entry_point) and re.search(rf"^def {re.escape(entry_point)}\b", program, re.MULTILINE)
    whole = program if complete else question + program
    if not complete and _tree(whole) is None and _tree(program) is not None:
        raise Refusal("no-program", "the program defines no plain function that its tests call; classes are left alone")
    tree = _parsed(whole, "the program")
    function = next((n for n in reversed(tree.body) if isinstance(n, ast.FunctionDef) and n.name == entry_point), None)
    if function is None or entry_point in ("solve", "check"):
        raise Refusal("no-program", f"the program does not define a function {entry_point!r} that can be asked for")
    _plan(test, entry_point)
    described = ast.get_docstring(function) if not complete else question
    if not described or len(described.split()) < 4:
        raise Refusal("no-description", "nothing says what the function should do")
    signature = ast.unparse(function).splitlines()[len(function.decorator_list)].removeprefix("def ").removesuffix(":")
    helpers = "" if complete else _helpers(tree, function)
    if holes(described + helpers):
        raise Refusal("layout", "the description holds text in angle brackets")
    return Reference(whole.strip(), test, entry_point, signature, inspect.cleandoc(described), helpers)


def _plan(test: str, entry_point: str) -> TestPlan:
    try:
        return plan_of(test, entry_point)
    except UnrecognisedTests as fault:
        raise Refusal("unrecognised-tests", str(fault)) from None


def _parsed(source: str, what: str) -> ast.Module:
    tree = _tree(source)
    if tree is None:
        raise Refusal("no-program", f"{what} is not Python")
    return tree


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_guard(program: str) -> str:
    """A program without what it does only when it is started, `if __name__ == "__main__":`."""
    tree = _tree(program) if "__main__" in program else None
    lines = program.split("\n")
    for node in reversed(tree.body if tree is not None else []):
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def _helpers(tree: ast.Module, function: ast.FunctionDef) -> str:
    """Functions and constants that the task shows before the one to write; imports are needed only with them."""
    before = [node for node in tree.body if node is not function and node.lineno < function.lineno]
    if not any(isinstance(node, ast.FunctionDef) for node in before):
        return ""
    return "\n\n".join(ast.unparse(node) for node in before)


def job(reference: Reference) -> Job:
    """What records the tests, in the sandbox: reference and tests in one process, for both are the document's own."""
    plan = asdict(_plan(reference.test, reference.entry_point))
    code = _RECORD.format(plan=plan, entry_point=reference.entry_point, longest=MAX_CALL, most=MAX_TESTS)
    return Job(f"{reference.source}\n{code}", _modules(), returns="outcome", timeout_s=TIMEOUT_S)


@cache
def _modules() -> dict[str, str]:
    """What runs the tests, by the names under which the recording finds it."""
    inside = files("agentprop.sandbox.inside")
    names = {"agentprop_styles": "styles.py", "pytest": "pytest_shim.py"}
    return {name: inside.joinpath(file).read_text(encoding="utf-8") for name, file in names.items()}


def recorded(result: Result) -> list[dict[str, str]]:
    """The tests that the run recorded; raises Refusal where the reference fails them or too few remain."""
    if result.status != "ok" or not isinstance(result.value, list):
        raise Refusal("tests-fail", f"the reference program does not pass its tests: {result.error or result.status}")
    report, calls = result.value
    for name, end, _, why in report["tests"]:
        if end != "passed":
            raise Refusal("tests-fail", f"the reference program does not pass its tests: {name}: {why}")
    if report["missing"] or not report["tests"]:
        raise Refusal("tests-fail", "the tests are not all reached")
    if len(calls) < MIN_TESTS:
        raise Refusal("few-tests", f"fewer than {MIN_TESTS} calls of the tests can be written down as data")
    return [TestCase.of(arguments, expected).model_dump() for arguments, expected in calls]


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
        "method": "States the signature, the description and a few calls, and keeps the other tests hidden.",
        "effect": "Moderate: the hidden tests try the edges of the description.",
        "tool": "scripts/skill.py holds the reference program; the tests are its recorded calls.",
        "output": {"kind": "program"},
        "phrasings": [{"ask": statement(reference, tests)}],
        "evidence": "self-consistent",
        "entry_point": reference.entry_point,
        "tests": json.dumps(tests, ensure_ascii=False),
    }


def statement(reference: Reference, tests: list[dict[str, str]]) -> str:
    """The task with some recorded calls as examples, unless its description has examples of its own."""
    told = task(reference)
    if re.search(rf"\b{re.escape(reference.entry_point)}\(|>>>|\b[Ee]xamples?\b", reference.description):
        return told
    shown = [line for line in (_example(reference.entry_point, test) for test in tests) if line is not None]
    return f"{told}\n\nFor example:\n\n" + "\n".join(shown[:EXAMPLES]) if shown else told


def _example(entry_point: str, test: dict[str, str]) -> str | None:
    """A recorded call as a line; None for one that is long, or would be taken for something else in a statement."""
    arguments, expected = (read_plain(test[name]) for name in ("arguments", "expected"))
    line = f"- `{entry_point}({', '.join(map(repr, arguments))})` returns `{expected!r}`"
    return line if len(line) <= LONGEST_EXAMPLE and line.count("`") == 4 and not holes(line) else None


def task(reference: Reference) -> str:
    """The task without examples."""
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

1. State signature and description word for word, with the first of the calls below.
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
