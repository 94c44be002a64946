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
import datetime
import importlib
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from types import BuiltinFunctionType
from typing import Any, Protocol

from .codec import SCALARS, CodecError, decode_scalar

MAX_NODES = 2_000_000
MAX_LENT = 200_000
DICT_VIEWS: dict[type, str] = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
MOMENTS: dict[type, Callable[[Any], str]] = {
    datetime.date: lambda value: value.isoformat(),
    datetime.time: lambda value: value.isoformat(),
    datetime.datetime: lambda value: value.isoformat(),
    datetime.timedelta: lambda value: f"{value.days} {value.seconds} {value.microseconds}",
}
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


# --- writing ---


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
            return ["w", kind.__name__, MOMENTS[kind](value)]
        if kind is range:
            return ["R", *(hex(part) for part in (value.start, value.stop, value.step))]
        if kind is type and TYPES.get(value.__name__) is value:
            return ["g", "builtins", value.__name__]
        if kind is BuiltinFunctionType and value.__module__ in HELPERS and not self.side.trusts_names():
            found = getattr(importlib.import_module(value.__module__), value.__name__, None)
            return ["g", value.__module__, value.__name__] if found is value else None
        if _is_numeric(value) and kind.__name__ != "ndarray":
            return ["y", value.dtype.str, self.atom(value.item())]
        return None

    def _by_content(self, value: Any, kind: type) -> list[object] | None:
        if not (kind in WRITERS or _is_numeric(value) or _is_record(kind) or self.side.class_name(kind)):
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
        if _is_numeric(value):
            return ["a", value.dtype.str, list(value.shape), value.tobytes().hex()]
        return ["N", kind.__name__, list(kind._fields), *map(self.atom, tuple.__iter__(value))]  # type: ignore[attr-defined]

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


def _factory(writer: Writer, value: defaultdict[Any, Any]) -> object:
    return None if value.default_factory is None else writer.atom(value.default_factory)


NUMERIC = "biufcUS"
"""Kinds of numpy's types that cross: numbers, truth values and texts."""


def _is_numeric(value: Any) -> bool:
    """Numbers, truth values and texts of numpy, and arrays of them."""
    numpy = sys.modules.get("numpy") if type(value).__module__ == "numpy" else None
    if numpy is None or not isinstance(value, (numpy.generic, numpy.ndarray)):
        return False
    return value.dtype.kind in NUMERIC and value.dtype.char not in "gG"  # long doubles have no other form


def _is_record(kind: type) -> bool:
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


# --- reading ---


class Reader:
    """Reads one message: first every changeable thing as an empty shell, then the rest, then the shells are filled."""

    def __init__(self, side: Side, message: object, known: list[Any] | None = None) -> None:
        if type(message) is not list or len(message) != 2 or type(message[0]) is not list or type(message[1]) is not list:
            raise CodecError("malformed message")
        self.side, self.known = side, known if known is not None else []
        self.roots, self.nodes = message
        self.values: list[Any] = [_UNBUILT] * len(self.nodes)

    def read(self) -> list[Any]:
        """The values of the message."""
        try:
            for number, node in enumerate(self.nodes):
                self.values[number] = self._shell(node)
            roots = [self.value(root) for root in self.roots]
            for number in range(len(self.nodes)):
                self.built(number)
            for late in (False, True):  # an object's hash may need its attributes
                for number, node in enumerate(self.nodes):
                    if (node[0] != "x") is late and node[0] in SHELLS:
                        self.fill(self.values[number], node)
        except CodecError:
            raise
        except RecursionError:
            raise CodecError("nested too deeply") from None
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as problem:
            raise CodecError(f"malformed message: {problem}") from problem
        return roots

    def value(self, atom: Any) -> Any:
        """The value of a scalar or reference."""
        if atom is None or type(atom) in (bool, str):
            return atom
        if type(atom) is not list or not atom or type(atom[0]) is not str:
            raise CodecError("malformed message")
        tag = atom[0]
        match tag:
            case "r":
                return self.built(_index(atom[1], self.nodes))
            case "k":
                return self.known[_index(atom[1], self.known)]
            case "h":
                return self.side.borrow(_number(atom[1]), atom[2])
            case "H":
                return self.side.lent(_number(atom[1]))
            case "g":
                return self._by_name(atom[1], atom[2])
            case "y":
                return _numpy().dtype(_dtype(atom[1])).type(self.value(atom[2]))
        small = _SMALL.get(tag)
        return small(*atom[1:]) if small else decode_scalar(tag, atom[1:])

    def built(self, number: int) -> Any:
        """A node's value; what cannot be changed is made when first asked for."""
        if self.values[number] is _UNBUILT:
            self.values[number] = self._fixed(self.nodes[number])
        return self.values[number]

    def _shell(self, node: Any) -> Any:
        if type(node) is not list or not node or type(node[0]) is not str:
            raise CodecError("malformed message")
        match node[0]:
            case "x":
                kind = self.side.class_named(node[1])
                return object.__new__(kind)
            case "D":
                return defaultdict(None)
            case "Q":
                return deque((), self.value(node[1]))
        return _SHELLS[node[0]]() if node[0] in _SHELLS else _UNBUILT

    def _fixed(self, node: Any) -> Any:
        tag, *parts = node
        match tag:
            case "t" | "z":
                return (tuple if tag == "t" else frozenset)(map(self.value, parts))
            case "ti" | "tf":
                return tuple(_unpacked(tag[1], parts[0]))
            case "N":
                return _record(parts[0], tuple(parts[1]), tuple(map(self.value, parts[2:])))
            case "V":
                return _view(parts[0], list(map(self.value, parts[1:])))
            case "a":
                flat = _numpy().frombuffer(bytes.fromhex(parts[2]), dtype=_dtype(parts[0]))
                return flat.reshape([_number(size) for size in parts[1]]).copy()
        raise CodecError(f"unknown tag {tag[:20]!r}")

    def fill(self, shell: Any, node: list[Any]) -> None:
        """Give an empty or outdated shell the content of a node; other values stay as they are."""
        tag, *parts = node
        match tag:
            case "l":
                shell[:] = map(self.value, parts)
            case "li" | "lf":
                shell[:] = _unpacked(tag[1], parts[0])
            case "e":
                content = set(map(self.value, parts))
                shell.clear()
                shell.update(content)
            case "d" | "C" | "O" | "D":
                if tag == "D":
                    shell.default_factory = self.value(parts.pop(0))
                content = {self.value(key): self.value(item) for key, item in parts}
                shell.clear()
                shell.update(content)
            case "Q":
                content = list(map(self.value, parts[1:]))
                shell.clear()
                shell.extend(content)
            case "B":
                shell[:] = bytes.fromhex(parts[0])
            case "x":
                _set_state(shell, {name: self.value(item) for name, item in parts[1:]})
            case "a":
                shell[...] = self._fixed(node)

    def _by_name(self, module: Any, name: Any) -> Any:
        if module == "builtins" and name in TYPES:
            return TYPES[name]
        if module in HELPERS and self.side.trusts_names():
            return getattr(importlib.import_module(module), str(name))
        raise CodecError(f"{module}.{name} cannot cross")


