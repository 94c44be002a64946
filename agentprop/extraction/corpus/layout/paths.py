"""Paths into rows: `question`, `qa.question`, `messages[0].content`; the fields of a row, and the value at a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import methodcaller
from typing import Any

from agentprop.extraction.corpus.layout.shapes import is_chat, unpacked

Path = tuple[str | int, ...]
Getter = Callable[[Mapping[str, Any]], Any]

DEPTH = 4
"""Fields within fields that are looked at."""
WIDTH = 64
"""Fields of one object that are looked at."""
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


def fields(row: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Every field of a row with its path: the values of nested objects, and what lists of one hold, too."""
    for name, value in list(row.items())[:WIDTH]:
        yield from _within((str(name),), value)


def _within(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    value = unpacked(value)
    yield path, value
    if len(path) >= DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in list(value.items())[:WIDTH]:
            yield from _within((*path, str(name)), inner)
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and not is_chat(value):
        for name, inner in list(value[0].items())[:WIDTH]:
            yield from _within((*path, 0, str(name)), inner)


def parsed(text: str) -> Path:
    """The path that a person wrote."""
    return tuple(int(found[1]) if found[1] else found[2] for found in _STEP.finditer(text))


def written(path: Path) -> str:
    """A path as a person writes it; that of a whole row says what it has."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "inputs and outputs"


def getter(path: Path) -> Getter:
    """What takes the value at a path from a row; None where there is none."""
    if len(path) == 1 and isinstance(path[0], str):
        return methodcaller("get", path[0])
    return partial(_value, path)


def _value(path: Path, row: Mapping[str, Any]) -> Any:
    value: Any = row
    for step in path:
        value = unpacked(value)
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is None:
            return None
    return value


def at(path: Path, row: Mapping[str, Any]) -> Any:
    """The value at a path of a row; a field whose very name has dots in it wins."""
    return row[name] if (name := written(path)) in row else _value(path, row)
