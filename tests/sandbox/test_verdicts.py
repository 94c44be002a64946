"""A wrong solution cannot make itself look right, whether its values are compared outside or tested elsewhere."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.sandbox import Sandbox
from agentprop.sandbox.inside.codec import Foreign
from agentprop.sandbox.recognition import plan_of

CHEATS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("cheats.toml").read_text())["cheat"]
CASES = [[1, 2], [3, 4], [5, 6]]
EXPECTED = [3, 7, 11]
TESTS = "assert add(1, 2) == 3\nassert add(3, 4) == 7\nassert add(5, 6) == 11\nassert type(add(1, 1)) is int\n"
UNITTEST = """
import unittest
class TestAdd(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)
"""
each_cheat = pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat["name"])


def values_are_right(sandbox: Sandbox, code: str, timeout_s: float) -> bool:
    outcomes = sandbox.call(code, "add", CASES, timeout_s=timeout_s)
    assert len(outcomes) == len(CASES)
    right = [type(got.value) is type(want) and got.value == want for got, want in zip(outcomes, EXPECTED, strict=True)]
    return all(outcome.status == "ok" for outcome in outcomes) and all(right)


def test_a_right_solution_passes_both_ways(unharmed: Sandbox) -> None:
    code = "def add(a, b):\n    print('noise')\n    return a + b"
    assert values_are_right(unharmed, code, 5.0)
    for tests in (TESTS, UNITTEST, ">>> add(1, 2)\n3\n", "def test_add(capsys):\n    assert add(1, 2) == 3\n"):
        found = unharmed.run_tests(code, plan_of(tests, "add"))
        assert found.verdict == "passed", found


@each_cheat
def test_a_cheat_fails_by_its_values(unharmed: Sandbox, cheat: dict[str, Any]) -> None:
    assert not values_are_right(unharmed, cheat["code"], cheat.get("timeout_s", 5.0))


@each_cheat
def test_a_cheat_fails_the_tests_in_another_process(unharmed: Sandbox, cheat: dict[str, Any]) -> None:
    result = unharmed.run_tests(cheat["code"], plan_of(TESTS, "add"), timeout_s=cheat.get("timeout_s", 5.0))
    assert result.verdict in cheat.get("verdicts", ["failed"]), result


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("b'\\xff' * 4", "undetermined"),
        ("(1 << 19).to_bytes(4, 'little') + b'[' * (1 << 19)", "failed"),
        ("(2).to_bytes(4, 'little') + b'{}'", "failed"),
        ("(100).to_bytes(4, 'little')", "failed"),
        ("b''", "failed"),
    ],
)
def test_a_hostile_peer_gets_no_pass(unharmed: Sandbox, reply: str, verdict: str) -> None:
    program = f"import os\ndef add(a, b):\n    os.write(4, {reply})\n    os._exit(0)"
    assert unharmed.run_tests(program, plan_of(TESTS, "add")).verdict == verdict


def test_early_answers_help_nobody(unharmed: Sandbox) -> None:
    program = """
import os
def add(a, b):
    text = b'["reply","ok",[[["i","0x3"]],[]],[],""]'
    for _ in range(100): os.write(4, len(text).to_bytes(4, "little") + text)
    return 3
"""
    assert unharmed.run_tests(program, plan_of(TESTS, "add")).verdict == "failed"


def test_the_fate_of_the_program_is_the_reason(unharmed: Sandbox) -> None:
    plan = plan_of("f(1)\nassert True", "f")
    crash = unharmed.run_tests("import ctypes\ndef f(x): ctypes.string_at(0)", plan)
    assert (crash.verdict, crash.code) == ("failed", "ended") and "SIGSEGV" in crash.why
    broken = unharmed.run_tests("1 / 0", plan)
    assert (broken.verdict, broken.code, broken.why) == ("failed", "load", "ZeroDivisionError: division by zero")
    flood = unharmed.run_tests("def f(x):\n    while True: print('x' * 999)", plan)
    assert (flood.verdict, flood.code) == ("undetermined", "output-limit")
    hungry = unharmed.run_tests("def f(x): return len(b'x' * (1 << 40))", plan)
    assert (hungry.verdict, hungry.code) == ("undetermined", "undecided") and "MemoryError" in hungry.why


def test_a_program_that_is_killed_from_outside_is_not_wrong(unharmed: Sandbox) -> None:
    program = "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGKILL)\n    return 1"
    found = unharmed.run_tests(program, plan_of("assert f(1) == 1", "f"))
    expected = ("passed", "tests") if unharmed.isolation.level == "L3" else ("undetermined", "interrupted")
    assert (found.verdict, found.code) == expected, found  # the first process of a namespace is deaf to its own signals


def test_each_call_has_a_value_or_the_name_of_an_exception(unharmed: Sandbox) -> None:
    outcomes = unharmed.call("def f(x):\n    return 1 / x", "f", [[2], [0], ["a"]])
    assert [(outcome.status, outcome.value, outcome.exception) for outcome in outcomes] == [
        ("ok", 0.5, None),
        ("error", None, "ZeroDivisionError"),
        ("error", None, "TypeError"),
    ]


def test_calls_after_an_early_exit_have_no_value(unharmed: Sandbox) -> None:
    outcomes = unharmed.call("import os\ndef f(x): return x if x < 2 else os._exit(0)", "f", [[0], [1], [2], [3]])
    assert [(outcome.status, outcome.has_value) for outcome in outcomes] == [
        ("ok", True),
        ("ok", True),
        ("error", False),
        ("error", False),
    ]


@pytest.mark.parametrize(
    ("value", "kind", "content"),
    [
        ("object()", "object", None),
        ("(n for n in 'ab')", "generator", None),
        ("Counter('aab')", "Counter", ({"a": 2, "b": 1},)),
        ("Mine([1])", "Mine", ([1],)),
        ("Odd([1])", "Odd", None),
        ("deque([1])", "deque", None),
    ],
)
def test_a_value_that_is_not_plain_is_named(unharmed: Sandbox, value: str, kind: str, content: Any) -> None:
    source = f"""
from collections import *
class Mine(list): pass
class Odd(list):
    def __eq__(self, other): return True
def f(): return [1, {value}]
"""
    (outcome,) = unharmed.call(source, "f", [[]])
    assert outcome.status == "ok" and isinstance(outcome.value, list)
    found = outcome.value[1]
    assert isinstance(found, Foreign) and found.kind == kind
    assert ((found.value,) if found.has_value else None) == content


def test_a_method_is_called_on_a_new_object_each_time(unharmed: Sandbox) -> None:
    source = "class Solution:\n    def f(self, x):\n        self.n = getattr(self, 'n', 0) + x\n        return self.n"
    assert [outcome.value for outcome in unharmed.call(source, "f|Solution.f", [[1], [2]])] == [1, 2]
