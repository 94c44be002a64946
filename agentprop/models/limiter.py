"""A server's responses → how many requests may be under way, and how fast new ones may start.

Additive increase, multiplicative decrease, as in TCP. Concurrency doubles each round until the server first pushes
back. After that it grows by one each round and is halved by a push-back, at most once for all requests of a round.
Requests queue in order of arrival, without a deadline: a time-out only covers what happens after they are sent.

    >>> limiter = Limiter(64)
    >>> limiter.under_way = int(limiter.allowed)      # 8 requests are sent
    >>> for _ in range(8):
    ...     limiter.succeeded()
    >>> limiter.allowed                               # all succeeded: twice as many in the next round
    16.0
    >>> sent = limiter.round
    >>> limiter.pushed_back(sent)                     # one of the 16 is refused: half as many
    >>> limiter.pushed_back(sent)                     # so is another one of the same round: that is old news
    >>> limiter.allowed
    8.0
    >>> for _ in range(8):
    ...     limiter.succeeded()
    >>> round(limiter.allowed, 1)                     # from now on about one more for each round
    9.0
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

INITIAL_CONCURRENCY = 8.0
"""Concurrency at the start."""
BURST_S = 2.0
"""Seconds' worth of a rate cap that may be used at once after a pause."""


class RateCap:
    """Cap per minute on requests or tokens, spread evenly over the minute.

    >>> cap = RateCap(60, clock=lambda: 100.0)
    >>> [cap.reserve(1) for _ in range(5)]      # a burst of two seconds' worth, then one each second
    [0.0, 0.0, 0.0, 1.0, 2.0]
    """

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = per_minute / 60.0
        self._clock = clock
        self._reserved_until = float("-inf")

    def reserve(self, amount: float) -> float:
        """Reserve an amount and return the seconds until it may be used."""
        now = self._clock()
        start = max(self._reserved_until, now - BURST_S)
        self._reserved_until = start + amount / self.rate
        return max(0.0, start - now)

    def correct(self, difference: float) -> None:
        """Adjust a reservation whose amount turned out larger (positive difference) or smaller."""
        self._reserved_until += difference / self.rate


class RequestSlot:
    """Place for one request under way: `async with limiter.slot(tokens):`."""

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
    """Queue in front of one server."""

    def __init__(
        self,
        max_concurrency: int,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_concurrency = max_concurrency
        self.allowed = min(INITIAL_CONCURRENCY, float(max_concurrency))
        self.under_way = 0
        self.round = 0
        self._clock = clock
        self._ramping = True
        self._requests = RateCap(rpm, clock=clock) if rpm else None
        self._tokens = RateCap(tpm, clock=clock) if tpm else None
        self._resume_at = float("-inf")
        self._queue: deque[asyncio.Future[None]] = deque()

    def slot(self, tokens: int = 0) -> RequestSlot:
        """Return a place for one request of about this many tokens."""
        return RequestSlot(self, tokens)

    async def enter(self, tokens: int) -> None:
        """Wait for the rate caps, then for the server's pause to end and for a free place, in order of arrival."""
        await self._wait_for_rate(tokens)
        if self._queue or not self._has_place():
            await self._queued()
        self.under_way += 1

    def leave(self) -> None:
        """Give the place back."""
        self.under_way -= 1
        self._admit()

    def succeeded(self) -> None:
        """Raise the limit after a success: by one per round, or by one per success while still ramping up."""
        if self.under_way * 2 >= self.allowed:  # a limit that is hardly used has not been tested
            self.allowed = min(self.max_concurrency, self.allowed + (1.0 if self._ramping else 1.0 / self.allowed))

    def pushed_back(self, round_: int, retry_after_s: float | None = None) -> None:
        """Halve the limit because a request of this round was refused; once per round, however many were."""
        if retry_after_s:
            self.pause(retry_after_s)
        if round_ < self.round:  # sent before the last halving, so it says nothing about the present limit
            return
        self.round += 1
        self._ramping = False
        self.allowed = max(1.0, self.allowed / 2)

    def correct_tokens(self, difference: int) -> None:
        """Correct the reserved tokens of a request by the difference to what it used."""
        if self._tokens is not None:
            self._tokens.correct(difference)

    async def _wait_for_rate(self, tokens: int) -> None:
        # Reserve from both caps before waiting, so that a request waits for the slower one and not for both in turn.
        waits = [pace.reserve(amount) for pace, amount in ((self._requests, 1), (self._tokens, tokens)) if pace]
        if any(waits):
            await asyncio.sleep(max(waits))

    def _has_place(self) -> bool:
        return self.under_way < int(self.allowed) and self._clock() >= self._resume_at

    async def _queued(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # admitted and cancelled at once: pass the place on
                self.under_way -= 1
                self._admit()
            raise
        self.under_way -= 1  # `_admit` has counted it, so as not to admit too many; `enter` counts it again

    def _admit(self) -> None:
        while self._queue and self._has_place():
            place = self._queue.popleft()
            if not place.done():
                self.under_way += 1
                place.set_result(None)

    def pause(self, seconds: float) -> None:
        """Send nothing for this many seconds, as the server asked."""
        until = self._clock() + seconds
        if until > self._resume_at:
            self._resume_at = until
            # A millisecond late, since the loop's clock may be a little ahead of ours.
            asyncio.get_running_loop().call_later(seconds + 0.001, self._admit)
