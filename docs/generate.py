"""What the code knows → the parts of the documentation that repeat it: tables of settings, quotes of the layers.

`python docs/generate.py` writes them anew; tests compare them with what is there.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agentprop.cli.lazy import load
from agentprop.config import STAGES, StageConfig
from agentprop.models.settings import ModelSettings

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = "docs/settings.md"
QUOTING = ("README.md", "CONTRIBUTING.md", "docs/architecture.md")
"""Pages that quote the table of layers."""
BEGIN, END = "<!-- from here on written by docs/generate.py -->", "<!-- as far as here -->"
QUOTE = re.compile(r"(?<=^```text\n)__main__\n.*?(?=^```$)", re.MULTILINE | re.DOTALL)
ALIASES = {"category": "categories"}
"""Flags that have another name than their setting, because they are given once for each value."""
KINDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "array": "list"}


def tables() -> str:
    """The tables, Markdown."""
    parts = [part for stage, config in STAGES.items() for part in (f"## {stage}", _stage(config))]
    parts += ["## Models", "Settings of a model, in a table `[models.NAME]` of `agentprop.toml`.", _model()]
    return "\n\n".join(parts)


def _stage(config: type[StageConfig]) -> str:
    flags = _flags(config.stage)
    shown = {True: "yes", False: ""}
    rows = (
        [f"`{name}`", flags.get(name, ""), value, default, shown[name in config.outside_identity], meaning]
        for name, value, default, meaning in _fields(config)
    )
    return _table(["setting", "flag", "value", "default", "may change", "meaning"], rows)


def _model() -> str:
    rows = ([f"`{name}`", value, default, meaning] for name, value, default, meaning in _fields(ModelSettings))
    return _table(["setting", "value", "default", "meaning"], rows)


def _flags(stage: str) -> dict[str, str]:
    """Setting → its flag, if the command has one."""
    command = load(stage, f"agentprop.cli.{stage.replace('-', '_')}")
    long = {p.name: next((text for text in p.opts if text.startswith("--")), None) for p in command.params}
    return {ALIASES.get(name, name): f"`{flag}`" for name, flag in long.items() if flag is not None}


def _fields(config: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """(name, what may be given, default, meaning) of each setting, those of the stage itself before shared ones."""
    schema = config.model_json_schema()
    declared = [name for kind in config.__mro__ for name in vars(kind).get("__annotations__", {})]
    for name, field in sorted(config.model_fields.items(), key=lambda item: declared.index(item[0])):
        entry = schema["properties"][name]
        default = (
            "must be given" if field.is_required() else f"`{json.dumps(entry.get('default'), ensure_ascii=False)}`"
        )
        yield name, _value(entry, schema), default, " ".join((field.description or "").split())


def _value(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What may be given, in words."""
    if "$ref" in entry:
        entry = schema["$defs"][entry["$ref"].rpartition("/")[2]]
    if "anyOf" in entry:
        return " or ".join(_value(one, schema) for one in entry["anyOf"] if one.get("type") != "null")
    if "enum" in entry or "const" in entry:
        return ", ".join(f"`{value}`" for value in entry.get("enum", [entry.get("const")]))
    if entry.get("type") == "array":
        return f"list of {_value(entry['items'], schema)}" if "type" in entry.get("items", {}) else "list"
    if entry.get("type") == "object":
        return "table"
    return KINDS.get(entry.get("type", ""), "any") + _range(entry)


def _range(entry: Mapping[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {entry[key]:g}" for key, sign in signs.items() if key in entry]
    return f" {', '.join(bounds)}" if bounds else ""


def _table(head: list[str], rows: Iterator[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def layers() -> str:
    """The table of layers, the top first: a line of names for each."""
    table = tomllib.loads((ROOT / "tests/layers.toml").read_text(encoding="utf-8"))["layers"]
    return "".join(f"{' '.join(names)}\n" for names in table[::-1])


def renewed(page: str) -> str:
    """The text of a page with its generated part as it should be now."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if page in QUOTING:
        return QUOTE.sub(lambda _: layers(), text)
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    for page in (SETTINGS, *QUOTING):
        (ROOT / page).write_text(renewed(page), encoding="utf-8")
