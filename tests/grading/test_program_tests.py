"""Every kind of tests passes a right program, fails a wrong one, and is fooled by none."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from toy_problems import doubling

from agentprop.grading.comparison import HiddenTests
from agentprop.grading.program_tests import BoundTests, CallTests, CodeTests, ProgramTests, StreamTests, same_output
from agentprop.records import TestCase
from agentprop.sandbox import Sandbox
from agentprop.sandbox.recognition import plan_of

SANDBOX_TESTS = Path(__file__).parents[1] / "sandbox"
CHEATS: list[dict[str, Any]] = tomllib.loads((SANDBOX_TESTS / "cheats.toml").read_text())["cheat"]
UNITTEST = """
import unittest
from solution import add
class TestAdd(unittest.TestCase):
    def test_small(self):
        self.assertEqual(add(1, 2), 3)
        self.assertTrue(abs(add(3, 4) - 7) < 1e-6)
        self.assertIn(add(5, 6), [11])
unittest.main()
"""
PYTEST = """
import pytest
@pytest.mark.parametrize("a, b, total", [(1, 2, 3), (3, 4, 7), (5, 6, 11)])
def test_rows(a, b, total):
    assert add(a, b) == total
    assert add(a, b) == pytest.approx(total)
def test_all():
    assert all(map(lambda pair: add(*pair) == sum(pair), [(1, 2), (3, 4)]))
    assert len([r for r in map(add, [1, 3], [2, 4]) if r in (3, 7)]) == 2
"""
CHECK = """
def check(candidate):
    assert math.isclose(candidate(1, 2), 3)
    assert candidate(3, 4) == 7, "sum"
    assert abs(candidate(5, 6) - 11) < 1e-6
