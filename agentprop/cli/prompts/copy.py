"""`agentprop prompts copy DIR [NAME]...`: prompts as files, to be changed and used with `--prompts DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentprop.errors import ConfigError
from agentprop.prompts import names, shipped
from agentprop.storage.durable import disk_errors


def command(
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Directory to write them to.")],
    name: Annotated[list[str] | None, typer.Argument(help="Prompts to copy.", show_default="all")] = None,
) -> None:
    """Copy prompts to a directory, to change them there and use them with --prompts.

    Files that exist are left as they are. Only what differs from agentprop's own text counts as replaced.
    """
    unknown = sorted(set(name or ()) - set(names()))
    if unknown:
        raise ConfigError(f"there is no prompt {unknown[0]}", hint=f"prompts: {', '.join(names())}")
    folder, copied = Path(directory), 0
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for one in name or names():
            path = folder / f"{one}.md"
            if not path.exists():
                path.write_text(shipped(one) + "\n", encoding="utf-8")
                copied += 1
    kept = len(name or names()) - copied
    typer.echo(f"{copied} prompts copied{f', {kept} were there already' if kept else ''}", err=True)
    print(directory)
