"""Plain values ↔ JSON text, by exact type, so that no value can bring code, a subclass or its own `__eq__`.

A value is null, true, false, or a list that begins with a tag: `["i", "-0x1f"]` is -31, `["t", a, b]` is a pair.
Numbers are hexadecimal text, so no digit limit applies and no float is rounded. There are no JSON objects and so no
duplicate keys. Both sides use this file: the child encodes, and the harness decodes without trusting the data.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

MAX_DEPTH = 60
MAX_NODES = 200_000
MAX_HASHED = 5_000
"""Most set members and dict keys in one value: decoding colliding keys costs the square of their number."""
MAX_FRACTION_DIGITS = 16_384
"""Most hexadecimal digits of a numerator or denominator: reducing a fraction costs the square of its length."""


class CodecError(ValueError):
    """A value that cannot be encoded, or text that is not a value."""


class ValueTooLarge(CodecError):
    """A value that is too much, however well formed."""


@dataclass(frozen=True, eq=False)
class Foreign:
    """A value of a type that does not cross: its name, and its plain content if it equals that in Python."""

    kind: str
    """Name of the type."""
    value: object = None
    """What a plain value must equal to equal this one."""
    has_value: bool = False
    """False: nothing plain can be said to equal it, or not to."""


class _Budget:
    def __init__(self, foreign: bool) -> None:
        self.foreign = foreign
        self.nodes = MAX_NODES
        self.hashed = MAX_HASHED

    def spend(self, depth: int, items: int = 1) -> None:
        self.nodes -= items
        if self.nodes < 0:
            raise CodecError(f"more than {MAX_NODES} items")
        if depth > MAX_DEPTH:
            raise CodecError(f"nested deeper than {MAX_DEPTH}")

    def spend_hashed(self, items: int) -> None:
        self.hashed -= items
        if self.hashed < 0:
            raise CodecError(f"more than {MAX_HASHED} set members and keys")


SCALARS: dict[type, Callable[[object], list[object]]] = {
    int: lambda value: ["i", hex(value)],  # type: ignore[arg-type]
    float: lambda value: ["f", value.hex()],  # type: ignore[attr-defined]
    str: lambda value: ["s", value],
    complex: lambda value: ["c", value.real.hex(), value.imag.hex()],  # type: ignore[attr-defined]
    bytes: lambda value: ["b", value.hex()],  # type: ignore[attr-defined]
    Fraction: lambda value: ["q", hex(value.numerator), hex(value.denominator)],  # type: ignore[attr-defined]
}
CONTAINERS: dict[type, str] = {list: "l", tuple: "t", set: "e", frozenset: "z"}


def encode(value: object, *, foreign: bool = False) -> object:
    """A value as JSON-ready lists; raises CodecError for any type but the plain ones, subclasses included.

    With `foreign`, values of other types are named instead: `["o", "Counter", content]` or `["o", "object"]`.
    """
    return _encode(value, 0, _Budget(foreign))


def _encode(value: object, depth: int, budget: _Budget) -> object:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind in SCALARS:
        return SCALARS[kind](value)
    if kind in CONTAINERS:
        budget.spend(depth, len(value))  # type: ignore[arg-type]
        return [CONTAINERS[kind], *[_encode(item, depth + 1, budget) for item in value]]  # type: ignore[attr-defined]
    if kind is dict:
        budget.spend(depth, 2 * len(value))  # type: ignore[arg-type]
        pairs = value.items()  # type: ignore[attr-defined]
        return ["d", *[[_encode(key, depth + 1, budget), _encode(item, depth + 1, budget)] for key, item in pairs]]
    if budget.foreign:
        budget.spend(depth, 1)
        return ["o", kind.__name__[:100], *[_encode(content, depth + 1, budget) for content in plain_content(value)]]
    raise CodecError(f"a value of type {kind.__name__} cannot leave the sandbox")


def plain_content(value: object) -> tuple[object, ...]:
    """The plain value that a value of another type equals in Python, alone in a tuple; empty if there is none."""
    kind = type(value)
    if kind.__module__ == "numpy" and hasattr(value, "item") and getattr(value, "shape", None) == ():
        return (value.item(),)
    if kind in (Counter, OrderedDict, defaultdict):
        return (dict(value),)  # type: ignore[call-overload]
    for plain in (int, float, str, bytes, list, tuple, dict, set, frozenset):
        if issubclass(kind, plain) and kind.__eq__ is plain.__eq__:
            return (_BASES[plain](value),)
    return ()


_BASES: dict[type, Callable[[Any], object]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: lambda value: bytes(bytearray(value)),
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}
"""The plain content of a subclass, past any method of its own."""


def decode(data: object, *, foreign: bool = False) -> object:
    """The value that such lists stand for; raises CodecError for anything else."""
    try:
        return _decode(data, 0, _Budget(foreign))
    except CodecError:
        raise
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as problem:
        raise CodecError(f"malformed value: {problem}") from problem


def _decode(data: object, depth: int, budget: _Budget) -> object:
    if data is None or data is True or data is False:
        return data
    if type(data) is not list or not data or type(data[0]) is not str:
        raise CodecError("malformed value")
    tag, parts = data[0], data[1:]
    budget.spend(depth, 1 + len(parts))
    if tag in _SCALAR_DECODERS:
        return decode_scalar(tag, parts)
    if tag in _CONTAINER_DECODERS:
        if tag in "ez":
            budget.spend_hashed(len(parts))
        return _CONTAINER_DECODERS[tag](_decode(part, depth + 1, budget) for part in parts)
    if tag == "d":
        budget.spend_hashed(len(parts))
        return {_decode(key, depth + 1, budget): _decode(item, depth + 1, budget) for key, item in parts}
    if tag == "o" and budget.foreign and len(parts) in (1, 2) and type(parts[0]) is str:
        content = [_decode(part, depth + 1, budget) for part in parts[1:]]
        return Foreign(parts[0], content[0], True) if content else Foreign(parts[0])
    raise CodecError(f"unknown tag {tag[:20]!r}")


def decode_scalar(tag: str, parts: list[object]) -> object:
    """The number or text of a scalar's parts."""
    if tag not in _SCALAR_DECODERS or not all(type(part) is str for part in parts):
        raise CodecError("malformed value")
    return _SCALAR_DECODERS[tag](*parts)


