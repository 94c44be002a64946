"""Names and one line of help → commands whose modules are imported only when they are invoked.

A command's module has a global `command`: a typer function, or a typer app for a group of commands. It may have an
`epilog` that ends its help.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Entry(NamedTuple):
    """A command that has not been imported."""

    module: str
    """Its module."""
    help: str
    """What it does, in a line: the first of its docstring."""
    panel: str | None = None
    """Heading it is listed under."""


class LazyGroup(TyperGroup):
    """A group that lists stand-ins, and puts the real command in place when one of them is resolved."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in self.entries.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_help_panel=entry.panel), name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As the base class, with the module of the command imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name, self.entries[name].module) if name and name in self.entries else command, rest


def load(name: str, path: str) -> Any:
    """The real command of a module."""
    module = import_module(path)
    if isinstance(module.command, typer.Typer):
        return typer.main.get_command(module.command)
    app = typer.Typer(add_completion=False)
    app.command(name, epilog=getattr(module, "epilog", None))(module.command)
    return typer.main.get_command(app)
