"""Readable paths follow from the interpreter that runs us, and the new root hides none of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agentprop.sandbox.inside.mounts import MOUNT_POINTS, mount_point
from agentprop.sandbox.paths import readable_paths


def test_the_interpreter_and_its_environment_are_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/home/ada/venv")
    monkeypatch.setattr(sys, "base_prefix", "/root/python")
    readable, _ = readable_paths(())
    assert {"/home/ada/venv", "/root/python"} <= set(readable)


@pytest.mark.parametrize("prefix", ["/", os.path.expanduser("~"), "/usr/local", "/usr"])
def test_a_prefix_that_would_show_too_much_is_left_out(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "base_prefix", prefix)
    assert prefix not in readable_paths(())[0]


def test_a_package_from_elsewhere_brings_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "far_away.py").write_text("x = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    readable, appended = readable_paths(["far_away", "math", "no_such_package"])
    assert str(tmp_path) in readable and appended == [str(tmp_path)]


def test_the_new_root_is_mounted_where_it_hides_nothing() -> None:
    present = [point for point in MOUNT_POINTS if os.path.isdir(point) and not os.path.islink(point)]
    assert mount_point(["/usr"]) == present[0]
    assert mount_point([f"{present[0]}/venv"]) == present[1]
    with pytest.raises(FileNotFoundError):
        mount_point(MOUNT_POINTS)
