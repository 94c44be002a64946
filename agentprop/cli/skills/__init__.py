"""`agentprop skills`: the library of skill packages, one module per command."""

from __future__ import annotations

from typing import ClassVar

import typer

from agentprop.cli.lazy import Entry, LazyGroup


class _SkillCommands(LazyGroup):
    entries: ClassVar[dict[str, Entry]] = {
        "list": Entry("agentprop.cli.skills.list", "List the packages of the library."),
        "show": Entry("agentprop.cli.skills.show", "Show a package, and a problem made with it."),
        "validate": Entry("agentprop.cli.skills.validate", "Check packages and report every fault."),
        "suite": Entry("agentprop.cli.skills.suite", "Build the tests of families of judged programs."),
        "new": Entry("agentprop.cli.skills.new", "Create a small working package to start from."),
    }


command = typer.Typer(cls=_SkillCommands, invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@command.callback()
def _group(ctx: typer.Context) -> None:
    """List, show, validate and create skill packages."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