"""
CALLS = (([1, 2], 3), ([3, 4], 7), ([5, 6], 11))
FORMATS: Mapping[str, ProgramTests] = {
    "assertions": CodeTests(plan_of([f"assert add({a}, {b}) == {total}" for (a, b), total in CALLS], "add")),
    "script": CodeTests(plan_of("r = add(1, 2)\nif r != 3: raise SystemExit(1)\nassert add(3, 4) == 7", "add")),
    "checker": CodeTests(plan_of(CHECK, "add")),
    "unittest": CodeTests(plan_of(UNITTEST, "add")),
    "pytest": CodeTests(plan_of(PYTEST, "add")),
    "examples": CodeTests(plan_of(">>> add(1, 2)\n3\n>>> add(3, 4)\n7\n", "add")),
    "method": CodeTests(plan_of(CHECK, "add", target="Solution.add")),
    "calls": CallTests("add|Solution.add", CALLS),
    "streams": StreamTests(tuple((f"{a} {b}\n", f"{total}\n") for (a, b), total in CALLS)),
}
AROUND = {
    "method": "\nclass Solution:\n    def add(self, a, b):\n        return add(a, b)\n",
    "streams": "\nprint(add(*map(int, input().split())))\n",
}
"""What makes a program of a function that a format asks for."""
RIGHT = ["def add(a, b):\n    return a + b\n", "def add(a, b):\n    print(end='')\n    return sum((a, b))\n"]
WRONG = [
    "def add(a, b):\n    return a - b\n",
    "def add(a, b):\n    return None\n",
    "def add(a, b):\n    raise ValueError\n",
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=(), slots=2) as made:
        yield made


def judged(form: str, program: str, sandbox: Sandbox, seconds: float = 5.0) -> str:
    return BoundTests(FORMATS[form], sandbox, seconds).passes(program + AROUND.get(form, "")).status


@pytest.mark.parametrize("form", FORMATS)
def test_right_programs_pass_and_wrong_ones_do_not(form: str, sandbox: Sandbox) -> None:
    assert [judged(form, program, sandbox) for program in RIGHT] == ["same"] * len(RIGHT)
    assert [judged(form, program, sandbox) for program in WRONG] == ["different"] * len(WRONG)


@pytest.mark.parametrize("form", FORMATS)
def test_no_cheat_passes(form: str, sandbox: Sandbox) -> None:
    passed = [
        cheat["name"]
        for cheat in CHEATS
        if judged(form, cheat["code"], sandbox, cheat.get("timeout_s", 5.0)) == "same"
        and cheat["name"] not in STREAMS_MAY.get(form, ())
    ]
    assert passed == []


STREAMS_MAY = {"streams": ()}


# --- replies ---


@pytest.mark.parametrize(
    ("form", "reply", "found"),
    [
        ("calls", "```python\nclass Solution:\n    def add(self, a, b): return 1\n```", True),
        ("calls", "```python\ndef add(a, b): return 1\n```", True),
        ("method", "```python\ndef add(a, b): return 1\n```", False),
        ("assertions", "Here:\n```python\nadd = lambda a, b: a + b\n```", True),
        ("streams", "Here:\n```python\nprint(1)\n```", True),
        ("streams", "```cpp\nint main() { return 0; }\n```", False),
        ("streams", "print(int(input()) + 1)", True),
        ("streams", "I do not know.", False),
        ("streams", "```python\nprint(1)\n```\nIt prints:\n```\n1 2 3\n```", True),
    ],
)
def test_the_program_of_a_reply_is_found_by_what_the_tests_ask_for(form: str, reply: str, found: bool) -> None:
    assert (FORMATS[form].program(reply) is not None) is found


# --- outputs ---


@pytest.mark.parametrize(
    ("got", "wanted", "same"),
    [
        ("1 2\n3\n", "1 2\n3", True),
        ("1 2  \n3\n\n", "1 2\n3\n", True),
        ("1  2", "1 2", True),
        ("0.3333333", "0.33333333333", True),
        ("0.34", "0.33", False),
        ("2", "3", False),
        ("", "3", False),
        ("1 2 3", "1 2\n3", None),
        ("yes", "YES", None),
        ("1.0", "1", None),
        ("nan", "0.5", False),
        ("1000001", "1000000", False),
        ("100000000001000000001", "100000000001000000000", False),
        ("1.00000000001e+20", "100000000001000000000", None),
        ("Infinity", "1e999999999999999999999", False),
    ],
)
def test_outputs_are_compared_as_judges_do(got: str, wanted: str, same: bool | None) -> None:
    assert same_output(got, wanted) is same


@pytest.mark.parametrize(
    ("program", "status", "rule"),
    [
        ("import sys\nn = int(sys.stdin.readline())\nprint(n * 2)", "same", "tests"),
        ("print(int(open(0).read()) * 2)", "same", "tests"),
        ("if __name__ == '__main__':\n    print(2 * int(input()))\n    exit(0)", "same", "tests"),
        ("print(int(input()) * 3)", "different", "tests"),
        ("print(int(input()) * 2)\nraise ValueError", "different", "tests"),
        ("print(int(input()) * 2, flush=True)\nimport os\nos._exit(0)", "different", "tests"),
        ("while True: pass", "undetermined", "timeout"),
        ("while True: print(4)", "undetermined", "output-limit"),
        ("x = b'x' * (1 << 40)", "undetermined", "memory"),
        ("import no_such_module", "undetermined", "refused"),
    ],
)
def test_a_program_that_reads_and_prints(program: str, status: str, rule: str, sandbox: Sandbox) -> None:
    tests = StreamTests((("2\n", "4\n"), ("5\n", "10\n")))
    found = tests.run(program, sandbox, 1.0)
    assert (found.status, found.rule) == (status, rule), found


def test_outputs_too_long_to_be_kept_decide_nothing(sandbox: Sandbox) -> None:
    wanted = "".join(f"{n}\n" for n in range(20_000))
    found = StreamTests((("", wanted),)).run("for n in range(20_000): print(n)", sandbox, 5.0)
    assert (found.status, found.rule) == ("undetermined", "output")


# --- values ---


@pytest.mark.parametrize(
    ("value", "expected", "status"),
    [
        ("(1, 2)", "[1, 2]", "same"),
        ("[1, 2]", "(1, 2)", "different"),
        ("[(1, 2)]", "[(1, 2)]", "same"),
        ("{1: {2}}", "{1: {2}}", "same"),
        ("{1: {3}}", "{1: {2}}", "different"),
        ("{frozenset({1})}", "{1}", "different"),
        ("Counter('aab')", '{"a": 2, "b": 1}', "same"),
        ("Counter('aab')", '{"a": 1, "b": 1}', "different"),
        ("OrderedDict(a=1)", '{"a": 1}', "same"),
        ("defaultdict(int, a=1)", '{"a": 1}', "same"),
        ("namedtuple('P', 'x y')(1, 2)", "(1, 2)", "same"),
        ("deque([1, 2])", "[1, 2]", "undetermined"),
        ("range(3)", "[0, 1, 2]", "undetermined"),
        ("(n for n in (1, 2))", "[1, 2]", "undetermined"),
        ("[1, (n for n in ())]", "[2, 3]", "different"),
        ("{'a': 1}.keys()", '["a"]', "undetermined"),
        ("Decimal('1.5')", "1.5", "undetermined"),
        ("object()", "3", "undetermined"),
        ("0.1 + 0.2", "0.3", "same"),
        ("0.3000001", "0.3", "undetermined"),
        ("0.31", "0.3", "different"),
        ("6.0", "6", "different"),
        ("6", "6.0", "undetermined"),
        ("True", "1", "different"),
        ("float('nan')", "NaN", "same"),
        ("nest(300)", "[]", "undetermined"),
        ("[0] * 300_000", "[]", "undetermined"),
    ],
)
def test_a_value_that_cannot_cross_is_never_wrong_for_that(
    value: str, expected: str, status: str, sandbox: Sandbox
) -> None:
    program = f"""
