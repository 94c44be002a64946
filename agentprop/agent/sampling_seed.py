"""A seed and an index → the seed of a language model's sampling."""

from __future__ import annotations

import hashlib

STRIDE = 1_000_003
"""Indices for which seeds follow each other, so that seed s with index i + STRIDE would meet s + 1 with i."""
_BYTES = 6


def sampling_seed(seed: int, index: int) -> int:
    """The seed with which a model samples for candidate `index`: one of its own for each pair of a seed and an index.

    Below STRIDE it is linear, as in every run so far; from there on it is a hash of both, so that the candidates of
    partitions, and those of long runs, do not repeat those of the next seed.

    >>> sampling_seed(3, 7), sampling_seed(1, 0)
    (3000016, 1000003)
    >>> sampling_seed(0, 1_000_003)
    111470319698661
    """
    if index < STRIDE:
        return seed * STRIDE + index
    return int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:_BYTES])


def draft_seed(seed: int, index: int, draft: int) -> int:
    """The seed of a candidate's draft: that of the candidate for the first one, a hash for each further one.

    >>> draft_seed(3, 7, 0), draft_seed(3, 7, 1) != draft_seed(3, 7, 2)
    (3000016, True)
    """
    if not draft:
        return sampling_seed(seed, index)
    return int.from_bytes(hashlib.sha256(f"{seed}/{index}/draft {draft}".encode()).digest()[:_BYTES])
