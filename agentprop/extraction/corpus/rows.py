"""What files are turned into before their fields are known: rows, rows that cannot be used, and splits."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Longest line, record or prose file in bytes after decompression; a longer one is an error, never read whole."""

Row = dict[str, Any]


class Bad(NamedTuple):
    """A row that cannot be used."""

    code: str
    message: str
    excerpt: str


class Split(NamedTuple):
    """The rows after it, up to the next one, are of this split."""

    name: str
    """As the file calls it; any name of a part of the file will do."""


Rows = Row | Bad | Split
"""What a carrier yields."""


def as_row(value: Any, what: str) -> Row | Bad:
    """A JSON value as a row; anything but an object, or a list of messages, is none."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and isinstance(value[0], dict) and {"role", "from"} & value[0].keys():
        return {"messages": value}
    return Bad("not-an-object", f"{what} is not a JSON object", excerpt(value))


def excerpt(value: Any) -> str:
    """The beginning of a value, for a person."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text[:200].strip()


def size_of(value: Any) -> int:
    """Bytes of a value, roughly: what it holds in texts, and a little for anything else."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(map(size_of, value.values()))
    return sum(map(size_of, value)) if isinstance(value, list) else 8
