"""Code that wants too much is stopped from outside and named for what it did: a table of cases, at every level."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.sandbox import Job, Sandbox

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("resources.toml").read_text())["case"]


def code_of(case: dict[str, Any]) -> str:
    """The source of a case, which may be written as a repetition or with escapes that TOML does not allow."""
    if "code_repeat" in case:
        text, times = case["code_repeat"]
        return str(text) * int(times) + str(case.get("code_suffix", ""))
    if "code_escaped" in case:
        return str(case["code_escaped"]).encode().decode("unicode_escape")
    return str(case["code"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_excess_is_contained_and_named(unharmed: Sandbox, case: dict[str, Any]) -> None:
    job = Job(code_of(case), timeout_s=case.get("timeout_s", 5.0), memory_mb=case.get("memory_mb", 1024))
    result = unharmed.run_job(job)
    assert result.status in case["status"], result
    assert re.search(case.get("error", ""), result.error or ""), result
    assert re.search(case.get("detail", ""), result.detail or ""), result
    assert result.truncated == case.get("truncated", False)
    assert not result.has_value


def test_threads_are_bounded(unharmed: Sandbox) -> None:
    code = """
import threading, time
started = 0
try:
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        started += 1
except (RuntimeError, MemoryError):
    pass
"""
    started = unharmed.run(code, returns="started").value
    assert isinstance(started, int)
    assert 8 <= started <= (40 if unharmed.isolation.level == "L3" else 400)


def test_output_keeps_strange_characters(unharmed: Sandbox) -> None:
    result = unharmed.run(r"print('\ud800 \x00 \x1b[31m é')")
    assert (result.status, result.stdout) == ("ok", "\\ud800 \x00 \x1b[31m é\n")


def test_undecodable_output_is_escaped(unharmed: Sandbox) -> None:
    assert unharmed.run(r"import os; os.write(1, b'\xff\xfe')").stdout == "\\xff\\xfe"


def test_long_output_keeps_head_and_tail(unharmed: Sandbox) -> None:
    result = unharmed.run("print('a' * 100_000 + 'b' * 500_000 + 'c' * 100_000)")
    assert (result.status, result.truncated) == ("ok", True)
    assert result.stdout.startswith("a" * 48_000) and result.stdout.endswith("c" * 16_000 + "\n")
    assert "bytes left out" in result.stdout and len(result.stdout) < 70_000


def test_partial_output_survives_a_timeout(unharmed: Sandbox) -> None:
    result = unharmed.run("print('so far', flush=True)\nwhile True: pass", timeout_s=0.5)
    assert (result.status, result.stdout) == ("timeout", "so far\n")


def test_stderr_is_apart_from_stdout(unharmed: Sandbox) -> None:
    result = unharmed.run("import sys; print('out'); print('err', file=sys.stderr)")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")


def test_an_error_is_a_line_and_its_last_frames(unharmed: Sandbox) -> None:
    steps = "".join(f"def f{n}(): return f{n + 1}()\n" for n in range(20))
    result = unharmed.run(f"{steps}def f20(): return 1 / 0\nf0()")
    assert (result.status, result.error) == ("error", "ZeroDivisionError: division by zero")
    assert result.traceback is not None and result.traceback.count('File "<job>"') == 5
    assert "in f16" in result.traceback and "1 / 0" in result.traceback
