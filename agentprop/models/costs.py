"""Tokens → money, by the user's prices, per role and model; and the budget for both.

Money is counted in whole units of 1e-12, so that sums do not depend on the order of the replies. If a price or a count
is unknown, the cost is null and never a guess.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agentprop.errors import BoundReached, ConfigError
from agentprop.models.accounts import Account, Accounts, OwnAccounts
from agentprop.models.chat import Usage
from agentprop.models.failures import ModelFailure
from agentprop.models.settings import ModelSettings

log = logging.getLogger("agentprop")
VARIABLE = re.compile(r"\b(?:[0-9a-f-]{8,}|(?=\w*\d)\w{6,}|[\d.,]+)\b", re.IGNORECASE)
"""Numbers and identifiers, in which the texts of one failure differ."""
PICO = 10**12


@dataclass(frozen=True, slots=True)
class Spend:
    """Spending of an account over all sessions of a run."""

    requests: int = 0
    """Number of replies paid for."""
    prompt_tokens: int = 0
    """Prompt tokens."""
    cached_tokens: int = 0
    """Prompt tokens that the server had cached."""
    completion_tokens: int = 0
    """Generated tokens, reasoning included."""
    reasoning_tokens: int = 0
    """Generated tokens that were reasoning."""
    unmetered: int = 0
    """Number of replies whose tokens the server did not count."""
    cost: float | None = 0.0
    """Money; null if a price or a count is unknown."""

    @property
    def tokens(self) -> int:
        """Number of tokens billed."""
        return self.prompt_tokens + self.completion_tokens

    def each(self, accepted: int) -> Mapping[str, float | None]:
        """Return tokens and money per accepted problem; None without one."""
        if not accepted:
            return {"tokens": None, "cost": None}
        return {"tokens": self.tokens / accepted, "cost": None if self.cost is None else self.cost / accepted}

    def projected(self, done: int, target: int) -> float | None:
        """Project the cost of `target` items from that of the `done` ones; None if it is unknown."""
        return None if self.cost is None or not done else self.cost * target / done


def charge(usage: Usage | None, settings: ModelSettings) -> dict[str, int]:
    """Return the counts that one exchange adds to its account."""
    if usage is None:
        return {"requests": 1, "unmetered": 1, "unpriced": 1}
    cost = cost_pico(usage, settings)
    return {
        "requests": 1,
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        **({"unpriced": 1} if cost is None else {"cost_pico": cost}),
    }


def cost_pico(usage: Usage, settings: ModelSettings) -> int | None:
    """Return the price of a reply in units of 1e-12; None without prices."""
    if settings.price_in is None or settings.price_out is None:
        return None
    cached_price = settings.price_in if settings.price_cached is None else settings.price_cached
    fresh = usage.prompt_tokens - usage.cached_tokens
    return (
        fresh * _per_token(settings.price_in)
        + usage.cached_tokens * _per_token(cached_price)
        + usage.completion_tokens * _per_token(settings.price_out)
    )


def _per_token(price_per_million: float) -> int:
    return round(price_per_million * PICO / 1_000_000)


def spend_of(counts: Mapping[str, int]) -> Spend:
    """Return the totals of one account, or of several added up, as a record."""
    return Spend(
        requests=counts.get("requests", 0),
        prompt_tokens=counts.get("prompt_tokens", 0),
        cached_tokens=counts.get("cached_tokens", 0),
        completion_tokens=counts.get("completion_tokens", 0),
        reasoning_tokens=counts.get("reasoning_tokens", 0),
        unmetered=counts.get("unmetered", 0),
        cost=None if counts.get("unpriced") else counts.get("cost_pico", 0) / PICO,
    )


class HeardStore(Protocol):
    """Storage of servers' words that outlives the process."""

    def hear(self, account: Account, kind: str, pattern: str, text: str) -> None:
        """Store words about a request that was given up."""
        ...


class TotalsStore(Protocol):
    """Storage of totals that outlives the process."""

    def totals(self) -> dict[Account, Counter[str]]:
        """Return the totals of all sessions so far, by account."""
        ...


