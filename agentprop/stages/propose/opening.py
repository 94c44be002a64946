"""What is owed, what succeeded and what it cost → how many conversations may be open.

With 10 problems owed and 3 of 4 candidates accepted, the share is taken as (3 + 1)/(4 + 2) = 2/3, so 15 more candidates
are wanted. At the start nothing is known: four are opened, one alone if a bound on money or tokens must hold. Later
each accepted problem lets eight more be open, up to what the order of commits allows. Near a bound only as many are
open as it pays for to their end, so that the last of the money does not go into halves of conversations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST = 4
"""Conversations open before any has ended."""
GROWTH = 8
"""Further ones for each accepted problem."""
UNKNOWN, UNLIMITED = 1, 10**9


@dataclass(frozen=True)
class Price:
    """Tokens or money of the conversations that ended, and the bound on them."""

    spent: float
    """By the candidates that were committed, in the unit of the bound."""
    candidates: int
    """Number of those candidates."""
    bound: float
    """The most that the run may spend."""

    def affords(self) -> int:
        """Number of conversations that the rest pays for at the mean price; one if that is unknown.

        >>> Price(spent=9.0, candidates=3, bound=15.0).affords(), Price(0.0, 0, 15.0).affords()
        (2, 1)
        """
        if not self.candidates:
            return UNKNOWN
        if not self.spent:
            return UNLIMITED
        return max(0, math.floor((self.bound - self.spent) / (self.spent / self.candidates) + 1e-9))


def wanted(owed: int, accepted: int, candidates: int, *, most: int, prices: tuple[Price, ...] = ()) -> int:
    """Number of conversations that may be open now.

    `owed` problems are missing; `accepted` of the `candidates` that ended in this session were accepted; `most` may be
    open in any case.

    >>> [wanted(n, 0, 0, most=1536) for n in (1, 1000)]
    [4, 4]
    >>> wanted(997, 3, 4, most=1536), wanted(2, 8, 8, most=1536)
    (28, 3)
    >>> wanted(30, 10, 10, most=1536, prices=(Price(10.0, 10, bound=13.5),))
    3
    """
    share = (accepted + 1) / (candidates + 2)
    needed = max(math.ceil(owed / share), 0 if candidates else FIRST)
    return max(0, min(needed, FIRST + GROWTH * accepted, most, *(price.affords() for price in prices)))
