"""One message of `crossing` → values of this side."""

from __future__ import annotations

import datetime
import importlib
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from .codec import CodecError, ValueTooLarge, decode_scalar
from .crossing import HELPERS, NUMERIC, PACKED, TYPES, Side


class Reader:
    """Reads one message: first every changeable thing as an empty shell, then the rest, then the shells are filled."""

    def __init__(self, side: Side, message: object, known: list[Any] | None = None) -> None:
        if type(message) is not list or len(message) != 2 or not all(type(part) is list for part in message):
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
            raise ValueTooLarge("a value nested too deeply") from None
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
                return deque(maxlen=self.value(node[1]))
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
                members = set(map(self.value, parts))
                shell.clear()
                shell.update(members)
            case "d" | "C" | "O" | "D":
                if tag == "D":
                    shell.default_factory = self.value(parts.pop(0))
                pairs = {self.value(key): self.value(item) for key, item in parts}
                shell.clear()
                shell.update(pairs)
            case "Q":
                items = list(map(self.value, parts[1:]))
                shell.clear()
                shell.extend(items)
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
    kinds: dict[str, Any] = {"date": datetime.date, "time": datetime.time, "datetime": datetime.datetime}
    return kinds[kind].fromisoformat(text)


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
    return namedtuple(name, fields)


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
