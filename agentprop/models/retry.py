"""A failure, and how often it happened → wait and try again, give this request up, or stop for good."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentprop.models.failures import HOPELESS, Kind, ModelFailure, ModelOutage

RETRIES: Mapping[Kind, float] = {
    Kind.RATE_LIMIT: float("inf"),  # being asked to wait is no failure of the request; the breaker bounds it
    Kind.SERVER: 8,
    Kind.CONNECTION: 8,
    Kind.TIMEOUT: 3,
    Kind.BAD_REPLY: 4,
}
"""How often a request is retried after failures of a kind; kinds that are not here would fail the same way again."""


@dataclass(frozen=True)
class Backoff:
    """Exponential waits with jitter, so that clients that failed together do not come back together."""

    first_s: float = 0.5
    """Longest wait after the first failure."""
    most_s: float = 30.0
    """Longest wait after any failure, where the server names none."""
    randomness: random.Random = field(default_factory=random.Random)
    """Jitter is not part of what a run produces, so it needs no seed."""

    def wait_s(self, failures: int, retry_after_s: float | None) -> float:
        """Seconds before the next attempt; never less than the server asked for."""
        longest: float = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 32))
        jittered = longest * self.randomness.uniform(0.5, 1.0)
        return jittered if retry_after_s is None else retry_after_s + jittered * 0.5


class Breaker:
    """Opens when a server only fails, and then stays open.

    One success closes every count. It opens at once for a failure that every request would meet, and for any failure
    of a server that is `gone`; after `losses` requests given up in a row; and when attempts have only failed for
    `patience_s` (a tenth of it, at most 20 seconds, where the server never answered at all, which is what a wrong
    address looks like).
    """

    def __init__(
        self,
        name: str,
        *,
        patience_s: float = 300.0,
        losses: int = 20,
        clock: Callable[[], float] = time.monotonic,
        gone: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name, self.patience_s, self.losses = name, patience_s, losses
        self._clock, self._gone = clock, gone
        self._answered = False
        self._since: float | None = None
        self._failed = 0
        self._lost = 0
        self._open: ModelOutage | None = None

    def check(self) -> None:
        """Raises ModelOutage when open."""
        if self._open is not None:
            raise self._open

    def succeeded(self) -> None:
        """The server answered as it should."""
        self._answered = True
        self._since, self._failed, self._lost = None, 0, 0

    def failed(self, failure: ModelFailure) -> None:
        """An attempt failed. Raises ModelOutage when that is enough."""
        self.check()
        if failure.kind is Kind.CONTEXT_OVERFLOW:
            return  # says something about the conversation, nothing about the server
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._failed += 1
        seconds = now - self._since
        if self._gone():
            self._trip(f"the server of {self.name} has ended: {failure.message}", failure)
        if failure.kind in HOPELESS:
            self._trip(f"{self.name} cannot be used: {failure.message}", failure)
        if failure.retry_after_s is not None and failure.retry_after_s > self.patience_s:
            self._trip(f"{self.name} asks to wait for {failure.retry_after_s:.0f} s: {failure.message}", failure)
        if self._failed >= 5 and seconds >= self._patience(failure):
            self._trip(f"{self.name} has only failed for {seconds:.0f} s: {failure.message}", failure)

    def lost(self, failure: ModelFailure) -> None:
        """A request was given up. Raises ModelOutage when too many were in a row."""
        if failure.kind is Kind.CONTEXT_OVERFLOW:
            return
        self._lost += 1
        if self._lost >= self.losses:
            self._trip(f"{self.name} failed {self._lost} requests in a row: {failure.message}", failure)

    def _patience(self, failure: ModelFailure) -> float:
        waiting = self._answered or failure.kind in (Kind.RATE_LIMIT, Kind.TIMEOUT)
        return self.patience_s if waiting else min(20.0, self.patience_s / 10)

    def _trip(self, message: str, failure: ModelFailure) -> None:
        self._open = ModelOutage(message, cause=failure)
        raise self._open
