"""The commands and their help texts."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from agentprop import __version__
from agentprop.cli import _Commands as Root
from agentprop.cli.lazy import Entry, load
from agentprop.cli.skills import _SkillCommands as Skills
from agentprop.training.rl.algorithms import ALGORITHMS

from .conftest import Run, environment

LEAVES = [(name, entry) for name, entry in Root.entries.items() if name not in ("skills", "prompts")]
LEAVES += [(f"skills {name}", entry) for name, entry in Skills.entries.items()]


@pytest.mark.parametrize(("name", "entry"), LEAVES, ids=[name for name, _ in LEAVES])
def test_the_line_in_the_list_is_the_first_of_the_commands_help(name: str, entry: Entry) -> None:
    assert (inspect.getdoc(import_module(entry.module).command) or "").splitlines()[0] == entry.help


@pytest.mark.parametrize("name", [name for name, _ in LEAVES])
def test_every_command_has_a_help(name: str, agentprop: Run) -> None:
    done = agentprop(*name.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: agentprop {name}" in done.stdout


def test_commands_are_listed_under_headings(agentprop: Run) -> None:
    done = agentprop("--help")
    assert all(name in done.stdout for name in Root.entries)
    assert all(entry.panel and entry.panel in done.stdout for entry in Root.entries.values())


@pytest.mark.parametrize("arguments", [[], ["skills"]])
def test_a_group_alone_prints_its_help(arguments: list[str], agentprop: Run) -> None:
    done = agentprop(*arguments)
    assert done.returncode == 0
    assert "Commands" in done.stdout or "Make problems" in done.stdout


def test_the_version_is_the_packages(agentprop: Run) -> None:
    done = agentprop("--version")
    assert (done.returncode, done.stdout) == (0, f"agentprop {__version__}\n")


def test_help_names_the_settings_that_have_no_flag(agentprop: Run) -> None:
    assert "max_turns (default 16)" in agentprop("propose", "--help").stdout


def test_help_names_every_algorithm(agentprop: Run) -> None:
    shown = agentprop("train-mgpo", "--help").stdout.partition("--algorithm")[2].partition("--steps")[0]
    assert ALGORITHMS.names() and all(name in shown for name in ALGORITHMS.names())


@pytest.mark.parametrize("name", [name for name, _ in LEAVES])
def test_help_names_every_option_whole_on_a_terminal_of_eighty_columns(name: str, agentprop: Run) -> None:
    shown = agentprop(*name.split(), "--help", env={"COLUMNS": "80"}).stdout
    entry = dict(LEAVES)[name]
    options = [one for param in load(name, entry.module).params for one in (*param.opts, *param.secondary_opts)]
    missing = [one for one in options if one.startswith("--") and not re.search(rf"{one}\b(?!-)", shown)]
    assert missing == []
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("show", "Usage: agentprop show [OPTIONS] RUN [ID]"),
        ("verify", "Usage: agentprop verify [OPTIONS] SOURCE..."),
        ("check-models", "Usage: agentprop check-models [OPTIONS] [MODEL...]"),
    ],
)
def test_usage_names_arguments_as_the_documentation_does(command: str, usage: str, agentprop: Run) -> None:
    shown = agentprop(command, "--help").stdout
    assert shown.splitlines()[0] == usage
    assert "default: (" not in shown


def test_a_reader_of_the_help_who_leaves_is_no_failure(proposed: Path) -> None:
    for arguments in ("--help", "propose --help", f"show {proposed}", f"show {proposed} 0"):
        command = f"{sys.executable} -m agentprop {arguments} | true; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), arguments


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device is Linux'")
def test_help_that_cannot_be_written_is_an_error_with_a_hint() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "agentprop", "--help"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("error: standard output cannot be written")


def test_a_terminal_that_says_it_has_no_columns_is_told_everything(proposed: Path, agentprop: Run) -> None:
    shown = agentprop("show", proposed, env={"COLUMNS": "0"}).stdout
    assert "candidates" in shown and "accepted" in shown
