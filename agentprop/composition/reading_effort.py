"""The work that one statement may take to read: every part of it is read once, and the bounds count characters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from agentprop.composition.terms import Term

MAX_EFFORT = 20_000_000
"""Characters compared with wordings: several times the need of any statement of the grammar, about a second."""
MAX_DEPTH = 16
"""Deepest nesting of phrases and scenes."""
MAX_READINGS = 16
"""Most meanings of one phrase."""


class EffortExceeded(Exception):
    """The text takes more effort than any statement that the writer can write."""


@dataclass
class ReadingEffort:
    """What has been read of a statement, and the effort that it took."""

    cache: dict[object, tuple[Term, ...]] = field(default_factory=dict)
    spent: int = 0
    depth: int = 0

    def once(self, key: object, characters: int, read: Callable[[], Iterator[Term]]) -> tuple[Term, ...]:
        """The meanings of a part of the text, computed once. Raises EffortExceeded."""
        if key not in self.cache:
            self.spend(characters)
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise EffortExceeded
            found = tuple(dict.fromkeys(islice(read(), MAX_READINGS + 1)))
            if len(found) > MAX_READINGS:
                raise EffortExceeded
            self.depth -= 1
            self.cache[key] = found
        return self.cache[key]

    def spend(self, characters: int) -> None:
        """Account for a comparison. Raises EffortExceeded."""
        self.spent += characters
        if self.spent > MAX_EFFORT:
            raise EffortExceeded
