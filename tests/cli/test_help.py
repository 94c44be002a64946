"""The commands and their help texts."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from agentprop import __version__
from agentprop.cli import _Commands as Root
from agentprop.cli.lazy import Entry
from agentprop.cli.skills import _SkillCommands as Skills
from agentprop.training.rl.algorithms import ALGORITHMS

from .conftest import Run

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
