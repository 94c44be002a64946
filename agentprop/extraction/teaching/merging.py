"""Candidates → groups of near-duplicates, the best of each first; few bytes of each are held, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentprop.extraction.teaching.minhash import groups, signature
from agentprop.extraction.teaching.proposals import Proposal


@dataclass(frozen=True)
class Waiting:
    """A candidate that is good enough, as far as merging needs it."""

    offset: int
    """Where the rest of it is in the working file."""
    quality: float
    """r(k)."""
    domain: str
    """Skills of different domains are never merged."""
    signature: bytes
    """MinHash of its text."""
    scripted: bool
    """Whether the teacher wrote a script."""

    @classmethod
    def of(cls, offset: int, quality: float, proposal: Proposal) -> Waiting:
        """What merging needs of a proposal."""
        parts = (
            proposal.name,
            proposal.intent,
            proposal.method,
            proposal.effect,
            proposal.tool,
            proposal.recognition,
        )
        return cls(offset, quality, proposal.domain, signature(" ".join(parts)), proposal.executable is not None)


def merge(waiting: Sequence[Waiting], threshold: float) -> list[list[Waiting]]:
    """Groups of near-duplicates, the best of each first, in the order of their best in the corpus."""
    found: list[list[Waiting]] = []
    for domain in sorted({one.domain for one in waiting}):
        mine = sorted((one for one in waiting if one.domain == domain), key=_precedence)
        found += [[mine[i] for i in group] for group in groups([one.signature for one in mine], threshold)]
    return sorted(found, key=lambda group: group[0].offset)


def _precedence(one: Waiting) -> tuple[float, bool, int]:
    """The best first; of equals the one with a script, then the earlier one."""
    return -one.quality, not one.scripted, one.offset
