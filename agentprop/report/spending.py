"""Summaries of runs → tokens and cost by stage, role and model, and per good problem; unknown numbers stay null.

The summary of a stage that asks language models has a `spending`, whose `by_role` lists their use under
`<role> <model>`. A run of built-in roles alone has none, and cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from agentprop.report.text import LABEL, clip

WORDS = 400
"""Most characters of a server's words."""


@dataclass(frozen=True)
class ModelSpending:
    """Use of one model by one role in one run."""

    stage: str
    """The stage."""
    role: str
    """The role that asked."""
    model: str
    """The model that answered."""
    requests: int | None
    """Requests that were answered and billed."""
    tokens: int | None
    """Tokens billed, sent and generated."""
    reasoning_tokens: int | None
    """Reasoning tokens among them."""
    cost: float | None
    """Cost in the currency of the configured prices."""


@dataclass(frozen=True)
class Spending:
    """Tokens and cost of all runs."""

    asked: bool
    """Some language model was asked, as far as the runs tell."""
    entries: tuple[ModelSpending, ...]
    """Use by run, role and model."""
    tokens: int | None
    """Tokens of all together; None if a part is unknown."""
    cost: float | None
    """Cost of all together; None if a part is unknown."""
    good: int
    """Good problems: valid, or accepted and not judged."""
    tokens_each: float | None
    """Tokens per good problem."""
    cost_each: float | None
    """Cost per good problem."""
    said: tuple[tuple[str, str, str], ...] = ()
    """(stage, count and kind, the server's words) of requests that were given up, once per distinct text."""


def spending(pairs: Iterable[tuple[str, Mapping[str, Any]]], makers: Iterable[str], good: int) -> Spending:
    """Add up (stage, summary) pairs; `makers` are the makers of all records."""
    summaries = list(pairs)
    entries = tuple(entry for stage, summary in summaries for entry in entries_of(stage, summary))
    asked = bool(entries) or any(maker != "builtin" for maker in makers)
    known = bool(entries) or not asked
    tokens = _total([entry.tokens for entry in entries]) if known else None
    cost = _total([entry.cost for entry in entries]) if known else None
    each = (tokens / good if good and tokens is not None else None, cost / good if good and cost is not None else None)
    return Spending(
        asked, entries, None if tokens is None else int(tokens), cost, good, *each, said=words_of(summaries)
    )


def words_of(summaries: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[tuple[str, str, str], ...]:
    """Read what servers said about requests that were given up; malformed entries are ignored."""
    found = []
    for stage, summary in summaries:
        account = summary.get("spending")
        said = account.get("servers_said") if isinstance(account, Mapping) else None
        for text, counts in said.items() if isinstance(said, Mapping) else ():
            if isinstance(counts, str):
                found.append((stage, clip(counts, WORDS) or "", clip(str(text), WORDS) or ""))
    return tuple(found)


def entries_of(stage: str, summary: Mapping[str, Any]) -> list[ModelSpending]:
    """Read the entries of one summary; malformed ones are ignored."""
    account = summary.get("spending")
    roles = account.get("by_role") if isinstance(account, Mapping) else None
    entries = roles.items() if isinstance(roles, Mapping) else ()
    return [_spent(stage, name, used) for name, used in entries if isinstance(used, Mapping)]


def _spent(stage: str, name: str, used: Mapping[str, Any]) -> ModelSpending:
    role, _, model = (clip(name, LABEL) or "").partition(" ")
    counts = [_count(used.get(key)) for key in ("requests", "tokens", "reasoning_tokens")]
    requests, tokens, reasoning = counts
    return ModelSpending(stage, role, model, requests, tokens, reasoning, _money(used.get("cost")))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _money(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) else None


def _total(values: list[Any]) -> float | None:
    return None if None in values else float(sum(values))
