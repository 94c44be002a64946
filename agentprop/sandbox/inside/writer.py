"""Values of this side → one message of `crossing`."""

from __future__ import annotations

import datetime
import importlib
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import BuiltinFunctionType
from typing import Any

from .codec import SCALARS
from .crossing import DICT_VIEWS, HELPERS, PACKED, TYPES, Side, Uncrossable, is_numeric, is_record, state

MAX_NODES = 2_000_000
MOMENTS: dict[type, Callable[[Any], str]] = {
    datetime.date: lambda value: value.isoformat(),
    datetime.time: lambda value: value.isoformat(),
    datetime.datetime: lambda value: value.isoformat(),
    datetime.timedelta: lambda value: f"{value.days} {value.seconds} {value.microseconds}",
}


class Writer:
    """Writes one message. What the other side handed over in this very exchange goes back by its number."""

    def __init__(self, side: Side, known: Mapping[int, int] | None = None) -> None:
        self.side, self.known = side, known or {}
        self.values: list[Any] = []
        """The values behind the nodes, by number; held, so that no id is used twice."""
        self.numbers: dict[int, int] = {}

    def message(self, *roots: object) -> list[object]:
        """The message of these values, as one tuple."""
        atoms = [self.atom(root) for root in roots]
        return [atoms, self.nodes()]

    def nodes(self) -> list[object]:
        """The nodes of everything referred to so far."""
        nodes: list[object] = []
        while len(nodes) < len(self.values):
            nodes.append(self.node(self.values[len(nodes)]))
            if len(nodes) > MAX_NODES:
                raise Uncrossable(f"more than {MAX_NODES} parts")
        return nodes

    def atom(self, value: Any) -> object:
        """A scalar, or a reference."""
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind in SCALARS:
            return SCALARS[kind](value)
        if id(value) in self.known:
            return ["k", self.known[id(value)]]
        if id(value) in self.numbers:
            return ["r", self.numbers[id(value)]]
        borrowed = self.side.number_of(value)
        if borrowed is not None:
            return ["H", borrowed]
        return self._named(value, kind) or self._by_content(value, kind) or ["h", *self.side.lend(value)]

    def _named(self, value: Any, kind: type) -> list[object] | None:
        """Small values that are no parts of anything, and what has a name everywhere."""
        if kind is Decimal:
            return ["m", str(value)]
        if kind in MOMENTS:
            return ["w", type(value).__name__, MOMENTS[kind](value)]
        if isinstance(value, range):
            return ["R", *(hex(part) for part in (value.start, value.stop, value.step))]
        if kind is type and value in TYPES.values():
            return ["g", "builtins", value.__name__]
        if kind is BuiltinFunctionType and not self.side.trusts_names():
            return _helper(value)
        if is_numeric(value) and type(value).__name__ != "ndarray":
            return ["y", value.dtype.str, self.atom(value.item())]
        return None

    def _by_content(self, value: Any, kind: type) -> list[object] | None:
        if not (kind in WRITERS or is_numeric(value) or is_record(kind) or self.side.class_name(kind)):
            return None
        self.numbers[id(value)] = len(self.values)
        self.values.append(value)
        return ["r", self.numbers[id(value)]]

    def node(self, value: Any) -> list[object]:
        """The content of a value, its parts by reference."""
        kind = type(value)
        if kind in WRITERS:
            return WRITERS[kind](self, value)
        name = self.side.class_name(kind)
        if name is not None:
            return ["x", name, *([key, self.atom(item)] for key, item in state(value))]
        if is_numeric(value):
            return ["a", value.dtype.str, list(value.shape), value.tobytes().hex()]
        return ["N", kind.__name__, list(kind._fields), *map(self.atom, tuple.__iter__(value))]

    def sequence(self, tag: str, value: Any) -> list[object]:
        """A list or tuple; many numbers of one type as one text."""
        if len(value) > 8:
            kind = type(value[0])
            if kind in PACKED and all(type(item) is kind for item in value):
                packed, write, _ = PACKED[kind]
                return [tag + packed, " ".join(map(write, value))]
        return [tag, *map(self.atom, value)]

    def pairs(self, value: Mapping[Any, Any]) -> list[object]:
        """The items of a dict."""
        return [[self.atom(key), self.atom(item)] for key, item in value.items()]


WRITERS: dict[type, Callable[[Writer, Any], list[object]]] = {
    list: lambda writer, value: writer.sequence("l", value),
    tuple: lambda writer, value: writer.sequence("t", value),
    set: lambda writer, value: ["e", *map(writer.atom, value)],
    frozenset: lambda writer, value: ["z", *map(writer.atom, value)],
    dict: lambda writer, value: ["d", *writer.pairs(value)],
    Counter: lambda writer, value: ["C", *writer.pairs(value)],
    OrderedDict: lambda writer, value: ["O", *writer.pairs(value)],
    defaultdict: lambda writer, value: ["D", _factory(writer, value), *writer.pairs(value)],
    deque: lambda writer, value: ["Q", writer.atom(value.maxlen), *map(writer.atom, value)],
    bytearray: lambda writer, value: ["B", value.hex()],
    **dict.fromkeys(DICT_VIEWS, lambda writer, value: ["V", DICT_VIEWS[type(value)], *map(writer.atom, value)]),
}


def _helper(value: Any) -> list[object] | None:
    """The name of a function of the language, which the program's side may look up."""
    module, name = value.__module__, value.__name__
    if module not in HELPERS or getattr(importlib.import_module(module), name, None) is not value:
        return None
    return ["g", module, name]


def _factory(writer: Writer, value: defaultdict[Any, Any]) -> object:
    return None if value.default_factory is None else writer.atom(value.default_factory)
