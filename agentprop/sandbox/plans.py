"""How tests written as code are run: their sources and style, and the names that they take from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Style = Literal["script", "check", "suite", "examples"]


@dataclass(frozen=True, slots=True)
class TestPlan:
    """Tests of one problem, ready to run against any program."""

    __test__ = False  # not a pytest class

    style: Style
    """`script`: each source is a test; `check`: a function of the program; `suite`: unittest and pytest; `examples`."""
    sources: tuple[tuple[str, str], ...]
    """Name and text of each source, run in this order in one namespace."""
    target: str
    """What the program must define: `f`, `Solution.f`, or alternatives `f|Solution.f`."""
    name: str = ""
    """Name under which the tests know it, beside `candidate`."""
    checker: str = ""
    """Name of the function that is given the program's (`check`)."""
    expected: tuple[str, ...] = ()
    """Tests that must have run."""
    needs: tuple[str, ...] = ()
    """The program's classes, and functions that the task asks for, that the tests use without importing them."""
    classes: tuple[str, ...] = ()
    """Names of the classes that the tests define."""
    modules: tuple[tuple[str, str], ...] = ()
    """Names that stand for modules or parts of them: `np` for `numpy`, `Counter` for `collections:Counter`."""
    served: tuple[str, ...] = ()
    """Modules by whose names the tests import the program."""
    setup: str = ""
    """What the tests start with, such as imports and data."""
    shared: str = ""
    """Definitions that tests and program both start from."""
