"""Tests are run as what they are, and say of a program no more than they have seen of it."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentprop.sandbox import Sandbox
from agentprop.sandbox.recognition import plan_of

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("styles.toml").read_text())["case"]
ADD = "def add(a, b): return a + b"


@pytest.fixture
def equipped(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, or one with the library that a case needs."""
    needs = request.param.get("needs")
    if needs is None:
        yield sandbox
    elif importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    else:
        with Sandbox(preload=(needs,)) as special:
            yield special


@pytest.mark.parametrize(
    ("equipped", "case"), [(case, case) for case in CASES], ids=[case["name"] for case in CASES], indirect=["equipped"]
)
def test_a_verdict_says_what_the_tests_have_seen(equipped: Sandbox, case: dict[str, Any]) -> None:
    if case.get("level", "L1") > equipped.isolation.level:
        pytest.skip("this level hides the file altogether")
    plan = plan_of(
        case["code"],
        case.get("function", "add"),
        target=case.get("target", ""),
        setup=case.get("setup", ""),
        shared=case.get("shared", ""),
    )
    found = equipped.run_tests(case.get("program", ADD), plan)
    assert found.verdict == case.get("verdict", "passed"), found
    assert found.code == case.get("because", found.code), found
