"""What one process of a pair has lent → a stand-in for it in the other.

In the tests' process a stand-in passes on what only asks the program for something: a call, an attribute, an item, a
length. It never lets the program decide a comparison. A stand-in is equal to itself; a subclass of a plain type that
compares as that type is compared here, by its content; about anything else `Undecided` is raised, and the test it
happens in decides nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Undecided(BaseException):
    """A test asked what only the program could answer, and a program may lie."""

    verdict = "undecided"


class Owner(Protocol):
    """The channel to the process that has the object."""

    def do(self, operation: str, *values: object) -> Any:
        """The result of an operation over there; raises what it raised."""

    def undecided(self, why: str) -> Undecided:
        """The exception to raise, noted so that nobody can swallow it."""


class StandIn:
    """An object of the program's process, in the tests' process."""

    __slots__ = ("__weakref__", "_name_", "_number_", "_owner_")
    _owner_: Owner
    _name_: str
    _number_: int

    def __init__(self, owner: Owner, number: int, name: str) -> None:
        for attribute, value in (("_owner_", owner), ("_number_", number), ("_name_", name)):
            object.__setattr__(self, attribute, value)

    # --- what is passed on ---

    def __call__(self, *arguments: object, **named: object) -> Any:
        return self._owner_.do("call", self, arguments, named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__name__", "__doc__", "__qualname__"):
            raise AttributeError(name)
        return self._owner_.do("get", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._owner_.do("set", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._owner_.do("delete", self, name)

    def __getitem__(self, key: object) -> Any:
        return self._owner_.do("item", self, key)

    def __setitem__(self, key: object, value: object) -> None:
        self._owner_.do("set item", self, key, value)

    def __delitem__(self, key: object) -> None:
        self._owner_.do("delete item", self, key)

    def __iter__(self) -> Any:
        return self._owner_.do("iterate", self)

    def __next__(self) -> Any:
        return self._owner_.do("next", self)

    def __enter__(self) -> Any:
        return self._owner_.do("enter", self)

    def __exit__(self, *_: object) -> None:
        self._owner_.do("exit", self)

    def __len__(self) -> int:
        return _of(self._owner_.do("length", self), int)

    def __bool__(self) -> bool:
        return _of(self._owner_.do("truth", self), bool)

    def __str__(self) -> str:
        return _of(self._owner_.do("text", self), str)

    def __repr__(self) -> str:
        return _of(self._owner_.do("representation", self), str)

    def __int__(self) -> int:
        return _of(self._owner_.do("integer", self), int)

    def __float__(self) -> float:
        return _of(self._owner_.do("float", self), float)

    # --- what is decided here, or not at all ---

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if other is None:
            return False
        return bool(_content(self) == _plain(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(_content(self))

    def __contains__(self, item: object) -> bool:
        return item in _content(self)

    @property
    def __class__(self) -> Any:
        return type(_content(self))

    @__class__.setter
    def __class__(self, _: object) -> None:
        raise TypeError("the class of a program's object cannot be changed here")

    def __await__(self) -> Any:
        raise self._owner_.undecided("the program's coroutines cannot be awaited")

    def __reduce_ex__(self, _: object) -> Any:
        raise self._owner_.undecided(f"an object of the program's class {self._name_} cannot be copied")

    def __mro_entries__(self, _: object) -> Any:
        raise self._owner_.undecided(f"the program's class {self._name_} cannot be subclassed")


def _local(operation: Callable[..., Any], turned: bool) -> Callable[[StandIn, Any], Any]:
    def on_content(self: StandIn, other: Any) -> Any:
        sides = (_content(self), _plain(other))
        return operation(*reversed(sides)) if turned else operation(*sides)

    return on_content


for _name in ("lt", "le", "gt", "ge"):
    setattr(StandIn, f"__{_name}__", _local(getattr(operator, _name), False))
for _name in [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
    "matmul",
]:
    for _turned in (False, True):
        setattr(StandIn, f"__{'r' if _turned else ''}{_name.rstrip('_')}__", _local(getattr(operator, _name), _turned))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(StandIn, f"__{_name}__", lambda self, _operation=getattr(operator, _name): _operation(_content(self)))


class ClassStandIn(StandIn):
    """A class of the program's process."""

    __slots__ = ()

    def __instancecheck__(self, value: object) -> bool:
        if isinstance_of(value, StandIn):
            return _of(self._owner_.do("instance", value, self), bool)
        if value is None:
            return False
        raise self._owner_.undecided(f"a value may be of the program's class {self._name_}")

    def __subclasscheck__(self, kind: object) -> bool:
        raise self._owner_.undecided(f"a class may be a subclass of the program's {self._name_}")


def isinstance_of(value: object, kind: type) -> bool:
    """`isinstance` by the real type: a stand-in's `__class__` is not to be asked for."""
    return issubclass(type(value), kind)


def _content(value: StandIn) -> Any:
    """The plain value that an object equals, asked for anew: it may have changed."""
    content = value._owner_.do("content", value)
    if type(content) is tuple and len(content) == 1 and not isinstance_of(content[0], StandIn):
        return content[0]
    raise value._owner_.undecided(f"a test compares an object of the program's class {value._name_}")


def _plain(value: Any) -> Any:
    return _content(value) if isinstance_of(value, StandIn) else value


def _of(value: Any, kind: type[T]) -> T:
    """The value, if it is one of the plain type that Python wants here."""
    if type(value) is not kind:
        raise TypeError(f"a {kind.__name__} was wanted")
    return value


class Borrowed:
    """An object of the tests' process, in the program's process: used as if it were here, but never looked into."""

    __slots__ = ("_borrowed_",)

    def __init__(self, ask: Callable[..., Any], number: int) -> None:
        object.__setattr__(self, "_borrowed_", (ask, number))

    def __call__(self, *arguments: object, **named: object) -> Any:
        return self._borrowed_[0]("call", self, arguments, named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._borrowed_[0]("get", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._borrowed_[0]("set", self, name, value)

    def __hash__(self) -> int:
        return id(self)


SPECIAL = [
    "iter",
    "next",
    "len",
    "bool",
    "str",
    "repr",
    "getitem",
    "setitem",
    "delitem",
    "contains",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "add",
    "radd",
    "sub",
    "rsub",
    "mul",
    "rmul",
    "truediv",
    "mod",
    "neg",
    "abs",
    "int",
    "float",
    "index",
]
"""Special methods that the program may use on what the tests lent it."""


def _special(name: str) -> Callable[..., Any]:
    return lambda self, *arguments: self._borrowed_[0]("special", self, f"__{name}__", arguments)


for _name in SPECIAL:
    setattr(Borrowed, f"__{_name}__", _special(_name))
