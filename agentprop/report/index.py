"""Problem ids → small positions, and columns of numbers by position, so that a few bytes per problem suffice.

Ids of problems are long and come in any order from several kinds of records. Each is hashed once here, and all facts
about a problem stand in plain arrays.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator


def number_of(record_id: str) -> int:
    """A record's id as 64 bits, without a likely collision below 10^8 records."""
    return int.from_bytes(hashlib.blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())


class ProblemIndex:
    """Problems in the order in which they were first mentioned."""

    def __init__(self) -> None:
        self._positions: dict[int, int] = {}

    def add(self, problem_id: str) -> int:
        """Position of a problem; a new one if it was never mentioned."""
        return self._positions.setdefault(number_of(problem_id), len(self._positions))

    def find(self, problem_id: str) -> int:
        """Position of a problem; -1 if it was never mentioned."""
        return self._positions.get(number_of(problem_id), -1)


class Column:
    """An array of integers that grows as needed; places that were never set hold the default."""

    def __init__(self, typecode: str, default: int) -> None:
        self._values = array(typecode)
        self._default = default

    def __setitem__(self, position: int, value: int) -> None:
        missing = position + 1 - len(self._values)
        if missing > 0:
            self._values.extend(array(self._values.typecode, [self._default]) * missing)
        self._values[position] = value

    def __getitem__(self, position: int) -> int:
        return self._values[position] if 0 <= position < len(self._values) else self._default

    def __iter__(self) -> Iterator[int]:
        return iter(self._values)
