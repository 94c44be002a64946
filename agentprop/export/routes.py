"""How often a policy made a valid problem of each bundle → what the next imitation learns there (`route`).

After reinforcement a policy is imitated again where it is unsure, and taught where it fails (Metis-RISE, arXiv
2506.13056, of which only the summary was at hand: the thresholds are ours). With a of n attempts at a bundle accepted:

    a = 0          teach    trajectories of other proposers, if there are any
    a / n < 0.9    self     its own, each template once, the shortest first, at most four
    else           skip     nothing: it can do this
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Route = Literal["teach", "self", "skip"]
MASTERED = 0.9
"""Share of accepted attempts from which on a bundle is left out."""
OWN = 4
"""Most of its own trajectories for a bundle."""


@dataclass(frozen=True)
class Tried:
    """Trajectory of a bundle."""

    problem: str | None
    """Id of its problem if that was accepted."""
    template: str
    """Template of the problem, by which repeats are known."""
    length: int
    """Characters of its messages."""
    own: bool
    """The policy made it; otherwise another proposer."""


def route(tried: Sequence[Tried]) -> Route | None:
    """Return the route of a bundle; None if the policy never tried it.

    >>> own = [Tried(f"p{i}" if i < 1 else None, "t", 9, True) for i in range(8)]
    >>> route(own), route(own[:1]), route(own[1:]), route([])
    ('self', 'skip', 'teach', None)
    """
    own = [one for one in tried if one.own]
    if not own:
        return None
    accepted = sum(one.problem is not None for one in own)
    if not accepted:
        return "teach"
    return "self" if accepted < MASTERED * len(own) else "skip"


def learnt(tried: Sequence[Tried]) -> list[str]:
    """Return the ids of the problems whose trajectories are imitated for a bundle."""
    taken = route(tried)
    if taken == "teach":
        return [one.problem for one in tried if one.problem is not None and not one.own]
    if taken != "self":
        return []
    shortest: dict[str, str] = {}
    for one in sorted(tried, key=lambda one: one.length):
        if one.own and one.problem is not None:
            shortest.setdefault(one.template or one.problem, one.problem)
    return list(shortest.values())[:OWN]
