"""Sandboxes of every level this machine has, and the checks that hold after any attack."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentprop.errors import SandboxUnavailable
from agentprop.sandbox import Sandbox
from agentprop.sandbox.recognition import plan_of
from agentprop.sandbox.records import Level


def available_levels() -> list[Level]:
    """The levels that start here; a machine without any still runs the tests that need none."""
    found: list[Level] = []
    for level in ("L3", "L2", "L1"):
        try:
            with Sandbox(preload=(), min_level=level, max_level=level) as sandbox:
                found.append(sandbox.isolation.level)
        except SandboxUnavailable:
            continue
    return found


LEVELS = available_levels()
needs_full = pytest.mark.skipif("L3" not in LEVELS, reason="user namespaces cannot be had here")


NO_LEVEL = pytest.param("none", marks=pytest.mark.skip(reason="no isolation can be had here"))
PARAMETERS: list[Any] = [*LEVELS] or [NO_LEVEL]


@pytest.fixture(scope="session", params=PARAMETERS)
def fenced(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """One sandbox for each level."""
    with Sandbox(preload=(), min_level=request.param, max_level=request.param) as sandbox:
        plan = plan_of("assert f() == 1", "f")
        assert sandbox.run_tests("def f(): return 1", plan).verdict == "passed"  # starts both its zygotes
        assert sandbox.run("").isolation == request.param
        yield sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The best sandbox there is."""
    if not LEVELS:
        pytest.skip("no isolation can be had here")
    with Sandbox(preload=()) as best:
        best.run("")
        yield best


@pytest.fixture
def unharmed(fenced: Sandbox) -> Iterator[Sandbox]:
    """The sandbox; after the test it must still answer, with no new processes and no new descriptors."""
    before = footprint()
    yield fenced
    assert fenced.run("print(1 + 1)").stdout == "2\n"
    assert footprint() == before


def footprint() -> tuple[int, int]:
    """Processes below this one, and open descriptors in it."""
    return len(descendants(os.getpid())), len(os.listdir("/proc/self/fd"))


def descendants(root: int) -> set[int]:
    """Every process below `root`."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        parent = _parent(entry) if entry.name.isdigit() else None
        if parent is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = set(), [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def _parent(process: Path) -> int | None:
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended while we were looking
    return None if fields[0] == "Z" else int(fields[1])
