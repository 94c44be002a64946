"""Tokens → money, by the user's prices alone, per role and model, and the bounds on both.

Money is counted in whole units of 1e-12, so that sums do not depend on the order of the replies. Where a price or a
count is unknown the cost is null, never a guess.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agentprop.errors import BoundReached, ConfigError
from agentprop.models.accounts import Account, Accounts, OwnAccounts
from agentprop.models.chat import Usage
from agentprop.models.settings import ModelSettings

PICO = 10**12


@dataclass(frozen=True, slots=True)
class Spend:
    """What an account has used so far, over all sessions of a run."""

    requests: int = 0
    """Replies bought."""
    prompt_tokens: int = 0
    """Tokens sent."""
    cached_tokens: int = 0
    """Those of them that the server had cached."""
    completion_tokens: int = 0
    """Tokens generated, reasoning included."""
    reasoning_tokens: int = 0
    """Those of them that were reasoning."""
    unmetered: int = 0
    """Replies whose tokens the server did not count."""
    cost: float | None = 0.0
    """Money; null where a price or a count is unknown."""

    @property
    def tokens(self) -> int:
        """Tokens billed."""
        return self.prompt_tokens + self.completion_tokens

    def each(self, accepted: int) -> Mapping[str, float | None]:
        """Tokens and money per accepted problem."""
        if not accepted:
            return {"tokens": None, "cost": None}
        return {"tokens": self.tokens / accepted, "cost": None if self.cost is None else self.cost / accepted}

    def projected(self, done: int, target: int) -> float | None:
        """Money when `target` are done, if the rest costs what `done` did."""
        return None if self.cost is None or not done else self.cost * target / done


def charge(usage: Usage | None, settings: ModelSettings) -> dict[str, int]:
    """What one exchange adds to its account."""
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
    """The price of a reply in units of 1e-12; None without prices."""
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
    """The totals of one account, or of several added up, as a record."""
    return Spend(
        requests=counts.get("requests", 0),
        prompt_tokens=counts.get("prompt_tokens", 0),
        cached_tokens=counts.get("cached_tokens", 0),
        completion_tokens=counts.get("completion_tokens", 0),
        reasoning_tokens=counts.get("reasoning_tokens", 0),
        unmetered=counts.get("unmetered", 0),
        cost=None if counts.get("unpriced") else counts.get("cost_pico", 0) / PICO,
    )


class Store(Protocol):
    """Where totals outlive the process."""

    def totals(self) -> dict[Account, Counter[str]]:
        """Of every session so far."""
        ...


class Meter:
    """What has been spent, and whether more may be."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        max_cost: float | None = None,
        max_tokens: int | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        self.accounts: Accounts = accounts or OwnAccounts(store.totals() if store else {})
        self._max_pico = None if max_cost is None else round(max_cost * PICO)
        self._max_tokens = max_tokens

    @property
    def failures(self) -> Counter[str]:
        """Failed attempts of this session by kind, and `given_up`."""
        return self.accounts.failures()

    @property
    def hits(self) -> int:
        """Replies of this session that had been bought before."""
        return self.accounts.hits()

    def check_prices(self, models: Iterable[ModelSettings]) -> None:
        """Raises ConfigError, before anything is spent, where --max-cost could not be kept."""
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
        """Count one exchange."""
        self.accounts.add(account, counts)

    def spend(self) -> dict[Account, Spend]:
        """By role and model."""
        return {account: spend_of(counts) for account, counts in sorted(self.accounts.totals().items())}

    def total(self) -> Spend:
        """Of all roles together."""
        return spend_of(self._sum())

    async def admit(self) -> None:
        """Wait until one more request surely fits the bounds. Raises BoundReached when none does.

        Requests under way are expected to cost what the earlier ones did on average; so a bound is overshot by about
        one request, not by as many as are under way.
        """
        while self._bounded:
            with self.accounts.alone():
                if self._may_begin():
                    self.accounts.move(1)
                    return
            await self.accounts.change()
        self.accounts.move(1)

    def settle(self) -> None:
        """An admitted request ended, well or badly."""
        self.accounts.move(-1)

    @property
    def _bounded(self) -> bool:
        return self._max_pico is not None or self._max_tokens is not None

    def _may_begin(self) -> bool:
        """Whether one more request fits now; where nothing is under way, the last one below a bound does."""
        under_way = self.accounts.under_way()  # first: what ends before the sum is taken counts twice, never not at all
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
            return more <= 1  # what a request costs is not known yet: one alone goes first
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
