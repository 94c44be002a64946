"""How many requests may be under way at a server, and how fast new ones may start: found out, not guessed.

Additive increase, multiplicative decrease. Concurrency doubles each round until the server first pushes back, then
grows by one each round and is halved by a push-back, at most once for the requests of one round. Requests queue in
order of arrival without any deadline: only what happens after they were sent can time out.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

FIRST = 8.0
"""Concurrency to begin with."""
BURST_S = 2.0
"""Seconds' worth of a rate cap that may be spent at once."""


class Pace:
    """A cap per minute on requests or tokens, spread evenly: each amount is told how long to wait."""

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = per_minute / 60.0
        self._clock = clock
        self._booked_until = float("-inf")

    def book(self, amount: float) -> float:
        """Seconds until the amount may be spent; it is booked in any case."""
        now = self._clock()
        start = max(self._booked_until, now - BURST_S)
        self._booked_until = start + amount / self.rate
        return max(0.0, start - now)

    def correct(self, difference: float) -> None:
        """An amount turned out larger (positive) or smaller than what was booked."""
        self._booked_until += difference / self.rate


class RequestSlot:
    """`async with limiter.slot(tokens):` one request under way."""

    __slots__ = ("_limiter", "_tokens", "round")

    def __init__(self, limiter: Limiter, tokens: int) -> None:
        self._limiter, self._tokens = limiter, tokens
        self.round = 0

    async def __aenter__(self) -> RequestSlot:
        await self._limiter.enter(self._tokens)
        self.round = self._limiter.round
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limiter.leave()


class Limiter:
    """The queue in front of one server."""

    def __init__(
        self,
        most: int,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self.allowed = min(FIRST, float(most))
        self.under_way = 0
        self.round = 0
        self._clock = clock
        self._ramping = True
        self._requests = Pace(rpm, clock=clock) if rpm else None
        self._tokens = Pace(tpm, clock=clock) if tpm else None
        self._resume_at = float("-inf")
        self._queue: deque[asyncio.Future[None]] = deque()

    def slot(self, tokens: int = 0) -> RequestSlot:
        """A place for one request of about so many tokens."""
        return RequestSlot(self, tokens)

    async def enter(self, tokens: int) -> None:
        """Wait for the caps, then for the server's pause to end and a free place, in order of arrival."""
        await self._keep_pace(tokens)
        if self._queue or not self._free():
            await self._queued()
        self.under_way += 1

    def leave(self) -> None:
        """Give a place back."""
        self.under_way -= 1
        self._admit()

    def succeeded(self) -> None:
        """A request went well: one more may be under way each round, or each time while still ramping up."""
        if self.under_way * 2 >= self.allowed:  # a limit that nobody leans on has not been tested
            self.allowed = min(self.most, self.allowed + (1.0 if self._ramping else 1.0 / self.allowed))

    def pushed_back(self, round_: int, retry_after_s: float | None = None) -> None:
        """The server had too much when this request of that round was sent: halve, once a round."""
        if retry_after_s:
            self.pause(retry_after_s)
        if round_ < self.round:
            return
        self.round += 1
        self._ramping = False
        self.allowed = max(1.0, self.allowed / 2)

    def correct_tokens(self, difference: int) -> None:
        """A request's tokens turned out different from what was said."""
        if self._tokens is not None:
            self._tokens.correct(difference)

    async def _keep_pace(self, tokens: int) -> None:
        waits = [pace.book(amount) for pace, amount in ((self._requests, 1), (self._tokens, tokens)) if pace]
        if any(waits):
            await asyncio.sleep(max(waits))

    def _free(self) -> bool:
        return self.under_way < int(self.allowed) and self._clock() >= self._resume_at

    async def _queued(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # admitted and cancelled at once: the place is for the next
                self.under_way -= 1
                self._admit()
            raise
        self.under_way -= 1  # `_admit` counted it already, so that it does not admit too many

    def _admit(self) -> None:
        while self._queue and self._free():
            place = self._queue.popleft()
            if not place.done():
                self.under_way += 1
                place.set_result(None)

    def pause(self, seconds: float) -> None:
        """Send nothing for so long: the server asked for it."""
        until = self._clock() + seconds
        if until > self._resume_at:
            self._resume_at = until
            asyncio.get_running_loop().call_later(seconds + 0.001, self._admit)