from collections import *
from decimal import Decimal
def nest(n):
    x = 1
    for _ in range(n): x = [x]
    return x
def double(n): return {value}
"""
    found = HiddenTests(doubling(tests=(("[1]", expected),)), sandbox, 5.0).passes(program)
    assert found.status == status, found


def test_numbers_of_numpy_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    assert numpy is not None
    with Sandbox(preload=("numpy",)) as sandbox:
        tests = HiddenTests(doubling(tests=(("[1]", "[2, 0.5, true]"),)), sandbox, 5.0)
        found = tests.passes("import numpy as np\ndef double(n): return [np.int64(2), np.float64(0.5), np.bool_(True)]")
        assert found.status == "same", found
        array = tests.passes("import numpy as np\ndef double(n): return np.array([2, 0.5, 1])")
        assert array.status == "undetermined", array


@pytest.mark.parametrize(
    ("body", "status", "rule"),
    [
        ("open('/tmp/x', 'w')", "undetermined", "refused"),
        ("import os; os.fork()", "undetermined", "refused"),
        ("import threading; [threading.Thread(target=input).start() for _ in range(10**5)]", "undetermined", "refused"),
        ("raise OSError('mine')", "different", "tests"),
        ("raise PermissionError", "different", "tests"),
        ("import pandas_of_tomorrow", "undetermined", "refused"),
        ("raise MemoryError", "undetermined", "memory"),
        ("import ctypes; ctypes.string_at(0)", "different", "tests"),
    ],
)
def test_what_the_sandbox_refuses_says_nothing_about_a_program(
    body: str, status: str, rule: str, sandbox: Sandbox
) -> None:
    found = HiddenTests(doubling(), sandbox, 5.0).passes(f"def double(n):\n    {body}\n    return 2 * n")
    assert (found.status, found.rule) == (status, rule), found


def test_arguments_arrive_as_they_are_announced(sandbox: Sandbox) -> None:
    tests = ((TestCase.of([[(1, 2), (2, 3)]], {(1, 2): {2}}).arguments, "{(1, 2): {2}, (2, 3): {3}}"),)
    program = "def double(edges): return {edge: {edge[1]} for edge in edges}"
    assert HiddenTests(doubling(tests=tests), sandbox, 5.0).passes(program).status == "same"
