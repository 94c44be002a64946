"""Structures of earlier problems → which compositions a batch of candidates should rather propose.

Batches are made in parallel, so none knows what those beside it propose. Each therefore has a share of all structures,
by their digests, which it prefers, and batches that follow each other have different shares. Ours.

    >>> old, own, other = bytes(8), bytes(7) + b"\\x05", bytes(7) + b"\\x06"
    >>> fresh = Freshness(frozenset([old]), share=1, shares=4)
    >>> [fresh.rank(digest) for digest in (own, other, old)]
    [0, 1, 2]
    >>> Freshness().rank(old)
    0
"""

from __future__ import annotations

from dataclasses import dataclass

POSED = 2
"""Rank of a structure that was proposed before."""


@dataclass(frozen=True)
class Freshness:
    """What a batch avoids if it can; nothing unless it is told."""

    known: frozenset[bytes] = frozenset()
    """Digests of structures that were proposed before."""
    share: int = 0
    """Number of its share."""
    shares: int = 1
    """Number of shares into which structures are divided."""

    @property
    def asks(self) -> bool:
        """True if some structures are better than others."""
        return bool(self.known) or self.shares > 1

    def rank(self, digest: bytes) -> int:
        """0 for a new structure of its own share, 1 for any other new one, 2 for one that was proposed before."""
        if digest in self.known:
            return POSED
        return int(int.from_bytes(digest[-2:], "big") % self.shares != self.share)


ANY = Freshness()
"""All structures are as welcome."""
