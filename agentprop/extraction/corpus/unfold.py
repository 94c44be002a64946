"""Rows that hold several records → the records: `{"context": …, "qas": [{"question": …}, …]}`, SQuAD, DROP.

What the row says besides goes to each of its records, which keep their own fields where both have one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentprop.extraction.corpus.layout.names import asks
from agentprop.extraction.corpus.layout.shapes import is_chat
from agentprop.extraction.corpus.rows import Row

DEPTH = 3
"""Lists within lists that are entered."""


def nesting(rows: Sequence[Row]) -> tuple[str, ...]:
    """The fields that lead to the records inside of rows, outermost first; nothing if the rows are the records."""
    for row in rows:
        if found := _path(row, DEPTH):
            return found
        if any(asks(name) for name in row):
            return ()
    return ()


def _path(row: Mapping[str, Any], depth: int) -> tuple[str, ...]:
    if depth == 0 or any(asks(name) and not _holds_records(value) for name, value in row.items()):
        return ()
    for name, value in row.items():
        if _holds_records(value):
            inner = value[0]
            if any(asks(key) and not _holds_records(field) for key, field in inner.items()):
                return (name,)
            if deeper := _path(inner, depth - 1):
                return (name, *deeper)
    return ()


def _holds_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and not is_chat(value)


def unfolded(row: Row, path: Sequence[str]) -> Iterator[Row]:
    """The records of a row; the row itself if it has none."""
    inner = row.get(path[0]) if path else None
    if not isinstance(inner, list) or not inner:
        yield row
        return
    outer = {name: value for name, value in row.items() if name != path[0]}
    for record in inner:
        if isinstance(record, dict):
            yield from unfolded({**outer, **record}, path[1:])
