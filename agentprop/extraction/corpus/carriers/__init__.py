"""Kinds of files, by suffix, and how each becomes rows.

To add a kind, write a module beside these with a `CARRIER` in it and name the module in `OURS`. A package of somebody
else adds one with `register`, or with an entry point in the group `agentprop.carriers` that names a `Carrier`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata

from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import without_compression

__all__ = ["Carrier", "carrier_of", "carriers", "register", "suffixes"]

OURS = (
    "json_lines",
    "json_text",
    "delimited",
    "parquet",
    "arrow",
    "xml",
    "html",
    "prose",
    "tex",
    "pdf",
    "word",
    "yaml_text",
    "toml_text",
)
GROUP = "agentprop.carriers"
_registered: dict[str, Carrier] = {}


def register(carrier: Carrier) -> None:
    """Read the files of these suffixes with this carrier from now on, in this process; it wins over ours."""
    _registered.update(dict.fromkeys(carrier.suffixes, carrier))


def carriers() -> dict[str, Carrier]:
    """Suffix → carrier: ours, those of installed packages, those that were registered, the later over the earlier."""
    return {**_known(), **_registered}


@cache
def _known() -> dict[str, Carrier]:
    ours = [import_module(f"{__name__}.{module}").CARRIER for module in OURS]
    theirs = [entry.load() for entry in metadata.entry_points(group=GROUP)]
    return {suffix: carrier for carrier in (*ours, *theirs) for suffix in carrier.suffixes}


def carrier_of(filename: str) -> Carrier | None:
    """Who reads a file of this name, compressed or not; None for files that nobody reads."""
    name = without_compression(filename.lower())
    known = carriers()
    return next((known[suffix] for suffix in sorted(known, key=len, reverse=True) if name.endswith(suffix)), None)


def suffixes() -> tuple[str, ...]:
    """Suffixes of the files that are read."""
    return tuple(carriers())