class Meter:
    """Meter of spending, with a budget."""

    def __init__(
        self,
        store: TotalsStore | None = None,
        *,
        max_cost: float | None = None,
        max_tokens: int | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        self.accounts: Accounts = accounts or OwnAccounts(store.totals() if store else {})
        self._max_pico = None if max_cost is None else round(max_cost * PICO)
        self._max_tokens = max_tokens
        self.words: dict[tuple[Account, str, str], tuple[str, int]] = {}
        """(account, kind, pattern) → a sample of what the server said in this process, and how often."""
        self._uncounted: set[Account] = set()

    @property
    def failures(self) -> Counter[str]:
        """Number of failed attempts in this session by kind, and of requests `given_up`."""
        return self.accounts.failures()

    @property
    def hits(self) -> int:
        """Number of replies in this session that came from the cache."""
        return self.accounts.hits()

    def check_prices(self, models: Iterable[ModelSettings]) -> None:
        """Check that --max-cost can be kept. Raises ConfigError, before anything is spent, if a price is missing."""
        if self._max_pico is None:
            return
        unpriced = sorted({m.identity for m in models if m.price_in is None or m.price_out is None})
        if unpriced:
            raise ConfigError(
                f"--max-cost needs the prices of {', '.join(unpriced)}",
                hint="set price_in and price_out (per million tokens; 0 is a price) under [models.NAME] in "
                "agentprop.toml",
            )

    def add(self, account: Account, counts: Mapping[str, int]) -> None:
        """Add the counts of one exchange to an account."""
        self.accounts.add(account, counts)
        if counts.get("unmetered") and account not in self._uncounted:
            self._uncounted.add(account)
            log.warning("%s does not count tokens, so what it costs is unknown", account[1])

    def heard(self, account: Account, failure: ModelFailure, store: HeardStore | None) -> None:
        """Keep a server's words about a request that was given up, and tell them once for each distinct text."""
        pattern = VARIABLE.sub("#", failure.message)
        key = (account, str(failure.kind), pattern)
        text, count = self.words.get(key, (failure.message, 0))
        self.words[key] = (text, count + 1)
        if store is not None:
            store.hear(account, str(failure.kind), pattern, failure.message)
        if not count:
            log.warning("%s, %s: %s", account[1], failure.kind.replace("_", " "), failure.message)

    def spend(self) -> dict[Account, Spend]:
        """Return the spending by role and model."""
        return {account: spend_of(counts) for account, counts in sorted(self.accounts.totals().items())}

    def total(self) -> Spend:
        """Return the spending of all roles together."""
        return spend_of(self._sum())

    async def admit(self) -> None:
        """Wait until one more request fits the budget. Raises BoundReached if none does any more.

        Requests under way are expected to cost as much as the earlier ones on average. So a bound is overshot by about
        one request, not by all that are under way.
        """
        while self._bounded:
            with self.accounts.exclusive():
                if self._may_begin():
                    self.accounts.add_under_way(1)
                    return
            await self.accounts.wait_for_change()
        self.accounts.add_under_way(1)

    def settle(self) -> None:
        """Count an admitted request as ended, whether it succeeded or failed."""
        self.accounts.add_under_way(-1)

    @property
    def _bounded(self) -> bool:
        return self._max_pico is not None or self._max_tokens is not None

    def _may_begin(self) -> bool:
        """Decide if one more request fits now. If none is under way, one fits as long as no bound is reached."""
        under_way = self.accounts.under_way()  # read first, so that what ends in between counts twice
        counts = self._sum()
        if self._fits(counts, under_way + 1):
            return True
        if under_way:
            return False
        if not self._fits(counts, 0):
            raise BoundReached(self._reached(counts), hint="raise the bound; the same command resumes")
        return True

    def _sum(self) -> Counter[str]:
        return sum(map(Counter, self.accounts.totals().values()), Counter[str]())

    def _fits(self, counts: Mapping[str, int], more: int) -> bool:
        if counts.get("unmetered"):
            raise ConfigError(
                "the server does not count tokens, so --max-tokens and --max-cost cannot be kept",
                hint="drop the bound, or use a server that reports usage",
            )
        requests = counts.get("requests", 0)
        if not requests:
            return more <= 1  # the cost of a request is still unknown, so a single one goes first
        tokens = counts.get("prompt_tokens", 0) + counts.get("completion_tokens", 0)
        return all(
            bound is None or (spent * (1 + more / requests) <= bound if more else spent < bound)
            for spent, bound in ((counts.get("cost_pico", 0), self._max_pico), (tokens, self._max_tokens))
        )

    def _reached(self, counts: Mapping[str, int]) -> str:
        spend = spend_of(counts)
        if self._max_pico is not None and counts.get("cost_pico", 0) >= self._max_pico:
            return f"--max-cost {self._max_pico / PICO:g} is reached: {spend.cost:.4g} spent"
        return f"--max-tokens {self._max_tokens} is reached: {spend.tokens} used"
