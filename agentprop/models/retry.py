"""Failures → wait and try again, give the request up, or stop the run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentprop.models.failures import HOPELESS, FailureKind, ModelFailure, ModelOutage, Scope

RETRIES: Mapping[FailureKind, float] = {
    FailureKind.RATE_LIMIT: float("inf"),  # a request to wait is not a failure of ours; the circuit breaker bounds it
    FailureKind.SERVER: 8,
    FailureKind.CONNECTION: 8,
    FailureKind.TIMEOUT: 3,
    FailureKind.BAD_REPLY: 4,
    FailureKind.EMPTY: 2,
    FailureKind.FILTERED: 2,
}
"""Most retries of a request by kind of failure; other kinds are not retried, since they would fail again."""
UNFIT = frozenset({FailureKind.CONTEXT_OVERFLOW, FailureKind.REFUSED, FailureKind.FILTERED, FailureKind.EMPTY})
"""Failures that are the fault of the conversation, as long as others are answered."""
AT_ONCE = 5
"""Conversations whose reply limit leaves no room for them, before any was answered, after which the limit is wrong."""


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with jitter, so that clients that failed together do not retry together."""

    first_s: float = 0.5
    """Longest wait after the first failure, seconds."""
    most_s: float = 30.0
    """Longest wait after any failure, seconds, unless the server asks for more."""
    randomness: random.Random = field(default_factory=random.Random)
    """Source of the jitter; unseeded, because it does not affect what a run produces."""

    def wait_s(self, failures: int, retry_after_s: float | None) -> float:
        """Return the seconds before the next attempt, never less than the server asked for."""
        longest: float = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 32))
        jittered = longest * self.randomness.uniform(0.5, 1.0)
        return jittered if retry_after_s is None else retry_after_s + jittered * 0.5


class CircuitBreaker:
    """Circuit breaker: opens when a server only fails, and then stays open.

    It opens at once for a failure that every request would meet, for a wrong configuration of a server that has not
    answered yet, and for any failure of a server that is `gone`. It also opens after `losses` requests in a row were
    given up, and when attempts have only failed for `patience_s` seconds. If the server never answered at all, as with
    a wrong address, a tenth of that is enough, at most 20 seconds. A success resets all counts.
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
        """Raise ModelOutage if the breaker is open."""
        if self._open is not None:
            raise self._open

    def succeeded(self) -> None:
        """Record that the server answered as it should."""
        self._answered = True
        self._since, self._failed, self._lost = None, 0, 0

    def failed(self, failure: ModelFailure) -> None:
        """Record a failed attempt. Raises ModelOutage if that opens the breaker."""
        self.check()
        if failure.kind in UNFIT:
            return  # the fault of the conversation, not of the server
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._failed += 1
        seconds = now - self._since
        if self._gone():
            self._trip(f"the server of {self.name} has ended: {failure.message}", failure)
        wrong = failure.scope is Scope.CONFIGURATION and not self._answered
        if failure.kind in HOPELESS or wrong:
            self._trip(f"{self.name} cannot be used: {failure.message}", failure)
        if failure.retry_after_s is not None and failure.retry_after_s > self.patience_s:
            self._trip(f"{self.name} asks to wait for {failure.retry_after_s:.0f} s: {failure.message}", failure)
        if self._failed >= 5 and seconds >= self._patience(failure):
            self._trip(f"{self.name} has only failed for {seconds:.0f} s: {failure.message}", failure)

    def lost(self, failure: ModelFailure, *, limit: int | None = None) -> None:
        """Record that a request was given up. Raises ModelOutage after too many in a row.

        `limit` is the reply limit of a request of which it takes up the most.
        """
        if failure.kind in UNFIT and self._answered:
            return
        self._lost += 1
        if failure.kind is FailureKind.CONTEXT_OVERFLOW and limit is not None and self._lost >= AT_ONCE:
            failure.hint = f"lower reply_tokens (--reply-tokens), now {limit}: room for the reply is set aside at once"
            said = f"no conversation fits beside replies of up to {limit} tokens"
            self._trip(f"{said}, {self._lost} of {self._lost} failed at {self.name}: {failure.message}", failure)
        if self._lost >= self.losses:
            self._trip(f"{self.name} failed {self._lost} requests in a row: {failure.message}", failure)

    def _patience(self, failure: ModelFailure) -> float:
        asked = failure.retry_after_s is not None  # a server that says when to come back is there
        waiting = asked or self._answered or failure.kind in (FailureKind.RATE_LIMIT, FailureKind.TIMEOUT)
        return self.patience_s if waiting else min(20.0, self.patience_s / 10)

    def _trip(self, message: str, failure: ModelFailure) -> None:
        self._open = ModelOutage(message, cause=failure)
        raise self._open
