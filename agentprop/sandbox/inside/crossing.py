"""Values ↔ messages between the two processes of a pair: by content if both know the type, by a number otherwise.

A message is `[root, nodes]`. A scalar stands for itself; everything with parts is a node that others refer to by its
number, so shared and cyclic structures arrive as they were. `x = [1]; (x, x)` is `[["r", 0], [["t", ["r", 1],
["r", 1]], ["l", ["i", "0x1"]]]]`.

What has no content that both sides could agree on (a function, an iterator, an object of a class that one side alone
has) stays where it is and is *lent*: the other side gets a number and a stand-in. So whatever is compared is compared
by the side that wants to know, on values it has built itself.
"""

from __future__ import annotations

import builtins
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

DICT_VIEWS: dict[type, str] = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
TYPES: Mapping[str, type] = {
    name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and name not in ("type", "super")
}
"""Types of the language, which may cross by their names."""
HELPERS = ("builtins", "math", "cmath", "operator")
"""Modules whose functions the tests may pass by name."""
PACKED: dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    int: ("i", hex, lambda text: int(text, 16)),
    float: ("f", float.hex, float.fromhex),
}
"""Long lists of one type of number travel as one text."""


class Uncrossable(Exception):
    """A value that can neither cross nor be lent."""


class Side(Protocol):
    """One of the two processes: what it lends, and what it makes of what it is lent."""

    def class_name(self, kind: type) -> str | None:
        """The name under which both sides have this class; None for a class of this side alone."""

    def class_named(self, name: str) -> type:
        """The class of that name. Raises CodecError if there is none."""

    def lend(self, value: object) -> tuple[int, list[object]]:
        """A number for the value, and what the borrower needs to know. Raises Uncrossable."""

    def borrow(self, number: int, about: list[object]) -> object:
        """The stand-in for what the other side lent under this number."""

    def number_of(self, value: object) -> int | None:
        """The number of a stand-in; None for anything else."""

    def lent(self, number: int) -> object:
        """What this side lent under this number. Raises CodecError if there is nothing."""

    def trusts_names(self) -> bool:
        """Whether functions may be named by the other side."""


NUMERIC = "biufcUS"
"""Kinds of numpy's types that cross: numbers, truth values and texts."""


def is_numeric(value: Any) -> bool:
    """Numbers, truth values and texts of numpy, and arrays of them."""
    numpy = sys.modules.get("numpy") if type(value).__module__ == "numpy" else None
    if numpy is None or not isinstance(value, (numpy.generic, numpy.ndarray)):
        return False
    return value.dtype.kind in NUMERIC and value.dtype.char not in "gG"  # long doubles have no other form


def is_record(kind: type) -> bool:
    """A named tuple that compares as a tuple."""
    return issubclass(kind, tuple) and kind.__eq__ is tuple.__eq__ and isinstance(getattr(kind, "_fields", None), tuple)


def state(value: object) -> Iterator[tuple[str, object]]:
    """The attributes of an object, those in slots included."""
    yield from list(getattr(value, "__dict__", {}).items())
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield name, getattr(value, name)


# --- changes in place ---


def snapshot(value: Any) -> Any:
    """The parts of a changeable value, by identity; None for a value that cannot change."""
    kind = type(value)
    if kind in (list, deque):
        return list(value)
    if kind in (dict, Counter, OrderedDict, defaultdict):
        return [part for pair in value.items() for part in pair]
    if kind is set:
        return set(value)
    if kind is bytearray:
        return bytes(value)
    if kind.__name__ == "ndarray" and is_numeric(value):
        return value.tobytes()
    if kind in (tuple, frozenset) or is_record(kind) or kind in DICT_VIEWS:
        return None
    return [part for pair in state(value) for part in pair]


def changed(before: Any, value: Any) -> bool:
    """Whether a value has other parts than at its snapshot."""
    after = snapshot(value)
    if type(after) is not list:
        return bool(after != before)
    return len(after) != len(before) or any(one is not other for one, other in zip(after, before, strict=True))
