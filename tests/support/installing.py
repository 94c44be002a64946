"""A checkout and this interpreter's libraries → a clone and an environment with agentprop installed, without a network.

The libraries that agentprop needs are lent to a new environment by a path file, which comes after its own packages; so
agentprop itself is always the one installed there. Also a program: `python installing.py VENV` lends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_CLONED = (".git", ".venv", "venv", "runs", "dist", "site", "__pycache__", "*.pyc", ".*_cache", ".hypothesis")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
"""Keeps pip from looking for anything; the last is 0 because pip reads it as the value of `build isolation`."""
JQ = """exec "{python}" -c '
import json, sys
flag, path = sys.argv[1:]
assert flag == "-r" and path.startswith("."), "this stand-in only knows `jq -r .name`"
for line in sys.stdin:
    print(json.loads(line)[path[1:]])
' "$@"
"""
"""Stand-in where jq is not installed."""
PYTHON3 = """"{python}" "$@" || exit
[ "$1 $2" != "-m venv" ] || "{python}" "{lender}" "$3"
"""
"""`python3` that lends our libraries to the environments it creates."""


class Newcomer:
    """Somebody at a terminal in a fresh clone, with python3 and no network."""

    def __init__(self, directory: Path) -> None:
        self.clone, self.tools = directory / "agentprop", directory / "bin"

    def arrive(self) -> None:
        """Clone, and have python3 and jq at hand."""
        clone(self.clone.parent)
        program(self.tools / "python3", PYTHON3.format(python=sys.executable, lender=Path(__file__).resolve()))
        if shutil.which("jq") is None:
            program(self.tools / "jq", JQ.format(python=sys.executable))

    @property
    def python(self) -> Path:
        """The interpreter of the environment that they made."""
        return self.clone / ".venv" / "bin" / "python"

    def run(self, script: str, *, cwd: Path | None = None, **variables: str) -> str:
        """Run a script from the clone; what it printed. Fails with all it said if a command in it fails."""
        environment = outside(OFFLINE | variables)
        environment["PATH"] = f"{self.python.parent}:{self.tools}:{environment['PATH']}"
        command = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(command, cwd=cwd or self.clone, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{script}\n→ exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def newcomer_in(place: Path, first_command: str) -> Newcomer:
    """The clone below `place` in which somebody has run the first command; made once, whoever asks for it first."""
    place.mkdir(parents=True, exist_ok=True)
    found = Newcomer(place)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists():
            shutil.rmtree(found.clone, ignore_errors=True)  # what a failed attempt has left
            found.arrive()
            found.run(first_command)
            (place / "done").touch()
    return found


def clone(directory: Path) -> Path:
    """Clone the checkout into a directory."""
    unwanted = shutil.ignore_patterns(*NOT_CLONED)

    def ignore(where: str, names: list[str]) -> set[str]:
        return unwanted(where, names) | {name for name in names if directory.is_relative_to(Path(where, name))}

    return Path(shutil.copytree(ROOT, directory / "agentprop", ignore=ignore))


def lend(environment: Path) -> None:
    """Let an environment import our libraries, and give it a `pytest` command."""
    packages = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "lent.pth").write_text("".join(f"{path}\n" for path in sys.path if Path(path).name == "site-packages"))
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
