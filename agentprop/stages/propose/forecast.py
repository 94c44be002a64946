"""What the candidates so far took → what all of the problems asked for will take."""

from __future__ import annotations

from typing import Any

from agentprop.agent.message_notes import MessageNotes
from agentprop.stages.propose.ledger import Ledger

PILOT = 8
"""Candidates after which the first forecast is made."""


def forecast(ledger: Ledger, cost: float | None, seconds: float | None) -> dict[str, Any]:
    """Tokens, cost and seconds for `n` problems, by those of the accepted ones; null without one, or without prices.

    `cost` is that of the committed candidates; `seconds` is the time of this session.
    """
    accepted, n = ledger.accepted, ledger.config.n
    tokens = ledger.counts["prompt_tokens"] + ledger.counts["completion_tokens"]
    here = ledger.ended[1]
    return {
        "candidates": ledger.counts["candidates"],
        "accepted": accepted,
        "problems": n,
        "tokens_per_accepted": round(tokens / accepted) if accepted else None,
        "tokens": round(tokens * n / accepted) if accepted else None,
        "cost": cost * n / accepted if accepted and cost is not None else None,
        "seconds": round(seconds * n / here) if here and seconds is not None else None,
    }


def in_words(model: str, notes: MessageNotes, found: dict[str, Any]) -> str:
    """A few lines for a person: how the model writes, its faults, and the forecast."""
    usable = f"{notes.usable} of {notes.messages} messages usable"
    mended = ", ".join(f"{name} {count}" for name, count in notes.summary()["repaired"].items())
    lines = [f"{model}: {found['accepted']} of {found['candidates']} candidates accepted; {usable}"]
    lines += [f"  repaired: {mended}"] if mended else []
    for kind, fault in notes.commonest():
        lines.append(f"  {fault.count} × {kind}: {_line(fault.words)}")
        lines += [f"    in: {_line(fault.sample)}"] if fault.sample else []
    if found["tokens"] is not None:
        cost = "" if found["cost"] is None else f", cost {found['cost']:.4g}"
        time = "" if found["seconds"] is None else f", {_duration(found['seconds'])}"
        lines.append(f"  forecast for {found['problems']} problems: {found['tokens']:,} tokens{cost}{time}")
    return "\n".join(lines)


def _line(text: str, longest: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[:longest]}…"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
