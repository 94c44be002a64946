"""Test code is recognised by its syntax, and refused with a reason if it could not be run as what it is."""

from __future__ import annotations

import pytest

from agentprop.sandbox.recognition import UnrecognisedTests, asked_name, plan_of, tidied


@pytest.mark.parametrize(
    ("code", "style"),
    [
        ("def check(candidate):\n    assert candidate(1) == 1", "check"),
        ("def test(fn):\n    assert fn(1) == 1\n\ntest(f)", "script"),
        ("def run(function):\n    assert function(1) == 1", "check"),
        ("def test_one():\n    assert f(1) == 1", "suite"),
        (
            "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(1), 1)",
            "suite",
        ),
        ("class TestF:\n    def test_a(self):\n        assert f(1) == 1", "suite"),
        ("assert f(1) == 1", "script"),
        (["assert f(1) == 1", "assert f(2) == 2"], "script"),
        (">>> f(1)\n1", "examples"),
    ],
)
def test_each_style_is_told_apart(code: str | list[str], style: str) -> None:
    assert plan_of(code, "f").style == style


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("assert f(1) ==", "not Python"),
        ("", "no tests"),
        ("# nothing", "no tests"),
        ("print(f(1))", "assert nothing"),
        ("x = 1\nassert x == 1", "never name `f`"),
        ("import pytest\ndef test_a(tmp_path):\n    assert f(tmp_path)", "fixture `tmp_path`"),
        ("import pytest\ndef test_a(monkeypatch):\n    assert f(1)", "fixture `monkeypatch`"),
        ("import pytest\n@pytest.mark.xfail\ndef test_a():\n    assert f(1)", "`pytest.mark.xfail`"),
        ("import pytest\n@pytest.mark.asyncio\nasync def test_a():\n    assert await f(1)", "not supported"),
        ("from pytest import warns\ndef test_a():\n    assert f(1)", "`pytest.warns`"),
        (
            "from unittest.mock import patch\ndef test_a():\n    with patch('solution.time'):\n        assert f(1)",
            "another process",
        ),
        (
            "import unittest\nclass T(unittest.TestCase):\n    @unittest.expectedFailure\n    def test_a(self):\n"
            "        self.assertEqual(f(1), 1)",
            "expectedFailure",
        ),
    ],
)
def test_tests_that_cannot_be_run_are_refused_with_the_reason(code: str, why: str) -> None:
    with pytest.raises(UnrecognisedTests, match=why):
        plan_of(code, "f")


def test_names_come_from_where_they_belong() -> None:
    plan = plan_of("assert f(Node(1), key) == math.pi\nassert Counter(f(2)) == np.ones(2)", "f")
    assert plan.needs == ("Node",), "a program lends its classes, and no function that could vouch for it"
    assert dict(plan.modules) == {"math": "math", "Counter": "collections:Counter", "np": "numpy"}
    assert plan_of("assert f(g(1)) == 1", "f", asked=["g"]).needs == ("g",)
    plan = plan_of("from mysteries import f\nimport numpy\nassert f(1) == 1", "f")
    assert plan.served == ("mysteries",)


@pytest.mark.parametrize(
    ("code", "program", "name"),
    [
        (["assert f(1) == 1"], "", "f"),
        (["assert set(f(1)) == {1}"], "", "f"),
        (["assert not f(1)"], "def g(): pass\ndef f(): pass", "f"),
        ("from solution import f\ndef test_a():\n    assert helper(f(1))\ndef helper(x): return x", "", "f"),
        ("class T:\n    def test_a(self):\n        s = Stack()\n        assert s.pop() == 1", "", "Stack"),
        ("root = Node(1)\nassert height(root) == 1", "class Node: pass\ndef height(n): pass", "height"),
        ("import solution\nassert solution.f(1) == 1", "", None),
        (">>> f(1)\n2\n>>> for i in (1,):\n...     f(i)\n2\n", "def f(n): pass", "f"),
        ("assert (", "", None),
    ],
)
def test_the_function_asked_for_is_found_in_the_tests(code: str | list[str], program: str, name: str | None) -> None:
    assert asked_name(code, program) == name


@pytest.mark.parametrize(
    "text",
    [
        "    def check(f):\n        assert f(1)\n",
        "X = {}\n\n  def check(f):\n      assert f(1)\n\n      assert f(2)\n",
        "def check(f):\n    assert f(1)\n  # done\n",
        "\tdef check(f):\n\t\tassert f(1)\n",
        "def check(f):\r\n    assert f(1)\r\n",
    ],
)
def test_indentation_is_mended(text: str) -> None:
    compile(tidied(text), "tests", "exec")
    assert "def check(f):\n" in tidied(text)
