"""The accepted problems of all parts → those of the whole, in an order that no machine decides.

A part works in rounds, one batch of candidates each. The order is (round, part, index): round 0 of every part, then
round 1. Of equal statements the first one stays, of a template the first few, and mined problems keep within their
share. Only rounds that every part has finished count. What lies behind the cut may still be preceded by rows of a part
that lags behind; what lies before it never will. So more work, on any part, only adds at the end:

    part 0   rounds 0 1 2            cut at round 1: part 1 has finished no further one
    part 1   round  0                merged: 0/0 0/1, to be followed by 1/0 1/1 when part 1 has gone on
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

RESERVE = 0.01
"""Share of problems made beyond those asked for, because the merge refuses some."""
MORE = 1.05
"""Factor on what a short merge asks for, since later rounds bring fewer new problems."""


class Row(NamedTuple):
    """An accepted problem of a part, as far as the merge decides about it."""

    round: int
    """Batch in which it was made, from 0."""
    partition: int
    candidate: int
    """Number of its candidate, unique among all parts."""
    statement: bytes
    """Digest of its statement."""
    template: bytes
    """Digest of its statement with numbers masked."""
    mined: bool = False
    """It composes a mined skill."""
    id: str = ""
    """Id of the problem."""
    segment: int = 0
    """Position of its segment in its part."""


def quota(n: int, partitions: int) -> int:
    """Problems that each part accepts for `n` in all.

    >>> quota(1000, 4), quota(3, 8)
    (253, 1)
    """
    return max(1, math.ceil(n / partitions * (1 + RESERVE)))


def canonical(parts: Sequence[Iterable[Row]], finished: Sequence[int]) -> Iterator[Row]:
    """Yield the rows of all parts in order, up to the lowest round that all have finished; each part is in order."""
    cut = min(finished, default=0)
    ordered = heapq.merge(*parts, key=lambda row: row[:3])
    return takewhile(lambda row: row.round < cut, ordered)


@dataclass
class MergeRules:
    """Decides which rows count, in order. Memory: two digests for each problem kept."""

    max_template_repeats: int
    mined_share: float
    kept: int = 0
    mined: int = 0
    statements: set[bytes] = field(default_factory=set)
    templates: Counter[bytes] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Rows refused, by reason."""

    def take(self, row: Row) -> str | None:
        """Count a row if nothing speaks against it; returns the reason code if something does."""
        code = self._refusal(row)
        if code is not None:
            self.refused[code] += 1
            return code
        self.kept += 1
        self.mined += row.mined
        self.statements.add(row.statement)
        self.templates[row.template] += 1
        return None

    def _refusal(self, row: Row) -> str | None:
        if row.statement in self.statements:
            return "duplicate"
        if self.templates[row.template] >= self.max_template_repeats:
            return "template_repeats"
        if row.mined and self.mined + 1 > self.mined_share * (self.kept + 1):
            return "mined_share"
        return None


def rounds_for(n: int, kept: int, finished: Sequence[int]) -> int:
    """Rounds that every part should finish so that `n` problems are kept; `kept` are, of the rounds all have finished.

    At least one more than the slowest part has; a part that is ahead of that owes nothing.

    >>> rounds_for(100, 80, [4, 5]), rounds_for(100, 0, [0, 2]), rounds_for(100, 0, [3, 3])
    (6, 2, 4)
    """
    cut = min(finished)
    if not kept:
        return max(cut + 1, *finished) if cut == 0 else cut + 1
    return cut + max(1, math.ceil(MORE * (n - kept) * cut / kept))
