"""A JSON value that holds many records → the records: what pandas, dataset servers and people write.

    {"data": [row, …]}          {"train": [row, …], "test": [row, …]}      {"id1": row, "id2": row, …}
    {"question": [a, b], …}     {"question": {"0": a, "1": b}, …}          [["question", "answer"], [a, b], …]
    {"columns": ["question", …], "data": [[a, …], …]}                      {"train": {"question": [a, b], …}, "test": …}

An object that is none of these is one record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from agentprop.extraction.corpus.layout.names import asks, is_record, split_of
from agentprop.extraction.corpus.layout.shapes import is_chat
from agentprop.extraction.corpus.rows import Bad, Row, Rows, Split, as_row, excerpt

ALIKE = 0.8
"""Share of its keys that a record has in common with the first one."""


def spread(value: Any) -> Iterator[Rows]:
    """The records that a value of the top level holds."""
    if not isinstance(value, dict):
        yield as_row(value, "a value at the top level")
    elif _asks(value):
        yield value
    elif arrays := _arrays(value):
        for name in arrays:
            yield Split(name)
            yield from (as_row(row, "an element") for row in value[name])
    elif _is_split_form(value):
        yield from (dict(zip(value["columns"], cells, strict=False)) for cells in value["data"])
    else:
        yield from _spread_objects(value)


def _asks(value: Mapping[str, Any]) -> bool:
    """Whether an object asks something itself; `"task": "algebra"` beside an array of records is a title."""
    asked = [field for name, field in value.items() if isinstance(field, str) and asks(name)]
    return bool(asked) and (any(len(text.split()) > 3 for text in asked) or not _arrays(value))


def _arrays(value: Mapping[str, Any]) -> list[str]:
    """The arrays that hold records: all of them if they are splits, else those with questions, else the only one."""
    found = [name for name, field in value.items() if _holds_objects(field)]
    if len(found) > 1 and not any(split_of(name) for name in found):
        asking = [name for name in found if _is_record(value[name][0])]
        return asking or (found if len(found) == len(value) else [])
    return found


def _is_record(value: Mapping[str, Any]) -> bool:
    """Whether an object, or one in it, is a record."""
    return any(is_record(one) for one in (value, *(field for field in value.values() if isinstance(field, dict))))


def _holds_objects(field: Any) -> bool:
    return isinstance(field, list) and bool(field) and isinstance(field[0], dict) and not is_chat(field)


def _is_split_form(value: Mapping[str, Any]) -> bool:
    """What pandas writes with orient="split"."""
    names, data = value.get("columns"), value.get("data")
    return isinstance(names, list) and isinstance(data, list) and all(isinstance(cells, list) for cells in data)


def _spread_objects(value: dict[str, Any]) -> Iterator[Rows]:
    """The records of an object of objects."""
    if _is_by_index(value):
        yield from _by_index(value)
    elif value and all(split_of(name) and isinstance(field, dict) for name, field in value.items()):
        for name, split in value.items():
            yield Split(name)
            yield from spread(split)
    elif _is_by_id(value):
        yield from ({"id": name, **row} for name, row in value.items())
    elif inner := [name for name, field in value.items() if isinstance(field, dict) and _is_container(field)]:
        for name in inner:
            yield Split(name)
            yield from spread(value[name])
    else:
        yield from columns(value)


def _is_container(value: Mapping[str, Any]) -> bool:
    if _arrays(value) or any(test(value) for test in (_is_split_form, _is_by_index, _is_by_id)):
        return True
    inner = list(value.values())
    return bool(inner) and all(isinstance(one, dict) and _is_container(one) for one in inner)


def _is_by_index(value: Mapping[str, Any]) -> bool:
    """What pandas writes by default: `{"question": {"0": a, "1": b}}`."""
    columns = list(value.values())
    return (
        len(columns) > 1
        and all(isinstance(column, dict) for column in columns)
        and any(asks(name) and all(isinstance(cell, str) for cell in column.values()) for name, column in value.items())
        and alike(columns)
    )


def _is_by_id(value: Mapping[str, Any]) -> bool:
    """Records of one kind under their ids; two are enough if they hold questions."""
    rows = list(value.values())
    if not all(isinstance(row, dict) for row in rows) or not rows or not alike(rows):
        return False
    return is_record(rows[0]) or (len(rows) > 2 and not all(isinstance(field, dict) for field in rows[0].values()))


def alike(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Whether objects are records of one kind: nearly the same keys."""
    first = set(objects[0])
    return bool(first) and all(len(first & set(one)) >= ALIKE * len(first | set(one)) for one in objects)


def _by_index(value: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    """The rows of columns that hold their cells under the row's number."""
    places = dict.fromkeys(place for column in value.values() for place in column)
    for place in places:
        yield {name: column.get(place) for name, column in value.items()}


def columns(value: dict[str, Any]) -> Iterator[Rows]:
    """Columns of equal length as rows; anything else is one record."""
    lists = {name: field for name, field in value.items() if isinstance(field, list) and field}
    lengths = {len(field) for field in lists.values()}
    if len(lengths) != 1 or not any(map(asks, lists)) or any(is_chat(field) for field in lists.values()):
        yield value
        return
    for cells in zip(*lists.values(), strict=True):
        yield dict(zip(lists, cells, strict=True))


def listed(rows: Iterator[Any]) -> Iterator[Rows]:
    """Arrays whose first one names the columns, or that are chats."""
    names = next(rows)
    if is_chat(names):
        yield from (as_row(row, "an element") for row in chain([names], rows))
        return
    if not all(isinstance(name, str) for name in names) or not any(map(asks, names)):
        yield Bad("not-an-object", "the elements are arrays, and the first one does not name columns", excerpt(names))
        names = None
    for cells in rows:
        if names is None or not isinstance(cells, list) or len(cells) != len(names):
            yield Bad("not-an-object", "an element is not a JSON object", excerpt(cells))
        else:
            yield dict(zip(names, cells, strict=True))
