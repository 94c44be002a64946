"""`agentprop skills`: the library, one module per command."""

from __future__ import annotations

from typing import ClassVar

import typer

from agentprop.cli.lazy import Entry, LazyGroup


class _SkillCommands(LazyGroup):
    entries: ClassVar[dict[str, Entry]] = {
        "list": Entry("agentprop.cli.skills.list", "List the packages of the library."),
        "show": Entry("agentprop.cli.skills.show", "Show what a package says, and a problem made with it."),
        "validate": Entry("agentprop.cli.skills.validate", "Find every fault of every package, running each of them."),
        "new": Entry("agentprop.cli.skills.new", "Create a package that works, to be changed into your own."),
    }


command = typer.Typer(cls=_SkillCommands, invoke_without_command=True, add_completion=False)


@command.callback()
def _group(ctx: typer.Context) -> None:
    """List, show, validate and create skill packages."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
