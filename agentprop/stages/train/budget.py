"""Stored replies and the bounds of a run → one meter for all models that training asks: verifiers, probers, policy.

    models/verifiers/replies.sqlite      verifier-1, verifier-2, …, auditor
    models/probers/replies.sqlite        prober-0, prober-1, …
    models/policy/replies.sqlite         policy, if its sampler has prices

--max-cost and --max-tokens bound their sum over all sessions. The policy costs nothing in this process; it is metered
where its sampler is a name from agentprop.toml with prices. Of several processes each has an equal share of what is
left of the bounds when the run starts or resumes.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from agentprop.config.parts import Budget
from agentprop.models.accounts import Account, OwnAccounts
from agentprop.models.cache import FILE, ReplyCache
from agentprop.models.costs import Meter, spend_of

VERIFIERS, PROBERS, POLICY = "verifiers", "probers", "policy"
"""Folders of stored replies, by those who gave them."""


def shared_meter(config: Budget, folder: Path, processes: int = 1) -> Meter:
    """Open the meter of one of the processes of a run, with what all sessions have spent so far."""
    totals: dict[Account, Counter[str]] = {}
    for part in (VERIFIERS, PROBERS, POLICY):
        for account, counts in _stored(folder / part / FILE).items():
            totals.setdefault(account, Counter()).update(counts)
    spent = spend_of(sum(totals.values(), Counter[str]()))
    return Meter(
        accounts=OwnAccounts(totals),
        max_cost=None if config.max_cost is None else _share(config.max_cost, spent.cost or 0.0, processes),
        max_tokens=None if config.max_tokens is None else round(_share(config.max_tokens, spent.tokens, processes)),
    )


def _share(bound: float, spent: float, processes: int) -> float:
    """Return the bound of one process: what is spent, and its share of what is left."""
    return bound if processes == 1 else spent + max(0.0, bound - spent) / processes


def _stored(path: Path) -> dict[Account, Counter[str]]:
    if not path.is_file():
        return {}
    cache = ReplyCache(path)
    try:
        return cache.totals()
    finally:
        cache.close()
