"""Several servers of one model → one transport: requests are shared among them, and one that is down is passed over.

Requests of one conversation prefer the same server, because it has the beginning in its prefix cache; a server with far
more under way than the others is passed over too. A request that fails because its server is down, or refuses it for
now, goes to the next one at once. Only if all fail does the caller see a failure.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agentprop.models.chat import Exchange, Transport
from agentprop.models.failures import FailureKind, ModelFailure

NEXT = frozenset({FailureKind.CONNECTION, FailureKind.SERVER, FailureKind.RATE_LIMIT})
"""Failures after which another server is asked."""
REST_S = 2.0
"""Seconds that a server rests after its first failure; twice as many after each further one in a row."""
MOST_REST_S = 60.0
SLACK = 4
"""Requests by which a server may have more under way than the least busy one, for the sake of its cache."""


@dataclass
class Member:
    """One of the servers."""

    transport: Transport
    under_way: int = 0
    failures: int = 0
    rests_until: float = float("-inf")


class Balanced:
    """Transport to several servers of one model."""

    def __init__(self, transports: Sequence[Transport], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.members = [Member(transport) for transport in transports]
        self._clock = clock

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Exchange one request with the first server that answers. Raises the last ModelFailure if none does."""
        failures = []
        for member in self._order(body):
            try:
                return await self._ask(member, body)
            except ModelFailure as failure:
                if failure.kind not in NEXT:
                    raise
                failures.append(failure)
        raise failures[-1]

    async def aclose(self) -> None:
        """Close all connections."""
        for member in self.members:
            await member.transport.aclose()

    async def _ask(self, member: Member, body: Mapping[str, object]) -> Exchange:
        member.under_way += 1
        try:
            exchange = await member.transport.post(body)
        except ModelFailure as failure:
            if failure.kind in NEXT or failure.kind is FailureKind.TIMEOUT:
                rest_s = min(MOST_REST_S, REST_S * 2.0 ** min(member.failures, 16))
                member.failures += 1
                member.rests_until = self._clock() + max(rest_s, failure.retry_after_s or 0.0)
            raise
        finally:
            member.under_way -= 1
        member.failures, member.rests_until = 0, float("-inf")
        return exchange

    def _order(self, body: Mapping[str, object]) -> Iterator[Member]:
        """Yield the servers, best first; those that rest come last, the one that rested longest before the others."""
        now = self._clock()
        up = [member for member in self.members if member.rests_until <= now]
        resting = sorted((m for m in self.members if m.rests_until > now), key=lambda member: member.rests_until)
        preferred = self.members[_conversation(body) % len(self.members)]
        least = min((member.under_way for member in up), default=0)
        up.sort(key=lambda m: (m is not preferred or m.under_way > least + SLACK, m.under_way))
        return iter([*up, *resting])


def _conversation(body: Mapping[str, object]) -> int:
    """Return a number that the requests of a conversation share: its first two messages do not change."""
    messages = body.get("messages")
    first = messages[:2] if isinstance(messages, list) else []
    return zlib.crc32("".join(str(message.get("content")) for message in first).encode("utf-8", "replace"))
