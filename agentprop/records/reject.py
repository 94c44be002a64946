"""An input of a stage that was not accepted, with the reason."""

from __future__ import annotations

from typing import ClassVar, Literal

from agentprop.records.base import Record

OF_ATTEMPT = " attempt "
"""Between a problem's id and a number: the item of a reject that is one attempt and not the problem."""


def is_of_attempt(stage: str, item: str) -> bool:
    """Tell whether a reject is about one attempt at a problem: it does not take part in the funnel of problems."""
    return stage in ("probe", "evaluate") and OF_ATTEMPT in item


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
    """The reason in a sentence; below it, where a defect of agentprop's ended the work, the traceback."""
    record: str | None = None
    """The record itself, JSON."""
