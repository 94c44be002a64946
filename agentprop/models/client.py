"""A request → a reply, paid for at most once: cache, bounds, queue, retries and accounts around one transport.

A `Lane` is the way to one server and is shared by the roles that use it; a `Model` is one role's view of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from agentprop.models import wire
from agentprop.models.cache import ReplyCache, key_of
from agentprop.models.chat import Exchange, Reply, Request, Transport, Usage
from agentprop.models.costs import Meter, charge
from agentprop.models.failures import Kind, ModelFailure, all_of
from agentprop.models.limiter import Limiter, RequestSlot
from agentprop.models.retry import RETRIES, Backoff, Breaker
from agentprop.models.settings import ModelSettings, Served

PUSH_BACK = frozenset({Kind.RATE_LIMIT, Kind.TIMEOUT})
"""Kinds that say that there is too much under way; 5xx and lost connections say that something is broken."""
CHARACTERS_PER_TOKEN = 4


@dataclass
class Lane:
    """The way to one server: what carries requests, how many at once, and whether it is any good."""

    settings: ModelSettings
    transport: Transport
    limiter: Limiter
    breaker: Breaker
    backoff: Backoff = field(default_factory=Backoff)
    honours_n: bool | None = None
    """Whether the server returns several replies for one prompt, as far as is known."""


class AllowanceShare(NamedTuple):
    """One of the processes that divide what a server allows among them."""

    number: int = 0
    """Which one, from 0."""
    processes: int = 1
    """How many there are."""

    def of(self, whole: int) -> int:
        """Its part of a number; all parts together are the whole, and none is without anything."""
        return max(1, whole * (self.number + 1) // self.processes - whole * self.number // self.processes)


def lane_of(settings: ModelSettings, transport: Transport, *, part: AllowanceShare = AllowanceShare()) -> Lane:
    """A lane as its settings say; of what is allowed this process has a part."""
    limiter = Limiter(
        part.of(settings.max_concurrency),
        rpm=settings.rpm and settings.rpm / part.processes,
        tpm=settings.tpm and settings.tpm / part.processes,
    )
    gone = (lambda: settings.gone) if isinstance(settings, Served) else (lambda: False)
    breaker = Breaker(settings.identity, patience_s=settings.patience_s, gone=gone)
    return Lane(settings, transport, limiter, breaker, honours_n=settings.n)


class Model:
    """One role's model."""

    def __init__(self, lane: Lane, meter: Meter, *, role: str = "", cache: ReplyCache | None = None) -> None:
        self.lane, self.meter, self.cache = lane, meter, cache
        self.account = (role, lane.settings.identity)
        self._under_way: dict[bytes, asyncio.Future[Exchange]] = {}

    @property
    def identity(self) -> str:
        """Model and place, the same in every session."""
        return self.lane.settings.identity

    async def reply(self, request: Request) -> Reply:
        """Answer, with `request.n` choices whatever the server makes of n."""
        if request.n == 1:
            return await self._one(request)
        if self.lane.honours_n is False:
            return _together(await self._each(request, 0))
        first = await self._several(request)
        missing = request.n - len(first.choices)
        return first if missing <= 0 else _together([first, *await self._each(request, len(first.choices))])

    async def aclose(self) -> None:
        """Let go of connections."""
        await self.lane.transport.aclose()

    # --- n ---

    async def _several(self, request: Request) -> Reply:
        """All in one request; notices a server that ignores n, or refuses it."""
        try:
            reply = await self._one(request)
        except ModelFailure as failure:
            if failure.kind is not Kind.REJECTED or self.lane.honours_n:
                raise
            self.lane.honours_n = False
            return await self._one(_nth(request, 0))
        self.lane.honours_n = len(reply.choices) >= request.n
        return reply

    async def _each(self, request: Request, start: int) -> list[Reply]:
        """Choices from `start` on, each in a request of its own."""
        return await all_of(self._one(_nth(request, i)) for i in range(start, request.n))

    # --- one request ---

    async def _one(self, request: Request) -> Reply:
        body = wire.body_of(request, self.lane.settings)
        if self.cache is None:
            return await self._ask(body, request, None)
        key = key_of(wire.canonical(body, self.identity, request.sample))
        stored = self.cache.get(key)
        if stored is None and key in self._under_way:
            stored = await self._wait_for(key)
        if stored is not None:
            self.meter.accounts.hit()
            return replace(wire.read(Exchange(stored)), cached=True)
        return await self._lead(key, body, request)

    async def _wait_for(self, key: bytes) -> bytes | None:
        """The response that an equal request is waiting for already; None where that one brought none."""
        await asyncio.wait([self._under_way[key]])
        assert self.cache is not None  # only cached requests have keys
        return self.cache.get(key)

    async def _lead(self, key: bytes, body: Mapping[str, Any], request: Request) -> Reply:
        done = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._ask(body, request, key)
        finally:
            del self._under_way[key]
            done.cancel()

    async def _ask(self, body: Mapping[str, Any], request: Request, key: bytes | None) -> Reply:
        """Exchange until a reply is in hand and stored."""
        failures: Counter[Kind] = Counter()
        while True:
            self.lane.breaker.check()
            await self.meter.admit()
            try:
                exchange, reply = await self._attempt(body, request)
                await self._book(reply.usage, key, exchange.body)
                return replace(reply, attempts=failures.total() + 1) if failures else reply
            except ModelFailure as failure:
                if failure.usage is not None:
                    await self._book(failure.usage, None, b"")
                failures[failure.kind] += 1
                wait_s = self._wait_after(failure, failures)
            finally:
                self.meter.settle()
            await asyncio.sleep(wait_s)

    async def _attempt(self, body: Mapping[str, Any], request: Request) -> tuple[Exchange, Reply]:
        lane = self.lane
        estimate = _estimate(request, body)
        async with lane.limiter.slot(estimate) as slot:
            lane.breaker.check()
            started = time.perf_counter()
            try:
                exchange = await lane.transport.post(body)
                reply = wire.read(exchange)
            except ModelFailure as failure:
                self._failed(failure, slot)
                raise
            lane.limiter.succeeded()
            lane.breaker.succeeded()
        if reply.usage is not None:
            lane.limiter.correct_tokens(reply.usage.total - estimate)
        return exchange, replace(reply, duration_s=time.perf_counter() - started)

    def _failed(self, failure: ModelFailure, slot: RequestSlot) -> None:
        self.meter.accounts.fail(failure.kind)
        limiter = self.lane.limiter
        if failure.kind in PUSH_BACK:
            limiter.pushed_back(slot.round, failure.retry_after_s)
        elif failure.retry_after_s:
            limiter.pause(failure.retry_after_s)
        self.lane.breaker.failed(failure)

    def _wait_after(self, failure: ModelFailure, failures: Counter[Kind]) -> float:
        """Seconds until the next attempt; or the request is given up, and the failure or the outage raised."""
        if failures[failure.kind] <= RETRIES.get(failure.kind, 0):
            return self.lane.backoff.wait_s(failures.total(), failure.retry_after_s)
        self.meter.accounts.fail("given_up")
        failure.attempts = failures.total()
        self.lane.breaker.lost(failure)
        raise failure

    async def _book(self, usage: Usage | None, key: bytes | None, body: bytes) -> None:
        """In our totals, and on the disk before anybody uses it; who is cancelled meanwhile has paid all the same."""
        counts = charge(usage, self.lane.settings)
        self.meter.add(self.account, counts)
        if self.cache is not None:
            await self.cache.put(self.account, counts, key=key, body=body)


def _nth(request: Request, i: int) -> Request:
    """The i-th of n single requests: a sample of its own, with a seed of its own where there is one."""
    seed = request.sampling.seed
    sampling = request.sampling if seed is None else replace(request.sampling, seed=seed + i)
    return replace(request, n=1, sample=request.sample + i, sampling=sampling)


def _together(replies: list[Reply]) -> Reply:
    """Several replies as one; the prompt was paid for each time, and each time counts."""
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


def _estimate(request: Request, body: Mapping[str, Any]) -> int:
    """Tokens a request may use, before the server has counted them."""
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
    prompt = sum(len(message.text) for message in request.messages) // CHARACTERS_PER_TOKEN
    return int(prompt + int(limit) * request.n)
