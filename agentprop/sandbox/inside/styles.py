"""Tests written as code → what became of each of them: scripts, checkers, unittest, pytest functions, examples.

Standard library only: this file's text also travels into the sandbox by itself, where tests are recorded. `plan` names

    style     script: each source is a test · check: a function that takes the program's · suite: unittest and pytest
              · examples: >>>
    sources   [[name, source], …]
    name      the function asked for; checker: the name of the checker
    setup     what stands before the tests and is none
    expected  names of the tests that the sources define: a run that does not find them all is not complete

A test passes if it comes to its end. What it shows otherwise depends on why it stopped: a failed assertion and what the
program raised are about the program; a name or a module that is missing is about the tests.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import unittest

FAR = 400
"""Characters of a reason."""
MAX_TESTS = 2_000
"""Tests of one plan; parametrized ones count singly."""
Test = tuple[str, Callable[[], object]]


class Watch(Protocol):
    """What is known of the program besides what the tests find."""

    calls: int
    """Calls that the program answered so far."""
    note: str | None
    """Why the present test decides nothing, however it ends."""
    excuse: str | None
    """What the program met in the present test that is no fault of its own."""
    gone: str | None
    """Why the program can no longer be asked."""


class _EndOfModule(BaseException):
    """Where `unittest.main()` stands, a module has told all its tests."""


class _Incomplete(Exception):
    """A test that shows nothing, however it ended."""


def run(plan: Mapping[str, Any], namespace: dict[str, Any], watch: Watch, pytest: ModuleType) -> dict[str, Any]:
    """The report: `tests` with [name, end, calls, why] each, up to the first that fails, and the `missing` ones.

    An end is passed, failed, skipped, undecided, broken (by the tests' own fault) or gone (the program's process).
    """
    if any("unittest" in source for _, source in plan["sources"]):
        importlib.import_module("unittest").__dict__["main"] = _end_of_module
    ends: list[list[Any]] = []
    missing = list(plan["expected"])
    before = watch.calls
    try:
        for name, action in _tests(plan, namespace, pytest):
            ends.append(_ended(name, action, watch))
            missing = [one for one in missing if one != name.partition("[")[0]]
            if ends[-1][1] in ("failed", "gone") or len(ends) >= MAX_TESTS:
                break
            before = watch.calls
    except BaseException as problem:  # what stands around the tests
        ends.append(["around the tests", *_end(problem, before, watch)])
    return {"tests": ends, "missing": missing}


def _ended(name: str, action: Callable[[], object], watch: Watch) -> list[Any]:
    before, watch.note, watch.excuse = watch.calls, None, None
    try:
        action()
    except BaseException as problem:
        return [name, *_end(problem, before, watch)]
    return [name, *_end(None, before, watch)]


def _end(problem: BaseException | None, before: int, watch: Watch) -> tuple[str, int, str]:
    """How a test ended, the calls it made, and why."""
    calls = watch.calls - before
    end, why = ("passed", "") if problem is None else _judged(problem)
    if end == "failed" and not calls and not hasattr(problem, "raised_by_program"):
        end = "broken"
    if watch.gone is not None:
        end, why = "gone", watch.gone
    elif watch.note is not None:
        end, why = "undecided", watch.note
    elif end == "failed" and watch.excuse is not None:
        end, why = "undecided", watch.excuse
    return end, calls, why


def _judged(problem: BaseException) -> tuple[str, str]:
    """How a test ended, and why in a line."""
    raised = getattr(problem, "raised_by_program", None)
    if raised is not None:
        return "failed", f"the program raised {raised}"[:FAR]
    why = f"{type(problem).__name__}: {_text(problem)}".rstrip(": ")[:FAR]
    verdict = getattr(type(problem), "verdict", None)
    if verdict is not None:
        return verdict, _text(problem)[:FAR]
    if type(problem).__name__ == "SkipTest":
        return "skipped", why
    if isinstance(problem, (NameError, ImportError, OSError, SyntaxError, MemoryError, _Incomplete, SystemExit)):
        return "broken", why
    return "failed", _asserted(problem, why)


def _text(problem: BaseException) -> str:
    try:
        return str(problem)
    except Exception:
        return ""


def _asserted(problem: BaseException, why: str) -> str:
    """The reason of a bare assertion is its source line."""
    if not isinstance(problem, AssertionError) or _text(problem):
        return why
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    lines = _sources.get(trace.tb_frame.f_code.co_filename, []) if trace else []
    line = lines[trace.tb_lineno - 1].strip() if trace and trace.tb_lineno <= len(lines) else ""
    return f"failed: {line}"[:FAR] if line else why


_sources: dict[str, list[str]] = {}
"""File name → lines of the sources run."""


# --- finding the tests ---


def _tests(plan: Mapping[str, Any], namespace: dict[str, Any], pytest: ModuleType) -> Iterator[Test]:
    style, sources = plan["style"], plan["sources"]
    _script("setup", plan["setup"], namespace)
    if style == "script":
        for name, source in sources:
            yield name, lambda name=name, source=source: _script(name, source, namespace)  # type: ignore[misc]
        return
    if style == "examples":
        for name, source in sources:
            yield name, lambda name=name, source=source: _examples(name, source, namespace)  # type: ignore[misc]
        return
    for name, source in sources:
        _script(name, source, namespace)
    if style == "check":
        checker = plan["checker"]
        yield checker, lambda: said(namespace[checker](namespace["candidate"]))
    else:
        yield from _suite(namespace, pytest)


def _script(name: str, source: str, namespace: dict[str, Any]) -> None:
    """Run a source to its end; leaving it early is no end, unless the last statement leaves with success."""
    filename = f"<{name}>"
    _sources[filename] = source.splitlines()
    tree = ast.parse(source, filename)
    namespace.setdefault("__file__", filename)
    try:
        exec(compile(tree, filename, "exec", dont_inherit=True), namespace)
    except _EndOfModule:
        return
    except SystemExit as problem:
        if hasattr(problem, "raised_by_program"):
            raise
        if problem.code:
            raise AssertionError(f"the tests end with exit code {problem.code!r}") from None
        if not _at_the_end(problem, tree, filename):
            raise


def _at_the_end(problem: SystemExit, tree: ast.Module, filename: str) -> bool:
    """Whether an exit was raised by the last statement of the source."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != filename:
        trace = trace.tb_next
    return trace is not None and bool(tree.body) and trace.tb_lineno >= tree.body[-1].lineno


