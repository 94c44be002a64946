"""Ordinary programs work: values, modules, input, and the parts of the library that people use."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from agentprop.sandbox import Job, Sandbox
from agentprop.sandbox.body import jobs_body
from agentprop.sandbox.records import Level

LEGITIMATE: dict[str, str] = tomllib.loads(Path(__file__).with_name("programs.toml").read_text())
"""Name to a program that ends with x == 2."""


@pytest.mark.parametrize("program", LEGITIMATE, ids=str)
def test_ordinary_code_works(unharmed: Sandbox, program: str) -> None:
    result = unharmed.run(LEGITIMATE[program], returns="x")
    assert (result.status, result.value) == ("ok", 2), result


def test_a_module_is_imported_when_it_is_needed(sandbox: Sandbox) -> None:
    if sandbox.isolation.level == "L1":
        pytest.skip("nothing can be opened at this level")
    assert sandbox.run("import xml.dom.minidom, wave; x = 2", returns="x").value == 2


def test_values_come_back_by_type(unharmed: Sandbox) -> None:
    code = "from fractions import Fraction\nx = {'a': [1, 2.5, (True, None)], 3: {Fraction(1, 3)}, 'b': b'z', 'c': 1j}"
    expected = {"a": [1, 2.5, (True, None)], 3: {Fraction(1, 3)}, "b": b"z", "c": 1j}
    assert unharmed.run(code, returns="x").value == expected


def test_none_is_a_value_and_no_value_is_not(unharmed: Sandbox) -> None:
    some, none = unharmed.run("x = None", returns="x"), unharmed.run("x = None")
    assert (some.value, some.has_value) == (None, True)
    assert (none.value, none.has_value) == (None, False)


def test_a_missing_or_unspeakable_global_is_an_error(unharmed: Sandbox) -> None:
    assert unharmed.run("y = 1", returns="x").error == "NameError: the code leaves no global named 'x'"
    assert "a value of type object cannot leave the sandbox" in str(unharmed.run("x = object()", returns="x").error)


def test_modules_are_imported_in_every_form(unharmed: Sandbox) -> None:
    foo_bar = "from skills.base import one\ntwo = one + 1\n"
    modules = {"skills.foo_bar": foo_bar, "skills.base": "one = 1", "lonely": "three = 3"}
    code = """
from skills import foo_bar
import skills.base as base, lonely
from skills.base import one
x = [foo_bar.two, base.one, one, lonely.three]
"""
    assert unharmed.run(code, modules=modules, returns="x").value == [2, 1, 1, 3]


def test_a_module_may_stand_in_for_one_of_the_library(unharmed: Sandbox) -> None:
    stand_in = Job("import json; x = json.mine", {"json": "mine = 1"}, "x")
    original = Job("import json; x = json.dumps([1])", returns="x")
    results = unharmed.run_batch([stand_in, original])
    assert [result.value for result in results] == [1, "[1]"]


def test_an_error_in_a_module_quotes_its_line(unharmed: Sandbox) -> None:
    result = unharmed.run("import m\nm.f()", modules={"m": "def f():\n    return 1 / 0\n"})
    assert result.traceback is not None and 'File "<m>", line 2, in f\n    return 1 / 0' in result.traceback


def test_input_is_read_in_every_form(unharmed: Sandbox) -> None:
    assert unharmed.run("print(input(), input())", stdin="1\n2\n").stdout == "1 2\n"
    assert unharmed.run("import sys; print(sys.stdin.read().upper())", stdin="ünï").stdout == "ÜNÏ\n"
    assert unharmed.run("input()").error == "EOFError: EOF when reading a line"


def test_descriptors_can_be_opened_by_number_where_files_can(sandbox: Sandbox) -> None:
    if sandbox.isolation.level == "L1":
        pytest.skip("nothing can be opened at this level")
    assert sandbox.run("print(open(0).read())", stdin="by number").stdout == "by number\n"


def test_a_light_sandbox_has_not_imported_the_heavy_libraries(sandbox: Sandbox) -> None:
    loaded = sandbox.run("import sys\nx = [n for n in ('sympy', 'mpmath', 'numpy') if n in sys.modules]", returns="x")
    assert loaded.value == []


def test_the_default_sandbox_computes_with_sympy() -> None:
    pytest.importorskip("sympy")
    with Sandbox() as sandbox:
        code = "import sys\nx = 'sympy' in sys.modules\nfrom sympy import *\nprint(solve(Symbol('y')**2 - 4))"
        result = sandbox.run(code, returns="x")
        assert (result.stdout, result.value) == ("[-2, 2]\n", True)
        assert sandbox.run("from sympy.stats import Die, E\nprint(E(Die('D', 6)))").stdout == "7/2\n"


def test_code_that_names_no_preloaded_module_runs_without_them_and_can_import_them() -> None:
    pytest.importorskip("mpmath")
    with Sandbox(preload=("mpmath",)) as sandbox:
        loaded = "import sys\nx = 'mp' + 'math' in sys.modules"
        assert sandbox.run(loaded, returns="x").value is False
        assert sandbox.run(f"{loaded}  # mpmath", returns="x").value is True
        assert sandbox.run("x = int(__import__('mp' + 'math').sqrt(49))", returns="x").value == 7
        assert sandbox.run("import m\nx = m.seven", modules={"m": "import mpmath\nseven = 7"}, returns="x").value == 7


@pytest.mark.parametrize("level", ["L3", "R0"])
def test_sources_that_a_sandbox_knows_are_not_sent_with_each_job(level: Level) -> None:
    known = {"m": "def half(n):\n    return n / 0 if n == 13 else n // 2\n"}
    assert b"half" not in jobs_body([Job("import m", known)], known).text
    with Sandbox(preload=(), sources=known, max_level=level, allow_weak=True) as sandbox:
        assert sandbox.run("import m\nx = m.half(14)", modules=known, returns="x").value == 7
        told = sandbox.run("import m\nm.half(13)", modules=known).traceback
        assert told is not None and "return n / 0 if n == 13 else n // 2" in told
        other = {"m": "half = 5"}
        job = Job("import m\nx = m.half", other, returns="x", origin="a")
        assert [result.value for result in sandbox.run_in_turn([job, job])] == [5, 5]
        assert sandbox.run("import m").error == "ModuleNotFoundError: No module named 'm'"


def test_a_package_that_is_not_there_is_not_preloaded() -> None:
    with Sandbox(preload=("no_such_package",)) as sandbox:
        assert sandbox.run("print(1)").stdout == "1\n"


def test_reports_of_time_are_plausible(sandbox: Sandbox) -> None:
    result = sandbox.run("import time; time.sleep(0.2)")
    assert result.duration_s >= 0.2 and 0 < result.cpu_s < result.duration_s
