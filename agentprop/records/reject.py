"""An input of a stage that was not accepted, with the reason."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.records.base import Record


class Reject(Record):
    """An input of a stage that was not accepted."""

    kind: ClassVar[str] = "reject"
    identity: ClassVar[tuple[str, ...]] = ("stage", "item", "outcome", "code")

    stage: str
    """The stage: extract, propose, verify, …"""
    item: str
    """The input: an id, a document, a candidate number."""
    outcome: Literal["rejected", "failed"]
    """`rejected`: judged and refused; `failed`: not finished for a technical reason."""
    code: str
    """Reason code."""
    message: str = ""
    """The reason in a sentence."""
    record: str | None = None
    """The record itself, JSON."""