def _fraction(numerator: str, denominator: str) -> Fraction:
    if max(len(numerator), len(denominator)) > MAX_FRACTION_DIGITS:
        raise CodecError("a fraction too long to reduce")
    return Fraction(int(numerator, 16), int(denominator, 16))


_SCALAR_DECODERS: dict[str, Callable[..., object]] = {
    "i": lambda text: int(text, 16),
    "f": lambda text: float.fromhex(text),
    "s": lambda text: text,
    "c": lambda real, imaginary: complex(float.fromhex(real), float.fromhex(imaginary)),
    "b": lambda text: bytes.fromhex(text),
    "q": _fraction,
}
_CONTAINER_DECODERS: dict[str, Callable[[Iterable[object]], object]] = {"l": list, "t": tuple, "e": set, "z": frozenset}


def _refuse_constant(name: str) -> object:
    raise CodecError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
_encoder = json.JSONEncoder(separators=(",", ":"))


def dump(data: object) -> bytes:
    """Write JSON-ready lists as ASCII text; lone surrogates are kept as escapes."""
    return _encoder.encode(data).encode("ascii")


def load(text: bytes) -> object:
    """Parse JSON text. Raises CodecError for anything malformed, however deep or long."""
    try:
        return _decoder.decode(text.decode("ascii"))
    except CodecError:
        raise
    except (ValueError, RecursionError) as problem:
        raise CodecError(f"malformed frame: {type(problem).__name__}") from problem
