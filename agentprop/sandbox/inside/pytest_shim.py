"""The part of pytest that stand-alone tests of programs use; it stands in `sys.modules` where tests import pytest.

`raises` (with `match`), `approx`, `param`, `fail`, `skip`, `importorskip`, `mark.parametrize`, `fixture` (a function or
a generator, new for every test), and the fixture `capsys`. `NAMES` and `MARKS` are all there is: tests that need more
are refused before they are run.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import itertools
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

NAMES = frozenset(("raises", "approx", "param", "fail", "skip", "mark", "fixture", "main", "importorskip"))
MARKS = frozenset(("parametrize",))
FIXTURES = frozenset(("capsys",))
Test = tuple[str, Callable[[], object]]


class SkipTest(Exception):
    """A test that is left out."""


def main(*_: object, **__: object) -> int:
    """Tests are run all the same."""
    return 0


def fail(reason: str = "", **_: object) -> NoReturn:
    """Fail the test."""
    raise AssertionError(reason)


def skip(reason: str = "", **_: object) -> NoReturn:
    """Leave the test out, which shows nothing."""
    raise SkipTest(reason)


def importorskip(name: str, **_: object) -> Any:
    """Import a module, or leave the test out."""
    try:
        return __import__(name)
    except ImportError:
        skip(f"there is no module {name}")


# --- raises and approx ---


class _Caught:
    """What a block raised."""

    value: BaseException
    type: type[BaseException]

    def match(self, pattern: str) -> bool:
        assert re.search(pattern, str(self.value)), f"{pattern!r} does not match {str(self.value)!r}"
        return True


class _Raises:
    def __init__(self, expected: Any, match: str | None) -> None:
        self.expected, self.match, self.caught = expected, match, _Caught()

    def __enter__(self) -> _Caught:
        return self.caught

    def __exit__(self, kind: Any, value: Any, _: object) -> bool:
        if kind is None:
            raise AssertionError(f"DID NOT RAISE {self.expected}")
        if not issubclass(kind, self.expected):
            return False
        self.caught.value, self.caught.type = value, kind
        return self.caught.match(self.match) if self.match is not None else True


def raises(expected: Any, *call: Any, match: str | None = None, **named: Any) -> Any:
    """A block, or a call, that must raise."""
    block = _Raises(expected, match)
    if not call:
        return block
    with block as caught:
        call[0](*call[1:], **named)
    return caught


class approx:
    """A value that others equal within a tolerance: relative 1e-6, or absolute 1e-12."""

    __array_ufunc__ = None

    def __init__(self, expected: Any, rel: float | None = None, abs: float | None = None, nan_ok: bool = False) -> None:
        self.expected, self.nan_ok = expected, nan_ok
        self.rel = rel if rel is not None else 0.0 if abs is not None else 1e-6
        self.abs = abs if abs is not None else 1e-12

    def __eq__(self, other: object) -> bool:
        return self._near(self.expected, other)

    def __repr__(self) -> str:
        return f"approx({self.expected!r})"

    __hash__ = None  # type: ignore[assignment]

    def _near(self, expected: Any, other: Any) -> bool:
        if isinstance(expected, Mapping):
            return expected.keys() == other.keys() and all(self._near(expected[key], other[key]) for key in expected)
        if not isinstance(expected, (str, bytes)) and hasattr(expected, "__len__"):
            return len(expected) == len(other) and all(map(self._near, expected, other))
        if isinstance(expected, bool) or not isinstance(expected, (int, float, complex)):
            exact = bool(other == expected)
            return exact or (hasattr(expected, "__float__") and self._near(float(expected), float(other)))
        if expected == other:
            return True
        if isinstance(expected, complex) or isinstance(other, complex):
            return bool(abs(expected - other) <= max(self.rel * abs(expected), self.abs))
        if math.isnan(expected):
            return self.nan_ok and math.isnan(other)
        return not math.isinf(expected) and math.fabs(expected - other) <= max(self.rel * math.fabs(expected), self.abs)


# --- parametrize and fixtures ---


class param:
    """One row of values."""

    def __init__(self, *values: Any, **_: object) -> None:
        self.values = values


class _Marks:
    def parametrize(self, names: Any, rows: Any, **_: object) -> Callable[[Any], Any]:
        """Run a test once for each row."""
        wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        made = [dict(zip(wanted, _row(row, len(wanted)), strict=True)) for row in rows]

        def marked(test: Any) -> Any:
            test.__dict__["parameters"] = [made, *test.__dict__.get("parameters", [])]
            return test

        return marked


def _row(row: Any, size: int) -> Sequence[Any]:
    if isinstance(row, param):
        return row.values
    return row if size > 1 else (row,)


mark = _Marks()


def fixture(function: Any = None, **_: object) -> Any:
    """A value that tests ask for by the name of a parameter."""
    if function is None:
        return lambda later: fixture(later)
    function.__dict__["is_fixture"] = True
    return function


def expanded(name: str, test: Callable[..., object], namespace: Mapping[str, Any]) -> Iterator[Test]:
    """A test function as tests without arguments, one for each combination of its rows."""
    tables = test.__dict__.get("parameters", [])
    for number, rows in enumerate(itertools.product(*tables)):
        values = {key: value for row in rows for key, value in row.items()}
        label = f"{name}[{number}]" if tables else name
        yield label, lambda values=values: _with_fixtures(test, values, namespace)  # type: ignore[misc]


def _with_fixtures(test: Callable[..., object], values: dict[str, Any], namespace: Mapping[str, Any]) -> object:
    with contextlib.ExitStack() as stack:
        made: dict[str, Any] = {}
        own = {name: values[name] for name in inspect.signature(test).parameters if name in values}
        for name in inspect.signature(test).parameters:
            if name not in own:
                own[name] = _made(name, namespace, made, stack)
        return test(**own)


def _made(name: str, namespace: Mapping[str, Any], made: dict[str, Any], stack: contextlib.ExitStack) -> Any:
    """A fixture's value, made once in a test; what it asks for first."""
    if name in made:
        return made[name]
    if name == "capsys":
        made[name] = stack.enter_context(_capture())
        return made[name]
    function = namespace.get(name)
    if not getattr(function, "is_fixture", False):
        raise NameError(f"there is no fixture {name!r}")
    asked = {one: _made(one, namespace, made, stack) for one in inspect.signature(function).parameters}  # type: ignore[arg-type]
    value = function(**asked)  # type: ignore[misc]
    if inspect.isgenerator(value):
        stack.callback(next, value, None)
        value = next(value)
    made[name] = value
    return value


class _Output(NamedTuple):
    out: str
    err: str


class _CapturedOutput:
    def __init__(self, out: io.StringIO, err: io.StringIO) -> None:
        self._streams = (out, err)

    def readouterr(self) -> _Output:
        """What was written since the last time."""
        texts = [stream.getvalue() for stream in self._streams]
        for stream in self._streams:
            stream.seek(0)
            stream.truncate()
        return _Output(*texts)


@contextlib.contextmanager
def _capture() -> Iterator[_CapturedOutput]:
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        yield _CapturedOutput(out, err)
    finally:
        sys.stdout, sys.stderr = before
