"""A wrong solution cannot make itself look right, whether its values are compared outside or tested elsewhere."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.sandbox import Sandbox

CHEATS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("cheats.toml").read_text())["cheat"]
CASES = [[1, 2], [3, 4], [5, 6]]
EXPECTED = [3, 7, 11]
TESTS = "assert add(1, 2) == 3\nassert add(3, 4) == 7\nassert add(5, 6) == 11\nassert type(add(1, 1)) is int\n"
each_cheat = pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat["name"])


def values_are_right(sandbox: Sandbox, code: str, timeout_s: float) -> bool:
    outcomes = sandbox.call(code, "add", CASES, timeout_s=timeout_s)
    assert len(outcomes) == len(CASES)
    right = [type(got.value) is type(want) and got.value == want for got, want in zip(outcomes, EXPECTED, strict=True)]
    return all(outcome.status == "ok" for outcome in outcomes) and all(right)


def test_a_right_solution_passes_both_ways(unharmed: Sandbox) -> None:
    code = "def add(a, b):\n    print('noise')\n    return a + b"
    assert values_are_right(unharmed, code, 5.0)
    assert unharmed.run_tests(code, TESTS, "add").status == "ok"


@each_cheat
def test_a_cheat_fails_by_its_values(unharmed: Sandbox, cheat: dict[str, Any]) -> None:
    assert not values_are_right(unharmed, cheat["code"], cheat.get("timeout_s", 5.0))


@each_cheat
def test_a_cheat_fails_the_tests_in_another_process(unharmed: Sandbox, cheat: dict[str, Any]) -> None:
    result = unharmed.run_tests(cheat["code"], TESTS, "add", timeout_s=cheat.get("timeout_s", 5.0))
    assert result.status in ("error", "timeout"), result


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("b'\\xff' * 4", "error"),
        ("(1 << 19).to_bytes(4, 'little') + b'[' * (1 << 19)", "error"),
        ("(2).to_bytes(4, 'little') + b'{}'", "error"),
        ("(100).to_bytes(4, 'little')", "error"),
        ("b''", "error"),
    ],
)
def test_a_hostile_peer_gets_no_verdict(unharmed: Sandbox, reply: str, status: str) -> None:
    candidate = f"import os\ndef add(a, b):\n    os.write(4, {reply})\n    os._exit(0)"
    assert unharmed.run_tests(candidate, TESTS, "add").status == status


def test_early_answers_help_nobody(unharmed: Sandbox) -> None:
    candidate = """
import os
def add(a, b):
    text = b'["ok",["i","0x3"]]'
    for _ in range(100): os.write(4, len(text).to_bytes(4, "little") + text)
    return 3
"""
    assert unharmed.run_tests(candidate, TESTS, "add").status == "error"


def test_tests_may_expect_an_exception(unharmed: Sandbox) -> None:
    tests = "try:\n    f(0)\nexcept ZeroDivisionError:\n    pass\nelse:\n    raise AssertionError\n"
    assert unharmed.run_tests("def f(x): return 1 / x", tests, "f").status == "ok"
    other = unharmed.run_tests("def f(x): raise ValueError", tests, "f")
    assert other.error == "ValueError: the candidate raised ValueError"


def test_keywords_and_containers_cross_between_tests_and_candidate(unharmed: Sandbox) -> None:
    tests = "assert f([1, (2, 3)], key={'a': {4}}) == ([1, (2, 3)], {'a': {4}})"
    assert unharmed.run_tests("def f(x, *, key): return x, key", tests, "f").status == "ok"


def test_the_fate_of_the_candidate_is_the_reason(unharmed: Sandbox) -> None:
    crash = unharmed.run_tests("import ctypes\ndef f(x): ctypes.string_at(0)", "f(1)", "f")
    assert (crash.status, crash.detail) == ("killed", "candidate: SIGSEGV")
    broken = unharmed.run_tests("1 / 0", "f(1)", "f")
    assert (broken.status, broken.detail, broken.error) == ("error", "candidate", "ZeroDivisionError: division by zero")
    flood = unharmed.run_tests("def f(x):\n    while True: print('x' * 999)", "f(1)", "f")
    assert flood.status == "output-limit"


def test_the_tests_own_mistakes_are_theirs(unharmed: Sandbox) -> None:
    result = unharmed.run_tests("def f(x): return x", "assert f(1) == 1\nundefined", "f")
    assert (result.status, result.detail) == ("error", None)
    assert result.error == "NameError: name 'undefined' is not defined"


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


def test_a_value_that_is_not_plain_is_an_error(unharmed: Sandbox) -> None:
    (outcome,) = unharmed.call("def f(): return object()", "f", [[]])
    assert outcome.status == "error" and "type object cannot leave" in str(outcome.error)
