"""Tests in one child call a program in another; between them goes only what `crossing` can make a message of.

The program never holds a byte of the tests, and the tests never run a byte of the program. What it returns is built
anew here and compared here, so neither frame walking, nor a lying `__eq__`, nor an early exit can turn a wrong answer
into a passed test. What it changes in its arguments is changed in the tests' objects too; what it prints is printed
here if a test listens; a function that a test passes to it is called here.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Mapping
from typing import Any

from . import pytest_shim, styles
from .channel import HungUp
from .codec import CodecError
from .lending import TESTS
from .program_side import ServedProgram
from .runner import Frame, Runner, fresh_namespace
from .standins import Undecided
from .tests_side import ProgramGone, Tests

PEER_FD = 4


def serve_program(runner: Runner, body: Mapping[str, Any], peer: int = PEER_FD) -> None:
    """Define the program when asked to, then answer calls until the tests hang up."""
    try:
        ServedProgram(runner, body, peer).serve()
    except (HungUp, CodecError):
        return  # the tests say what became of them


def run_tests(runner: Runner, body: Mapping[str, Any], peer: int = PEER_FD) -> None:
    """Run the tests with stand-ins in the program's place, and report what became of each."""
    tests = Tests(peer)
    try:
        report = _report(runner, tests, body)
    except (ProgramGone, Undecided) as problem:
        report = {"tests": [["around the tests", problem.verdict, 0, str(problem)]], "missing": []}
    report |= {"gone": tests.gone, "tampered": tests.tampered}
    ending, has_value, value = runner.export(report)
    runner.report(Frame(0, *ending, "", "", has_value, value, 0.0, 0.0))


def _report(runner: Runner, tests: Tests, body: Mapping[str, Any]) -> dict[str, Any]:
    fault = tests.load()
    if fault is not None:
        return {"load": fault, "tests": [], "missing": []}
    namespace = fresh_namespace("__main__" if body["style"] in ("script", "check") else TESTS)
    ending = runner.execute(body["shared"], namespace)
    if ending.error is not None:
        why = f"what the tests share with the program fails: {ending.error}"
        return {"tests": [["shared", "broken", 0, why]], "missing": []}
    tests.share(namespace, body["classes"])
    _provide(tests, namespace, body)
    return styles.run(body, namespace, tests, pytest_shim)


def _provide(tests: Tests, namespace: dict[str, Any], body: Mapping[str, Any]) -> None:
    """Give the tests what they name without defining it: the program's globals, and modules."""
    sys.modules["pytest"] = pytest_shim
    for name in tests.defined.intersection(body["needs"]):
        namespace[name] = tests.do("global", name)
    for name, path in body["modules"]:  # a program must not provide what its results are compared with
        styles.bind_module(namespace, name, path)
    if body["target"]:
        target = tests.do("target")
        namespace |= dict.fromkeys(("candidate", body["name"]), target)
    for module in body["served"]:
        sys.modules[module] = _served(tests, module)


def _served(tests: Tests, name: str) -> types.ModuleType:
    """A module whose contents are the program's."""
    module = types.ModuleType(name)
    module.__dict__["__all__"] = sorted(n for n in tests.defined if not n.startswith("_"))

    @functools.cache
    def attribute(wanted: str) -> Any:
        if wanted not in tests.defined:
            raise AttributeError(f"the program defines no {wanted!r}")
        return tests.do("global", wanted)

    module.__dict__["__getattr__"] = attribute
    return module
