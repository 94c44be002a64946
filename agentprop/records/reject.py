"""What went into a stage and did not come out accepted, with the reason."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.records.base import Record


class Reject(Record):
    """Something that went into a stage and did not come out accepted."""

    kind: ClassVar[str] = "reject"
    identity: ClassVar[tuple[str, ...]] = ("stage", "item", "outcome", "code")

    stage: str
    """extract, propose, verify, …"""
    item: str
    """What it was: an id, a document, a candidate index."""
    outcome: Literal["rejected", "failed"]
    """Judged and refused, or not finished for a technical reason."""
    code: str
    """Reason code."""
    message: str = ""
    """The reason in a sentence; below it, where a defect of agentprop's ended the work, the traceback."""
    record: str | None = None
    """The record itself, JSON."""
