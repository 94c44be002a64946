"""Names and one line of help → commands whose modules are imported only if they are invoked.

A command's module has a global `command`: a typer function, or a typer app for a group of commands. It may have an
`epilog`, which is printed below its help.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from agentprop.cli.help import Command, write_options


class Entry(NamedTuple):
    """A command that has not been imported."""

    module: str
    """Its module."""
    help: str
    """One line of help: the first of its docstring."""
    panel: str | None = None
    """Heading that it is listed under."""


class LazyGroup(TyperGroup):
    """A group that lists placeholders, and loads the real command when one of them is resolved."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in self.entries.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_help_panel=entry.panel), name)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the group's own options, and its commands under their headings."""
        write_options(self.get_params(ctx), ctx, formatter)
        for panel in dict.fromkeys(entry.panel for entry in self.entries.values()):
            lines = [(name, entry.help) for name, entry in self.entries.items() if entry.panel == panel]
            with formatter.section(panel or "Commands"):
                formatter.write_dl(lines)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Resolve a command as the base class does, and import its module."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name, self.entries[name].module) if name and name in self.entries else command, rest


def load(name: str, path: str) -> Any:
    """Load the real command of a module."""
    module = import_module(path)
    if isinstance(module.command, typer.Typer):
        return typer.main.get_command(module.command)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    text = _unwrapped(inspect.getdoc(module.command) or "")
    app.command(name, cls=Command, help=text, epilog=getattr(module, "epilog", None))(module.command)
    return typer.main.get_command(app)


def _unwrapped(text: str) -> str:
    """The paragraphs of a docstring as single lines, which a terminal of any width can wrap."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
