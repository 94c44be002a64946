"""Refused repeats → the statements that a language model is told to avoid.

A candidate is told what was refused before a fixed place in the order, so that the same run tells it the same again:
candidates are divided into blocks, and a block is told what was known after the block before the last. Blocks double,
up to half of what may be under way, so that a short run is told early and a long one does not wait.

    block        0     1       2        3        4
    candidates   0-7   8-15    16-31    32-63    64-127
    is told of   -     -       0-7      0-15     0-31
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FIRST = 8
"""Candidates of the first block."""
TOLD, CHARACTERS = 3, 300
"""Statements of a category, each of another template, and the most characters of one."""
Statements = Mapping[str, tuple[str, ...]]


def block_end(index: int, largest: int) -> int:
    """The end of the block that a candidate is in; blocks are no larger than `largest`.

    >>> [block_end(i, 768) for i in (0, 8, 16, 40, 1023, 1024, 1800)]
    [8, 16, 32, 64, 1024, 1792, 2560]
    """
    end = FIRST
    while end <= index:
        end += min(end, largest)
    return end


@dataclass
class Avoided:
    """Statements to avoid, by category, as of now and as of the ends of the last blocks."""

    largest: int = 768
    """Candidates of the largest blocks."""
    most: int = TOLD
    """Most statements of a category."""

    now: dict[str, dict[str, str]] = field(default_factory=dict)
    """Category → template → statement, the latest last."""
    closed: list[tuple[int, Statements]] = field(default_factory=list)
    """(end of a block, what was known then), the last three."""

    def add(self, category: str, template: str, statement: str) -> None:
        """Take note of a problem that repeats others."""
        known = self.now.setdefault(category, {})
        if template not in known:
            known[template] = statement[:CHARACTERS]
            for old in list(known)[: -self.most]:
                del known[old]

    def close(self, done: int) -> None:
        """Keep what is known if a block ends after `done` candidates."""
        if done and block_end(done - 1, self.largest) == done:
            known = {category: tuple(statements.values()) for category, statements in self.now.items()}
            self.closed = [*self.closed, (done, known)][-3:]

    def before(self, index: int) -> Statements:
        """What the candidate is told."""
        end = _told_of(index, self.largest)
        return next((known for closed, known in self.closed if closed == end), {})

    def end(self, index: int) -> int:
        """The end of the block of a candidate: what is drawn together is told the same."""
        return block_end(index, self.largest)

    def horizon(self, done: int) -> int:
        """The first candidate that may not be drawn yet after `done` were committed."""
        return block_end(block_end(done, self.largest), self.largest)

    def state(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {"now": self.now, "closed": [[end, dict(known)] for end, known in self.closed]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what a state holds."""
        self.now = {category: dict(known) for category, known in state.get("now", {}).items()}
        self.closed = [(end, {c: tuple(told) for c, told in known.items()}) for end, known in state.get("closed", [])]


def _told_of(index: int, largest: int) -> int:
    """End of the block before the last one, seen from the candidate's block; 0 if there is none."""
    ends = [0, 0, FIRST]
    while ends[-1] <= index:
        ends = [*ends[1:], ends[-1] + min(ends[-1], largest)]
    return ends[0]
