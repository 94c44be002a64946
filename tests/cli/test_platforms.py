"""On a system without what Linux has, everything that runs no untrusted code works, and the rest says what to do.

The system is this one with modules and functions taken away from agentprop: no macOS or Windows was at hand. The
libraries below it are loaded before, because they have branches of their own for other systems.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentprop.sandbox.levels import CONTAINER

from .conftest import environment

LACKING = """
import asyncio, builtins, json, multiprocessing.connection, os, platform, select, selectors, shutil, signal
import contextlib, io, sqlite3, subprocess, sys, tempfile
import openai, pyarrow.parquet, pydantic, rich.console, typer

real, hidden = builtins.__import__, {"fcntl", "resource", "termios", "pwd", "grp"}

def importing(name, globals=None, locals=None, fromlist=(), level=0):
    if name in hidden and (globals or {}).get("__name__", "").startswith("agentprop"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return real(name, globals, locals, fromlist, level)

builtins.__import__ = importing
platform.system = lambda: "Windows"
for module, names in (
    (os, "sched_getaffinity sysconf geteuid getuid killpg wait4 memfd_create O_DIRECTORY O_CLOEXEC"),
    (signal, "pthread_sigmask SIGHUP SIGXCPU SIGXFSZ SIGPIPE SIGSYS"),
    (select, "poll epoll"),
):
    for name in names.split():
        delattr(module, name)

from agentprop.cli import main

for arguments in json.loads(sys.argv[1]):
    sys.argv = ["agentprop", *arguments]
    out, err, code = io.StringIO(), io.StringIO(), None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""
COMMANDS = {
    "help": ["--help"],
    "cat": ["cat", "{p}", "--limit", "1"],
    "show": ["show", "{p}"],
    "show one": ["show", "{p}", "0"],
    "export": ["export", "{p}", "--format", "jsonl", "--out", "{tmp}/rows.jsonl"],
    "report": ["report", "{p}", "--out", "{tmp}/report.html"],
    "skills list": ["skills", "list"],
    "dry run": ["propose", "--n", "3", "--out", "{tmp}/run", "--dry-run"],
    "doctor": ["doctor"],
    "skills show": ["skills", "show", "number-theory-crt"],
}


@pytest.fixture(scope="module")
def done(proposed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Command → (exit code, stdout, stderr), all in one process."""
    place = tmp_path_factory.mktemp("elsewhere")
    commands = [[part.format(p=proposed, tmp=place) for part in command] for command in COMMANDS.values()]
    process = [sys.executable, "-c", LACKING, json.dumps(commands)]
    ended = subprocess.run(process, env=environment(), cwd=place, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return dict(zip(COMMANDS, map(json.loads, ended.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "skills show"])
def test_what_runs_no_untrusted_code_works(command: str, done: dict[str, list[Any]]) -> None:
    code, out, err = done[command]
    assert code == 0, err
    assert out or command == "report"


def test_what_runs_code_says_where_it_can_be_run(done: dict[str, list[Any]]) -> None:
    code, _, err = done["skills show"]
    assert code == 1
    assert "isolation needs Linux on x86_64 or aarch64; this is Windows on" in err and f"hint: {CONTAINER}" in err
    assert "this is Windows" in done["doctor"][1] and "{" not in done["doctor"][1]
