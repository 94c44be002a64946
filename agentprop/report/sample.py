"""A stream of unknown length → a seeded sample of it that does not depend on the order of the stream.

An item is drawn by the hash of its key: the `size` smallest hashes stay. So a run that was resumed, or verified again,
shows the same items, and memory is bounded by `size`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from heapq import heappush, heappushpop
from typing import Generic, TypeVar

T = TypeVar("T")


def rank(seed: int, key: str) -> int:
    """Place of a key in the random order: 64 bits, the smaller the earlier."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest())


class Sample(Generic[T]):
    """`Sample(2, seed=0)`; `offer("a", 1)`, `offer("b", 2)`, `offer("c", 3)` → two of 1, 2, 3."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed = size, seed
        self.offered = 0
        """Number of items offered."""
        self._heap: list[tuple[int, int, T]] = []

    def offer(self, key: str, item: T) -> None:
        """Offer an item; it stays until `size` others come before it in the random order."""
        self.offered += 1
        entry = (-rank(self.seed, key), self.offered, item)
        if len(self._heap) < self.size:
            heappush(self._heap, entry)
        elif self.size and entry > self._heap[0]:
            heappushpop(self._heap, entry)

    def __iter__(self) -> Iterator[T]:
        """Iterate over the sample, in the order in which it was offered."""
        return (item for _, _, item in sorted(self._heap, key=lambda entry: entry[1]))

    def __len__(self) -> int:
        return len(self._heap)
