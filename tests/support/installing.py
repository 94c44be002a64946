"""A checkout and this interpreter's libraries → virtual environments with agentprop installed, without any network.

The libraries that agentprop needs are lent to a new environment by a path file, which comes after its own packages; so
agentprop itself is always the one installed there. Also a program: `python installing.py VENV` lends.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_CLONED = (".git", ".venv", "venv", "runs", "dist", "__pycache__", "*.pyc", ".*_cache", ".hypothesis")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
"""Keeps pip from looking for anything; the last is 0 because pip reads it as the value of `build isolation`."""


def clone(directory: Path) -> Path:
    """Clone the checkout into a directory."""
    unwanted = shutil.ignore_patterns(*NOT_CLONED)

    def ignore(where: str, names: list[str]) -> set[str]:
        return unwanted(where, names) | {name for name in names if directory.is_relative_to(Path(where, name))}

    return Path(shutil.copytree(ROOT, directory / "agentprop", ignore=ignore))


def lend(environment: Path) -> None:
    """Let an environment import our libraries, and give it a `pytest` command."""
    packages = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    program(environment / "bin" / "pytest", f'exec "{environment.absolute()}/bin/python" -m pytest "$@"')


def program(path: Path, script: str) -> None:
    """A shell script that can be called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def outside(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment variables of somebody who has nothing set up."""
    ours = ("PYTHON", "AGENTPROP_", "VIRTUAL_ENV", "PIP_", "PYTEST_")
    return {key: value for key, value in os.environ.items() if not key.startswith(ours)} | (extra or {})


if __name__ == "__main__":
    lend(Path(sys.argv[1]))