_UNBUILT = object()
_SHELLS: dict[str, Callable[[], Any]] = {
    **dict.fromkeys(("l", "li", "lf"), list),
    "e": set,
    "d": dict,
    "C": Counter,
    "O": OrderedDict,
    "B": bytearray,
}
SHELLS = frozenset((*_SHELLS, "D", "Q", "x"))
"""Tags of what is made empty and filled later."""


def _moment(kind: str, text: str) -> Any:
    if kind == "timedelta":
        days, seconds, microseconds = map(int, text.split())
        return datetime.timedelta(days, seconds, microseconds)
    return {"date": datetime.date, "time": datetime.time, "datetime": datetime.datetime}[kind].fromisoformat(text)


_SMALL: dict[str, Callable[..., Any]] = {
    "m": Decimal,
    "w": _moment,
    "R": lambda *parts: range(*(int(part, 16) for part in parts)),
}


def _index(number: Any, among: list[Any]) -> int:
    if type(number) is not int or not 0 <= number < len(among):
        raise CodecError("a reference to nothing")
    return number


def _number(number: Any) -> int:
    if type(number) is not int:
        raise CodecError("malformed message")
    return number


def _unpacked(tag: str, text: str) -> list[Any]:
    (read,) = (read for packed, _, read in PACKED.values() if packed == tag)
    return list(map(read, text.split()))


@lru_cache(maxsize=256)
def _record_type(name: str, fields: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple(name, fields)  # type: ignore[misc]


def _record(name: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return _record_type(name, fields)(*values)


def _view(which: str, content: list[Any]) -> Any:
    if which == "keys":
        return dict.fromkeys(content).keys()
    return dict(enumerate(content)).values() if which == "values" else dict(content).items()


def _set_state(value: Any, attributes: dict[str, Any]) -> None:
    if hasattr(value, "__dict__"):
        value.__dict__.clear()
    for name, item in attributes.items():
        object.__setattr__(value, str(name), item)


def _numpy() -> Any:
    return importlib.import_module("numpy")


def _dtype(text: Any) -> str:
    """A type of numbers, truth values or texts; never of objects."""
    if type(text) is not str or text[1:2] not in NUMERIC or not 3 <= len(text) <= 12:
        raise CodecError("an array of something else than numbers")
    return text


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
    if kind.__name__ == "ndarray" and _is_numeric(value):
        return value.tobytes()
    if kind in (tuple, frozenset) or _is_record(kind) or kind in DICT_VIEWS:
        return None
    return [part for pair in state(value) for part in pair]


def changed(before: Any, value: Any) -> bool:
    """Whether a value has other parts than at its snapshot."""
    after = snapshot(value)
    if type(after) is not list:
        return bool(after != before)
    return len(after) != len(before) or any(one is not other for one, other in zip(after, before, strict=True))
