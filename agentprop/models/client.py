"""A request → a reply, paid for at most once: cache, budget, queue, retries and accounts around one transport.

A `Channel` leads to one server and is shared by all roles that use it; a `Model` is one role's view of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from agentprop.models import wire
from agentprop.models.batches import BatchTransport
from agentprop.models.cache import ReplyCache, key_of
from agentprop.models.chat import Exchange, Reply, Request, Transport, Usage
from agentprop.models.costs import Meter, charge
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage, all_of
from agentprop.models.limiter import Limiter, RequestSlot
from agentprop.models.retry import RETRIES, Backoff, CircuitBreaker
from agentprop.models.settings import ModelSettings, ServedSettings

PUSH_BACK = frozenset({FailureKind.RATE_LIMIT, FailureKind.TIMEOUT})
"""Failures that mean the server is overloaded; 5xx and lost connections mean that it is broken."""
REFUSALS = frozenset({FailureKind.REJECTED, FailureKind.UNSUPPORTED})
"""Failures of a request for several replies after which they are asked for one by one."""
CHARACTERS_PER_TOKEN = 4
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens")
"""Names of the limit of a reply."""
MOST_AT_ONCE = 1 << 20
"""Requests that may be under way where they are asked in batches."""
MOST_OF_IT = 4
"""A reply limit is the reason why a conversation does not fit if it is at least so many times the prompt."""


@dataclass
class Channel:
    """Connection to one server: its transport, concurrency limit, circuit breaker and back-off."""

    settings: ModelSettings
    transport: Transport
    limiter: Limiter
    breaker: CircuitBreaker
    backoff: Backoff = field(default_factory=Backoff)
    answered: int = 0
    """Number of replies so far, stored ones included."""
    given_up: int = 0
    """Number of requests that were given up."""
    batched: bool = False
    """Requests are asked in batches."""
    last: ModelFailure | None = None
    """The last failure of a request that was given up."""
    honours_n: bool | None = None
    """The server returns several replies for one prompt; None until it is known."""


class AllowanceShare(NamedTuple):
    """Share of one process in the limits of a server that several processes use."""

    number: int = 0
    """Number of the process, from 0."""
    processes: int = 1
    """Number of processes."""

    def of(self, whole: int) -> int:
        """Return this process's part of a limit: at least 1; if the limit is large enough, the parts add up to it."""
        return max(1, whole * (self.number + 1) // self.processes - whole * self.number // self.processes)


def channel_of(settings: ModelSettings, transport: Transport, *, part: AllowanceShare = AllowanceShare()) -> Channel:
    """Open a channel as its settings say, with this process's part of their limits."""
    if isinstance(transport, BatchTransport):
        return _batched_channel(settings, transport)
    limiter = Limiter(
        part.of(settings.max_concurrency),
        rpm=settings.rpm and settings.rpm / part.processes,
        tpm=settings.tpm and settings.tpm / part.processes,
    )
    gone = (lambda: settings.gone) if isinstance(settings, ServedSettings) else (lambda: False)
    breaker = CircuitBreaker(settings.identity, patience_s=settings.patience_s, gone=gone)
    return Channel(settings, transport, limiter, breaker, honours_n=settings.n)


def _batched_channel(settings: ModelSettings, transport: BatchTransport) -> Channel:
    """Open a channel that asks in batches: everything may be under way at once, at the price of a batch."""
    names = ("price_in", "price_out", "price_cached")
    prices = {name: None if (p := getattr(settings, name)) is None else p * settings.batch_price for name in names}
    limiter = Limiter(MOST_AT_ONCE)
    limiter.allowed = float(MOST_AT_ONCE)
    breaker = CircuitBreaker(settings.identity, patience_s=settings.patience_s)
    priced = settings.model_copy(update=prices)
    return Channel(priced, transport, limiter, breaker, honours_n=transport.honours_n, batched=True)


class Model:
    """Model as one role uses it: its own account, and the channel it shares with other roles."""

    def __init__(self, channel: Channel, meter: Meter, *, role: str = "", cache: ReplyCache | None = None) -> None:
        self.channel, self.meter, self.cache = channel, meter, cache
        self.settings = channel.settings.for_role(role)
        self.account = (role, channel.settings.identity)
        self._under_way: dict[bytes, asyncio.Future[Exchange]] = {}

    @property
    def identity(self) -> str:
        """Name and address of the model, the same in every session."""
        return self.channel.settings.identity

    @property
    def batch_window(self) -> int:
        """Requests that are worth having under way, because they are asked in batches; 0 if they are not."""
        return self.channel.settings.batch_size if self.channel.batched else 0

    async def reply(self, request: Request) -> Reply:
        """Answer with `request.n` choices, even if the server ignores or refuses n."""
        if request.n == 1:
            return await self._one(request)
        if self.channel.honours_n is False:
            return _combined(await self._each(request, 0))
        first = await self._several(request)
        missing = request.n - len(first.choices)
        return first if missing <= 0 else _combined([first, *await self._each(request, len(first.choices))])

    async def aclose(self) -> None:
        """Close connections."""
        await self.channel.transport.aclose()

    # --- n ---

    async def _several(self, request: Request) -> Reply:
        """Ask for all choices in one request, and note if the server ignores n or refuses it."""
        try:
            reply = await self._one(request)
        except ModelFailure as failure:
            if failure.kind not in REFUSALS or self.channel.honours_n:
                raise
            self.channel.honours_n = False
            return await self._one(_nth(request, 0))
        self.channel.honours_n = len(reply.choices) + reply.withheld >= request.n
        return reply

    async def _each(self, request: Request, start: int) -> list[Reply]:
        """Ask for the choices from `start` on, each in a request of its own."""
        return await all_of(self._one(_nth(request, i)) for i in range(start, request.n))

    # --- one request ---

    async def _one(self, request: Request) -> Reply:
        body = wire.body_of(request, self.settings)
        if self.cache is None:
            return await self._ask(body, request, None)
        key = key_of(wire.canonical(body, self.identity, request.sample))
        stored = self.cache.get(key)
        while stored is None and key in self._under_way:  # of many that wait for one that failed, one asks again
            stored = await self._wait_for(key)
        if stored is not None:
            found = _reread(stored)
            if found is not None:
                self.meter.accounts.add_hit()
                self.channel.answered += 1
                return found
            self.cache.forget(key)
        return await self._ask_first(key, body, request)

    async def _wait_for(self, key: bytes) -> bytes | None:
        """Wait for an equal request that is under way and return its response; None if it failed."""
        await asyncio.wait([self._under_way[key]])
        assert self.cache is not None  # only cached requests have keys
        return self.cache.get(key)

    async def _ask_first(self, key: bytes, body: Mapping[str, Any], request: Request) -> Reply:
        done = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._ask(body, request, key)
        finally:
            del self._under_way[key]
            done.cancel()

    async def _ask(self, body: Mapping[str, Any], request: Request, key: bytes | None) -> Reply:
        """Try until a reply has arrived and is stored."""
        failures: Counter[FailureKind] = Counter()
        while True:
            self.channel.breaker.check()
            await self.meter.admit()
            try:
                reply = await self._attempt(body, request, key)
                return replace(reply, attempts=failures.total() + 1) if failures else reply
            except ModelFailure as failure:
                if failure.usage is not None:
                    await self._charge(failure.usage, None, b"")
                failures[failure.kind] += 1
                wait_s = self._wait_after(failure, failures, _limit(body, request))
            finally:
                self.meter.settle()
            await asyncio.sleep(wait_s)

    async def _attempt(self, body: Mapping[str, Any], request: Request, key: bytes | None) -> Reply:
        """Try once. The slot is held until the reply is on disk: a kill loses no more replies than there are slots."""
        channel = self.channel
        estimate = _estimate(request, body)
        async with channel.limiter.slot(estimate) as slot:
            channel.breaker.check()
            started = time.perf_counter()
            try:
                exchange = await self._post(body, request, key)
                reply = wire.read(exchange)
            except ModelFailure as failure:
                self._failed(failure, slot)
                raise
            channel.limiter.succeeded()
            channel.breaker.succeeded()
            channel.answered += 1
            reply = replace(reply, duration_s=time.perf_counter() - started)
            await self._charge(reply.usage, key, exchange.body)
        if reply.usage is not None:
            channel.limiter.correct_tokens(reply.usage.total - estimate)
        return reply

    async def _post(self, body: Mapping[str, Any], request: Request, key: bytes | None) -> Exchange:
        transport = self.channel.transport
        if isinstance(transport, BatchTransport):
            return await transport.post_keyed(body, key or key_of(wire.canonical(body, self.identity, request.sample)))
        return await transport.post(body)

    def _failed(self, failure: ModelFailure, slot: RequestSlot) -> None:
        self.meter.accounts.add_failure(failure.kind)
        limiter = self.channel.limiter
        if failure.kind in PUSH_BACK:
            limiter.pushed_back(slot.round, failure.retry_after_s)
        elif failure.retry_after_s:
            limiter.pause(failure.retry_after_s)
        try:
            self.channel.breaker.failed(failure)
        except ModelOutage:
            self._note(failure)
            raise

    def _note(self, failure: ModelFailure) -> None:
        """Keep the server's words about a request that is given up."""
        self.channel.given_up += 1
        self.channel.last = failure
        self.meter.heard(self.account, failure, self.cache)

    def _wait_after(self, failure: ModelFailure, failures: Counter[FailureKind], limit: int | None) -> float:
        """Return the seconds until the next attempt. Raises the failure, or an outage, if the request is given up."""
        if failures[failure.kind] <= RETRIES.get(failure.kind, 0):
            return self.channel.backoff.wait_s(failures.total(), failure.retry_after_s)
        self.meter.accounts.add_failure("given_up")
        failure.attempts = failures.total()
        self._note(failure)
        self.channel.breaker.lost(failure, limit=limit)
        raise failure

    async def _charge(self, usage: Usage | None, key: bytes | None, body: bytes) -> None:
        """Add the cost to the totals and store the response on disk. Even a cancelled request pays for its reply."""
        counts = charge(usage, self.channel.settings)
        self.meter.add(self.account, counts)
        if self.cache is not None:
            await self.cache.put(self.account, counts, key=key, body=body)


def _nth(request: Request, i: int) -> Request:
    """Return the i-th of n single requests, with its own sample number, and its own seed if the request has one."""
    seed = request.sampling.seed
    sampling = request.sampling if seed is None else replace(request.sampling, seed=seed + i)
    return replace(request, n=1, sample=request.sample + i, sampling=sampling)


def _combined(replies: list[Reply]) -> Reply:
    """Combine several replies into one; the prompt counts once per request, as it was paid for."""
    usages = [reply.usage for reply in replies if reply.usage is not None]
    usage = Usage(
        sum(u.prompt_tokens for u in usages),
        sum(u.completion_tokens for u in usages),
        sum(u.reasoning_tokens for u in usages),
        sum(u.cached_tokens for u in usages),
    )
    return replace(
        replies[0],
        choices=tuple(choice for reply in replies for choice in reply.choices),
        usage=usage if len(usages) == len(replies) else None,
        cached=all(reply.cached for reply in replies),
        attempts=sum(reply.attempts for reply in replies),
        duration_s=max(reply.duration_s for reply in replies),
    )


def _reread(stored: bytes) -> Reply | None:
    """Return a stored reply; None if it is none by today's rules, so that it is asked for again."""
    try:
        return replace(wire.read(Exchange(stored)), cached=True)
    except ModelFailure:
        return None


def _estimate(request: Request, body: Mapping[str, Any]) -> int:
    """Estimate the tokens of a request, before the server has counted them."""
    return _prompt_tokens(request) + _reply_limit(body) * request.n


def _prompt_tokens(request: Request) -> int:
    return sum(len(message.text) for message in request.messages) // CHARACTERS_PER_TOKEN


def _reply_limit(body: Mapping[str, Any]) -> int:
    return next((int(body[name]) for name in LIMITS if body.get(name)), 0)


def _limit(body: Mapping[str, Any], request: Request) -> int | None:
    """Return the reply limit of a request if it takes up the most of it."""
    limit = _reply_limit(body)
    return limit if limit > MOST_OF_IT * max(1, _prompt_tokens(request)) else None
