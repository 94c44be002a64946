"""The functions behind the heads of trees, read once from heads.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Head:
    """Which functions compute a head."""

    solve: str
    """Function of the exact route."""
    check: str
    """Function of the other route."""
    takes: str = "values"
    """How the arguments are given: `values`, one `list`, functions of free `letters`, or a `curve`."""


def _read() -> dict[str, Head]:
    text = files("agentprop.extraction.mining.question").joinpath("heads.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {name: Head(*entry) for table in tables.values() for name, entry in table.items()}


HEADS = _read()
