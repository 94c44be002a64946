"""`agentprop skills suite DIR…`: build the tests of families of judged programs, and say how good they are."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from agentprop.cli import options
from agentprop.composition.suite_building import BuiltSuite, build
from agentprop.errors import SkillError
from agentprop.sandbox import Sandbox
from agentprop.skills import read


def command(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR", help="Packages that declare `judged`.")],
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    json: options.Json = False,
) -> None:
    """Build the tests of families of judged programs.

    Wrong programs, changes of the reference and slow programs are run on the inputs that the package generates, and as
    few of these are kept as fail them all. They are written to assets/suite.json of the package.
    """
    with Sandbox(preload=(), allow_weak=allow_weak_sandbox is True) as sandbox:
        for path in paths:
            package, faults = read(path)
            if package is None or faults or package.spec.judged is None:
                why = "; ".join(faults) or "it declares no `judged`"
                raise SkillError(f"{path}: {why}", hint="run `agentprop skills validate` to see every fault")
            built = build(package, sandbox)
            (path / "assets").mkdir(exist_ok=True)
            (path / "assets" / "suite.json").write_text(built.text, encoding="utf-8")
            print(json_.dumps(_row(package.name, built)) if json else _told(package.name, built))


def _row(name: str, built: BuiltSuite) -> dict[str, object]:
    return {"name": name, "tests": built.tests, "pool": built.pool, "settings": list(map(asdict, built.reports))}


def _told(name: str, built: BuiltSuite) -> str:
    lines = [f"{name}: {built.tests} tests of {built.pool} inputs"]
    for one in built.reports:
        setting = ", ".join(f"{key}={value}" for key, value in one.parameters.items()) or "no parameters"
        lines.append(
            f"  {setting}: wrong ideas {one.hand_killed}/{one.hand}, changes {one.mutants_killed}/{one.mutants}, "
            f"{len(one.equivalent)} explained, {one.checked} inputs checked, {one.ticks} ticks"
        )
    return "\n".join(lines)
