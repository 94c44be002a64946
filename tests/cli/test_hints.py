"""Hints name only what exists: every flag in them is one of the command line's, and of the command that they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agentprop.cli import _Commands as Root
from agentprop.cli.lazy import load
from agentprop.cli.prompts import _PromptCommands as Prompts
from agentprop.cli.settings import ARGUMENTS, resolve
from agentprop.cli.skills import _SkillCommands as Skills
from agentprop.config import STAGES, ExtractConfig
from agentprop.errors import ConfigError

PACKAGE = Path(__file__).parents[2] / "agentprop"
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
COMMAND = re.compile(r"agentprop ((?:skills |prompts )?[a-z-]+)([^`;]*)")
OTHERS = {
    "--force-reinstall": "pip's",
    "--noent": "xmllint's",
    "--tool-call-parser": "vLLM's",
    "--nproc-per-node": "torchrun's",
    "--head": "Ray's",
}
"""Flags of other programs that hints may name."""


@cache
def flags() -> Mapping[str, frozenset[str]]:
    """Command → its flags."""
    found = {name: load(name, entry.module) for name, entry in Root.entries.items()}
    for group, commands in (("skills", Skills), ("prompts", Prompts)):
        found |= {f"{group} {name}": load(name, entry.module) for name, entry in commands.entries.items()}
    return {name: frozenset(_flags(command)) for name, command in found.items()}


def _flags(command: Any) -> Iterator[str]:
    yield from ("--help", "--version")
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)


def hints() -> Iterator[tuple[str, str]]:
    """Yield (place, text) of every hint in the package: arguments, assignments and tables that are called so."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for value in _hints_of(node):
                yield f"{path.relative_to(PACKAGE)}:{value.lineno}", _text(value)


def _hints_of(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.keyword) and node.arg == "hint":
        yield node.value
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(name, ast.Name) and "hint" in name.id.lower() for name in targets):
            yield node.value


def _text(value: ast.expr) -> str:
    """All text of an expression; what is filled in becomes `X`."""
    parts: list[str] = []
    for node in ast.walk(value):
        if isinstance(node, ast.JoinedStr):
            parts.append("".join(str(v.value) if isinstance(v, ast.Constant) else "X" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts.append(node.value)
    return " | ".join(parts)


HINTS = list(hints())


def test_hints_are_found() -> None:
    assert len(HINTS) > 250
    assert len({flag for _, text in HINTS for flag in FLAG.findall(text)}) > 25


def test_every_flag_in_a_hint_exists() -> None:
    known = set().union(*flags().values()) | OTHERS.keys()
    assert [(place, flag) for place, text in HINTS for flag in FLAG.findall(text) if flag not in known] == []


def test_every_command_in_a_hint_exists_and_has_the_flags_that_stand_behind_it() -> None:
    wrong = []
    for place, text in HINTS:
        for name, rest in COMMAND.findall(text):
            known = flags().get(name) or flags().get(name.partition(" ")[0])
            if name != "X" and known is None:
                wrong.append((place, name))
            wrong += [(place, name, flag) for flag in FLAG.findall(rest) if known is not None and flag not in known]
    assert wrong == []


def test_a_setting_that_is_missing_is_given_by_a_flag_or_an_argument_of_its_command() -> None:
    with pytest.raises(ConfigError) as missing:
        resolve(ExtractConfig, environ={}, directory=PACKAGE)
    assert (missing.value.hint or "").startswith("give sources after the command")
    required = {
        (kind.stage, f"--{name.replace('_', '-')}")
        for kind in STAGES.values()
        for name, field in kind.model_fields.items()
        if field.is_required() and name not in ARGUMENTS
    }
    assert [(stage, flag) for stage, flag in sorted(required) if flag not in flags()[stage]] == []


@pytest.mark.parametrize("name", ["propose", "skills show"])
def test_flags_are_those_of_the_command(name: str) -> None:
    assert {"--skills", "--help"} <= flags()[name]
