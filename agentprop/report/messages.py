"""Summaries of runs → how each proposing model wrote its messages, and what was forecast against what it took.

The summary of `propose` with a language model has `messages`, by model, with `forecast` and `first_forecast`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agentprop.report.text import LABEL, NOTE, clip


@dataclass(frozen=True)
class FaultKind:
    """One of the commonest faults."""

    kind: str
    """Its code."""
    count: int
    """How often it was met."""
    words: str
    """What was said of its first case."""
    sample: str
    """The beginning of that message."""


@dataclass(frozen=True)
class WrittenMessages:
    """Messages of one model in one run."""

    model: str
    """The model."""
    messages: int
    """Messages that it wrote."""
    usable: int
    """Messages that held an action."""
    repaired: Mapping[str, int]
    """What was mended → number of messages."""
    faults: tuple[FaultKind, ...]
    """The commonest faults."""
    forecast: float | None
    """Tokens per accepted problem after the first handful of candidates; None without an accepted one."""
    actual: float | None
    """Tokens per accepted problem in all."""


def written_messages(summaries: Iterable[Mapping[str, Any]]) -> list[WrittenMessages]:
    """Read the entries of summaries; malformed ones are ignored."""
    found = []
    for summary in summaries:
        by_model = summary.get("messages")
        for model, notes in by_model.items() if isinstance(by_model, Mapping) else ():
            if isinstance(notes, Mapping):
                found.append(_entry(str(model), notes, summary))
    return found


def _entry(model: str, notes: Mapping[str, Any], summary: Mapping[str, Any]) -> WrittenMessages:
    faults, repaired = notes.get("faults"), notes.get("repaired")
    kinds = faults.items() if isinstance(faults, Mapping) else ()
    mended = repaired.items() if isinstance(repaired, Mapping) else ()
    return WrittenMessages(
        model=clip(model, LABEL) or "",
        messages=_count(notes.get("messages")),
        usable=_count(notes.get("usable")),
        repaired={str(name): _count(value) for name, value in mended},
        faults=tuple(_fault(str(kind), fault) for kind, fault in kinds if isinstance(fault, Mapping)),
        forecast=_each(summary.get("first_forecast")),
        actual=_each(summary.get("forecast")),
    )


def _fault(kind: str, fault: Mapping[str, Any]) -> FaultKind:
    words, sample = (clip(str(fault.get(key, "")), NOTE) or "" for key in ("words", "sample"))
    return FaultKind(kind, _count(fault.get("count")), words, sample)


def _each(forecast: Any) -> float | None:
    value = forecast.get("tokens_per_accepted") if isinstance(forecast, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0
