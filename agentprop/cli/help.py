"""A command's options → its help, under headings, with every name whole at any width of the terminal.

Tables cut names that are wider than their column, and a name that was cut cannot be typed.
"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

ARGUMENTS, OPTIONS = "Arguments", "Options"
HELP = "help"
"""Name of the option that prints this, which comes last under the first heading of options."""


class Command(TyperCommand):
    """A command that prints its help as plain text."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words behind the command's name: options, then arguments as `RUN`, `[ID]` and `SOURCE...`."""
        return ["[OPTIONS]", *(_argument(param) for param in self.get_params(ctx) if _is_argument(param))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options under their headings, in the order in which these first appear."""
        write_options(self.get_params(ctx), ctx, formatter)


def write_options(params: Any, ctx: Any, formatter: Any) -> None:
    """Write arguments and options under their headings."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in sorted(params, key=_rank):
        if (record := param.get_help_record(ctx)) is not None:
            names, text = _plain(*record)
            sections.setdefault(_heading(param), []).append((_argument(param) if _is_argument(param) else names, text))
    for heading, rows in sections.items():
        with formatter.section(heading):
            formatter.write_dl(rows)


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _argument(param: Any) -> str:
    name = (param.metavar or param.name.upper()).strip("[].") + ("..." if param.nargs == -1 else "")
    return name if param.required else f"[{name}]"


def _heading(param: Any) -> str:
    default = ARGUMENTS if _is_argument(param) else OPTIONS
    return getattr(param, "rich_help_panel", None) or default


def _rank(param: Any) -> int:
    """Arguments first, then options without a heading of their own, `--help` last of them, then the others."""
    heading = _heading(param)
    return [ARGUMENTS, OPTIONS].index(heading) + (param.name == HELP) if heading in (ARGUMENTS, OPTIONS) else 3


def _plain(names: str, text: str) -> tuple[str, str]:
    """A default in words without the brackets that it comes in; a list's type as that of its items."""
    names, text = re.sub(r"<list\[(.*)\]>", r"<\1>", names), text.replace("\\[", "[")
    return names, re.sub(r"default: \((.*)\)(?=[];])", r"default: \1", text)
