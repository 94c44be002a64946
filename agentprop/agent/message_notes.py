"""How a model wrote its messages: how many could be used, what was mended in them, and what was wrong, with a sample.

Every candidate brings its notes, and the run adds them up; what is kept of each kind of fault is its count and the
first sample, so that the sum stays small.

>>> notes = MessageNotes(2, 1, {"fence": 1}, {"malformed:message": MessageFault(1, "no action block", "Hi")})
>>> both = (notes + notes).summary()
>>> both["usable_share"], both["repaired"], both["faults"]["malformed:message"]["count"]
(0.5, {'fence': 2}, 2)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SAMPLE, WORDS = 400, 400
"""Characters of a sample and of a sentence that are kept."""
COMMONEST = 3


@dataclass(frozen=True)
class MessageFault:
    """One kind of fault."""

    count: int
    """How often it was met."""
    words: str
    """The sentence about its first case: the parser's, the contract's, the sandbox's or the server's."""
    sample: str
    """The message of that case, or its beginning."""


@dataclass(frozen=True)
class MessageNotes:
    """Notes on the messages of a conversation, or of many."""

    messages: int = 0
    """Messages that the model wrote."""
    usable: int = 0
    """Messages that held an action."""
    repaired: Mapping[str, int] = field(default_factory=dict)
    """What was mended → number of messages."""
    faults: Mapping[str, MessageFault] = field(default_factory=dict)
    """Kind of fault → its cases: malformed messages, refused submissions, code that failed, requests that failed."""

    def __add__(self, other: MessageNotes) -> MessageNotes:
        faults = dict(self.faults)
        for kind, fault in other.faults.items():
            seen = faults.get(kind)
            faults[kind] = fault if seen is None else replace(seen, count=seen.count + fault.count)
        return MessageNotes(
            self.messages + other.messages,
            self.usable + other.usable,
            dict(Counter(self.repaired) + Counter(other.repaired)),
            faults,
        )

    def heard(self, repairs: tuple[str, ...] = (), *, usable: bool = True) -> MessageNotes:
        """Add a message."""
        repaired = dict(Counter(self.repaired) + Counter(repairs)) if repairs else self.repaired
        return replace(self, messages=self.messages + 1, usable=self.usable + usable, repaired=repaired)

    def with_fault(self, kind: str, words: str, sample: str) -> MessageNotes:
        """Add a fault."""
        return self + MessageNotes(faults={kind: MessageFault(1, words[:WORDS], sample[:SAMPLE])})

    def commonest(self, count: int = COMMONEST) -> list[tuple[str, MessageFault]]:
        """The commonest faults, the most frequent first."""
        return sorted(self.faults.items(), key=lambda item: (-item[1].count, item[0]))[:count]

    def summary(self) -> dict[str, Any]:
        """The part of a summary about these messages."""
        return {
            "messages": self.messages,
            "usable": self.usable,
            "usable_share": round(self.usable / self.messages, 4) if self.messages else None,
            "repaired": dict(sorted(self.repaired.items(), key=lambda item: (-item[1], item[0]))),
            "faults": {
                kind: {"count": fault.count, "words": fault.words, "sample": fault.sample}
                for kind, fault in self.commonest()
            },
        }

    def state(self) -> dict[str, Any]:
        """All of it as JSON values."""
        faults = {kind: [fault.count, fault.words, fault.sample] for kind, fault in self.faults.items()}
        return {
            "messages": self.messages,
            "usable": self.usable,
            "repaired": dict(self.repaired),
            "faults": faults,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> MessageNotes:
        """The notes of a state."""
        faults = {kind: MessageFault(*values) for kind, values in state.get("faults", {}).items()}
        return cls(state.get("messages", 0), state.get("usable", 0), state.get("repaired", {}), faults)
