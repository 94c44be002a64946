"""Problem ids → small positions, and columns of numbers by position: what lets a few bytes per problem suffice.

Ids of problems are long and come in any order from several kinds of records; here each is hashed once, and everything
that is known about a problem stands in plain arrays.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator


def number_of(record_id: str) -> int:
    """A record's id as 64 bits: no realistic collision below 10^8 records."""
    return int.from_bytes(hashlib.blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())


class ProblemIndex:
    """The problems that were mentioned, in the order in which they were."""

    def __init__(self) -> None:
        self._positions: dict[int, int] = {}

    def add(self, problem_id: str) -> int:
        """The position of a problem, a new one where it was never mentioned."""
        return self._positions.setdefault(number_of(problem_id), len(self._positions))

    def find(self, problem_id: str) -> int:
        """The position of a problem; -1 where it was never mentioned."""
        return self._positions.get(number_of(problem_id), -1)


class Column:
    """An array of integers that is as long as it has to be; places that were never set hold the default."""

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
