"""What both sides of a pair have in common: what they lend, and the classes that both define."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .codec import CodecError
from .crossing import Uncrossable

PROGRAM, TESTS = "solution", "tests"
"""Names of the modules that the sources run as."""
OURS = frozenset((PROGRAM, TESTS, "__main__"))
MAX_LENT = 200_000
"""Objects that one side lends."""
BUILTIN_CONTENT = (int, float, str, bytes, list, tuple, dict, set, frozenset, BaseException, type)


class Lender:
    """The lent objects of one side by number, and its stand-ins for those of the other."""

    def __init__(self) -> None:
        self._lent: list[object] = []
        self._numbers: dict[int, int] = {}
        self._borrowed: dict[int, object] = {}
        self.namespace: Mapping[str, Any] = {}
        self.common: frozenset[str] = frozenset()
        """Names of classes that both sides define: their objects cross by their attributes."""

    def class_name(self, kind: type) -> str | None:
        """The name of a class that both sides define."""
        return kind.__name__ if kind.__name__ in self.common and is_own(kind) else None

    def class_named(self, name: str) -> type:
        """The class of that name. Raises CodecError if there is none."""
        found = self.namespace.get(name) if name in self.common else None
        if found is None or not is_own(found):
            raise CodecError("a class that is not here")
        return found  # type: ignore[no-any-return]

    def lent(self, number: int) -> object:
        """What was lent under a number. Raises CodecError if there is nothing."""
        if not 0 <= number < len(self._lent):
            raise CodecError("nothing was lent under this number")
        return self._lent[number]

    def number(self, value: object) -> int:
        """The number of a value that is lent from now on."""
        if id(value) not in self._numbers:
            if len(self._lent) >= MAX_LENT:
                raise Uncrossable("too many objects")
            self._numbers[id(value)] = len(self._lent)
            self._lent.append(value)
        return self._numbers[id(value)]


def is_own(value: object) -> bool:
    """Whether this is a plain class that one of our sources defines."""
    return type(value) is type and value.__module__ in OURS and not issubclass(value, BUILTIN_CONTENT)