def _end_of_module(*_: object, exit: bool = True, **__: object) -> None:
    if exit:
        raise _EndOfModule


def _examples(name: str, source: str, namespace: dict[str, Any]) -> None:
    """Examples as an interpreter would show them, with what the program prints."""
    for example in importlib.import_module("doctest").DocTestParser().get_examples(source, name):
        shown = io.StringIO()
        try:
            with contextlib.redirect_stdout(shown):
                value = _evaluated(example.source, f"<{name}>", namespace)
        except Exception as problem:
            if example.exc_msg is None or type(problem).__name__ != example.exc_msg.partition(":")[0].strip():
                raise
            continue
        given = shown.getvalue() + ("" if value is None else f"{value!r}\n")
        if not _as_wanted(example.want, given, value):
            raise AssertionError(f"{example.source.strip()} gives {given.strip()}, not {example.want.strip()}")


def _evaluated(source: str, filename: str, namespace: dict[str, Any]) -> object:
    try:
        code = compile(source, filename, "eval", dont_inherit=True)
    except SyntaxError:
        exec(compile(source, filename, "exec", dont_inherit=True), namespace)
        return None
    return eval(code, namespace)


def _as_wanted(want: str, given: str, value: object) -> bool:
    """Whether an example gives what it shows; sets and dicts may show their items in another order."""
    doctest = importlib.import_module("doctest")
    if doctest.OutputChecker().check_output(want, given, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE):
        return True
    try:
        return bool(ast.literal_eval(want.strip()) == value)
    except (ValueError, SyntaxError):
        return False


# --- unittest and pytest ---


def _suite(namespace: dict[str, Any], pytest: ModuleType) -> Iterator[Test]:
    """Every test of a module, in the order of its source."""
    unittest = importlib.import_module("unittest")
    _call(namespace.get("setUpModule") or namespace.get("setup_module"))
    for name, value in list(namespace.items()):
        kind = type(value)  # the program's objects are not to be asked for their class
        if issubclass(kind, type) and value.__module__ == namespace["__name__"]:
            if issubclass(value, unittest.TestCase):
                yield from _of_case(name, value)
            elif name.startswith("Test"):
                yield from _of_class(name, value, namespace, pytest)
        elif name.startswith("test") and kind is FunctionType:
            yield from _expanded(name, value, namespace, pytest)


def _of_case(name: str, case: type[unittest.TestCase]) -> Iterator[Test]:
    methods = importlib.import_module("unittest").TestLoader().getTestCaseNames(case)
    ready: list[bool] = []

    def one(method: str) -> None:
        if not ready:
            ready.append(True)
            case.setUpClass()
        case(method).debug()

    for method in methods:
        yield f"{name}.{method}", lambda method=method: one(method)  # type: ignore[misc]
    if ready:
        case.tearDownClass()


def _of_class(name: str, kind: type, namespace: dict[str, Any], pytest: ModuleType) -> Iterator[Test]:
    """pytest makes a new object for every test."""
    _call(getattr(kind, "setup_class", None))
    for method in [name for name in dir(kind) if name.startswith("test")]:
        made = kind()

        def prepared(*arguments: Any, _made: Any = made, _method: str = method, **named: Any) -> object:
            _call(getattr(_made, "setup_method", None))
            returned = getattr(_made, _method)(*arguments, **named)
            _call(getattr(_made, "teardown_method", None))
            return returned

        prepared.__dict__.update(getattr(kind, method).__dict__)
        prepared.__signature__ = inspect.signature(getattr(made, method))  # type: ignore[attr-defined]
        yield from _expanded(f"{name}.{method}", prepared, namespace, pytest)


def _expanded(name: str, test: Callable[..., object], namespace: dict[str, Any], pytest: ModuleType) -> Iterator[Test]:
    for label, action in pytest.expanded(name, test, namespace):
        yield label, lambda action=action: said(action())  # type: ignore[misc]


def said(returned: object) -> None:
    """Take the truth value that a test returns, instead of asserting it, at its word."""
    if returned is False:
        raise AssertionError("the test returns False")
    if returned is not None and returned is not True:
        raise _Incomplete("the test returns a value and asserts nothing of it")


def _call(function: Any) -> None:
    if function is not None:
        function(*([None] if len(inspect.signature(function).parameters) else []))


# --- names ---


def bind_module(namespace: dict[str, Any], name: str, path: str) -> None:
    """Bind a module, or what it holds: `np` to `numpy`, `Counter` to `collections:Counter`."""
    module, _, attribute = path.partition(":")
    try:
        found = importlib.import_module(module)
    except ImportError:
        return  # the test that needs it will say so
    namespace[name] = getattr(found, attribute) if attribute else sys.modules[module]
