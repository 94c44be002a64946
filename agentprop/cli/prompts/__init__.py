"""`agentprop prompts`: what language models are told, one module per command."""

from __future__ import annotations

from typing import ClassVar

import typer

from agentprop.cli.lazy import Entry, LazyGroup


class _PromptCommands(LazyGroup):
    entries: ClassVar[dict[str, Entry]] = {
        "show": Entry("agentprop.cli.prompts.show", "List the prompts, or print one."),
        "copy": Entry("agentprop.cli.prompts.copy", "Copy prompts to a directory, to change them there."),
    }


command = typer.Typer(cls=_PromptCommands, invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@command.callback()
def _group(ctx: typer.Context) -> None:
    """Show the prompts of language models, or copy them to change."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
