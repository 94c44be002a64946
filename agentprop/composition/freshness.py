"""Structures of earlier problems → which compositions a batch of candidates should rather propose.

Batches are made in parallel, so none knows what those beside it propose. Each therefore prefers a share of all
structures, by their digests, and then the share behind it, and so on round; batches that follow each other have
different shares. Ours.

    >>> old, own, other, failed = bytes(8), bytes(7) + b"\\x05", bytes(7) + b"\\x06", bytes(7) + b"\\x09"
    >>> fresh = Freshness(frozenset([old]), frozenset([failed]), share=1, shares=4)
    >>> [fresh.rank(digest) for digest in (own, other, old, failed)]
    [0, 1, 257, 258]
    >>> Freshness().rank(old)
    0
"""

from __future__ import annotations

from dataclasses import dataclass

TURNED, POSED, FAILED = 256, 257, 258
"""Ranks behind all shares: of a structure that was proposed before, but not with every question for a datum; of one
that was proposed with all of them; and of one of which nothing came."""


@dataclass(frozen=True)
class Freshness:
    """What a batch avoids if it can; nothing unless it is told."""

    known: frozenset[bytes] = frozenset()
    """Digests of structures that were proposed before."""
    failed: frozenset[bytes] = frozenset()
    """Digests of those that were tried lately and of which nothing came."""
    share: int = 0
    """Number of its share."""
    shares: int = 1
    """Number of shares into which structures are divided."""

    @property
    def asks(self) -> bool:
        """True if some structures are better than others."""
        return bool(self.known or self.failed) or self.shares > 1

    def rank(self, digest: bytes) -> int:
        """How far behind its own share that of a new structure is; POSED or FAILED for one that was tried."""
        if digest in self.known:
            return POSED
        if digest in self.failed:
            return FAILED
        return (int.from_bytes(digest[-2:], "big") - self.share) % self.shares


ANY = Freshness()
"""All structures are as welcome."""
