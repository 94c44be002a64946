"""Commands as a user runs them: real processes, in an empty directory, without settings from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine is no fault
settings.load_profile("unhurried")

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(**more: str) -> dict[str, str]:
    """The environment without agentprop's own variables."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AGENTPROP_")}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "COLUMNS": "100", "NO_COLOR": "1", **more}


@pytest.fixture
def agentprop(tmp_path: Path) -> Run:
    """`agentprop("propose", "--n", 3)` → the finished process; its directory is `tmp_path`."""

    def run(*arguments: object, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agentprop", *map(str, arguments)]
        options = {"cwd": tmp_path, "text": True, "timeout": 300, **options}
        return subprocess.run(command, env=environment(**(env or {})), capture_output=True, **options)

    return run


@pytest.fixture(scope="session")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished propose run, to be read only."""
    return _stage(tmp_path_factory.mktemp("runs"), "p", "propose", "--n", "12", "--seed", "3", "--workers", "1")


@pytest.fixture(scope="session")
def verified(proposed: Path) -> Path:
    """The verify run of `proposed`, to be read only."""
    return _stage(proposed.parent, "v", "verify", str(proposed), "--workers", "1")


def _stage(directory: Path, out: str, *arguments: str) -> Path:
    command = [sys.executable, "-m", "agentprop", *arguments, "--out", str(directory / out), "--quiet"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return directory / out
