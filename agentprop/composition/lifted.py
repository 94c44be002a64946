"""A program lifted from a corpus → the task of writing it: its statement, new inputs, and the code that tries them.

The statement is the description, whole. The hidden tests are not those of the corpus: new inputs keep what its recorded
calls have in common, and the reference says what a right program returns.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import Any

from agentprop.composition.drawn_inputs import Call, new_calls
from agentprop.composition.terms import Apply, Term
from agentprop.portable import parse_python
from agentprop.records import TestCase
from agentprop.records.case_text import read_plain
from agentprop.skills import Package

INPUTS = 32
"""New inputs tried."""
TESTS = 10
"""Most hidden tests."""
LEAST_TESTS = 4
"""Fewest hidden tests."""
LONGEST = 240
"""Characters of one test: all of them must fit into an observation."""


def lifted(term: Term, library: Mapping[str, Package]) -> Package | None:
    """The package of a term that poses a lifted program; None for all other terms."""
    if not isinstance(term, Apply):
        return None
    package = library[term.skill]
    output = package.spec.output
    program = output is not None and output.kind == "program" and package.spec.judged is None
    return package if program else None


@lru_cache(maxsize=4096)
def reference(script: str) -> str:
    """The program itself: the script without its docstring and without what agentprop added, `solve` and `check`."""
    lines = script.splitlines()
    tree = parse_python(script)
    for node in reversed(tree.body):
        first = node is tree.body[0] and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if first or (isinstance(node, ast.FunctionDef) and node.name in ("solve", "check")):
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines).strip()


def recorded(package: Package) -> list[TestCase]:
    """The corpus' own tests."""
    return [TestCase(**test) for test in json.loads(package.spec.tests or "[]")]


def inputs(package: Package, rng: Random, wanted: int = INPUTS) -> list[Call]:
    """Draw arguments that the recorded calls do not have."""
    told = " ".join(wording.ask or "" for wording in package.spec.phrasings)
    return new_calls([test.values()[0] for test in recorded(package)], rng, wanted, told)


_ATTEMPT = """import ast
import copy
from skills import {module}
from tools import Conflict

lines = {{}}
for case in {inputs}:
    try:
        value = {module}.{route}(*copy.deepcopy(case))
        line = repr((case, value))
        if len(line) <= {longest} and ast.literal_eval(repr(value)) == value:
            lines.setdefault(repr(value), []).append(line)
    except Exception:
        continue
found = [group[n] for n in range({tests}) for group in lines.values() if n < len(group)][:{tests}]
if len(found) < {least}:
    raise Conflict("few-inputs", value=len(found), bound={least})
if len(lines) < 2:
    raise Conflict("constant")
print("\\n".join(found))
"""
"""Tests of different values come first."""


def attempt(package: Package, cases: str, route: str) -> str:
    """Write the program that tries the reference on inputs and prints (arguments, value) for those it answers."""
    return _ATTEMPT.format(
        module=package.module, inputs=cases, route=route, longest=LONGEST, least=LEAST_TESTS, tests=TESTS
    )


def certificate(package: Package) -> str:
    """Write the certificate: the function asked for is that of the skill."""
    return f"from skills.{package.module} import {package.spec.entry_point}"


def tests(printed: list[str]) -> tuple[TestCase, ...]:
    """The hidden tests that an attempt printed."""
    pairs: list[tuple[list[Any], Any]] = [read_plain(line) for line in printed]
    return tuple(TestCase.of(arguments, value) for arguments, value in pairs)
