"""Rows that hold several records → the records: SQuAD, DROP, and rows of columns.

    {"context": …, "qas": [{"question": …}, …]}          {"question": [a, b], "answer": [c, d]}

What the row says besides goes to each of its records, which keep their own fields where both have one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentprop.extraction.corpus.layout.names import WORD, asks, is_record, likeness
from agentprop.extraction.corpus.layout.shapes import is_chat
from agentprop.extraction.corpus.rows import Row

DEPTH = 3
"""Lists within lists that are entered."""
COLUMNS = ("*",)
"""The way into rows whose fields are columns."""


def nesting(rows: Sequence[Row]) -> tuple[str, ...]:
    """The fields that lead to the records inside of rows, outermost first; nothing if the rows are the records."""
    for row in rows:
        if _is_columns(row):
            return COLUMNS
        if found := _path(row, DEPTH):
            return found
        if any(asks(name) for name in row):
            return ()
    return ()


def _is_columns(row: Mapping[str, Any]) -> bool:
    """Whether a row has a list of questions and a list of as many answers or solutions."""
    questions = [value for name, value in row.items() if asks(name) and _is_column(value)]
    answers = [value for name, value in row.items() if likeness("answer", name) or likeness("solution", name)]
    return any(_is_column(answer) and len(answer) == len(asked) for asked in questions for answer in answers)


def _is_column(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(item, str | int | float) for item in value)


def _path(row: Mapping[str, Any], depth: int) -> tuple[str, ...]:
    if depth == 0 or any(map(_is_whole, row, row.values())):
        return ()
    for name, value in row.items():
        if _holds_objects(value) and not any(likeness(part, name) > WORD for part in ("answer", "options")):
            inner = value[0]
            if is_record(key for key, field in inner.items() if not _holds_objects(field)):
                return (name,)
            if deeper := _path(inner, depth - 1):
                return (name, *deeper)
    return ()


def _is_whole(name: str, value: Any) -> bool:
    """Whether a field shows that its row is a record itself: it asks and is no context of others, or is its format."""
    return bool(likeness("outputformat", name)) or (
        asks(name) and not likeness("context", name) and not _holds_objects(value)
    )


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and not is_chat(value)


def unfolded(row: Row, path: Sequence[str]) -> Iterator[Row]:
    """The records of a row; the row itself if it has none."""
    if path == COLUMNS:
        yield from _columns(row)
        return
    inner = row.get(path[0]) if path else None
    if not isinstance(inner, list) or not inner:
        yield row
        return
    outer = {name: value for name, value in row.items() if name != path[0]}
    for record in inner:
        if isinstance(record, dict):
            yield from unfolded({**outer, **record}, path[1:])


def _columns(row: Row) -> Iterator[Row]:
    """The rows of a row whose lists, all as long as that of the questions, are columns."""
    length = next((len(value) for name, value in row.items() if asks(name) and isinstance(value, list)), 0)
    lists = {name for name, value in row.items() if isinstance(value, list) and len(value) == length}
    if not length:
        yield row
    for place in range(length):
        yield {name: value[place] if name in lists else value for name, value in row.items()}
