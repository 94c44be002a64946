"""`agentprop prompts show [NAME]`: the list of prompts with their fields, or the text of one."""

from __future__ import annotations

import json as json_
from typing import Annotated, Any

import typer

from agentprop.cli import options
from agentprop.errors import ConfigError
from agentprop.prompts import FIELDS, SLOT, Prompts, has_examples, names


def command(
    name: Annotated[str | None, typer.Argument(help="Prompt to print, word for word.", show_default="list all")] = None,
    prompts: options.Prompts = None,
    json: options.Json = False,
) -> None:
    """List the prompts, or print one as it is sent.

    A replaced prompt is marked with a star. Fields stand in braces in the text, and every file must keep them.
    """
    used = Prompts.of(prompts)
    if name is not None:
        _show(name, used, json)
        return
    rows = [_row(one, used) for one in names()]
    if json:
        print(json_.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        mark = "*" if row["replaced"] else " "
        slot = [SLOT] if row["examples"] else []
        fields = " ".join([f"{{{field}}}" for field in row["fields"]] + slot)
        print(f"{mark} {row['name']:24}{row['hash']}  {row['characters']:6,} characters  {fields}".rstrip())


def _row(name: str, used: Prompts) -> dict[str, Any]:
    return {
        "name": name,
        "hash": used.hash(name),
        "characters": len(used(name)),
        "fields": sorted(FIELDS.get(name, ())),
        "examples": has_examples(name),
        "replaced": name in used.texts or f"{name}.examples" in used.texts,
    }


def _show(name: str, used: Prompts, json: bool) -> None:
    if name not in names():
        raise ConfigError(f"there is no prompt {name}", hint=f"prompts: {', '.join(names())}")
    print(json_.dumps({**_row(name, used), "text": used(name)}, ensure_ascii=False) if json else used(name))
