"""What the commands of all stages do alike: the settings to try, the one line on stdout, the summary on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from agentprop.config import StageConfig
from agentprop.skills import load


def describe(config: StageConfig) -> None:
    """`--dry-run`: check what can be checked without running, and print the settings as a file that reruns them."""
    skills = getattr(config, "skills", ())
    if hasattr(config, "bundled_skills"):
        from pathlib import Path

        load([Path(path) for path in skills], bundled=config.bundled_skills)
    print(json.dumps(config.model_dump(mode="json"), indent=2, ensure_ascii=False))


def present(summary: Mapping[str, Any], out: str, *, as_json: bool, quiet: bool) -> None:
    """The run directory (or the summary as JSON) on stdout, and the summary for people on stderr."""
    if as_json:
        document = json.dumps({"run": out, **summary}, ensure_ascii=False)
        print(document, file=sys.stderr if out == "-" else sys.stdout)
    elif out != "-":
        print(out)
    if not quiet and not as_json:
        print_summary(summary)


def print_summary(summary: Mapping[str, Any], *, to_stdout: bool = False) -> None:
    """Numbers as a table, nested ones indented under their heading."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for label, value in _lines(summary):
        table.add_row(label, value)
    Console(stderr=not to_stdout, highlight=False).print(table, markup=False)


def _lines(values: Mapping[str, Any], indent: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key, value in values.items():
        label = indent + str(key).replace("_", " ")
        if isinstance(value, Mapping):
            lines += [(label, ""), *_lines(value, indent + "  ")] if value else []
        elif value is not None:
            lines.append((label, _text(value)))
    return lines


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
