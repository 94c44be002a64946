"""Several servers of one model: requests are shared, and a server that is down is passed over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from test_limiter import Clock

from agentprop.models.balancing import Balanced
from agentprop.models.chat import Exchange
from agentprop.models.failures import FailureKind, ModelFailure


class Server:
    """A transport that counts, and fails while it is told to."""

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self.posts = 0
        self.fails: FailureKind | None = None
        self.gate = gate

    async def post(self, body: Mapping[str, object]) -> Exchange:
        self.posts += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.fails is not None:
            raise ModelFailure(self.fails, "down")
        return Exchange(b"{}")

    async def aclose(self) -> None:
        pass


def conversation(number: int) -> dict[str, object]:
    return {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": str(number)}]}


def test_a_conversation_stays_with_its_server_and_many_are_spread() -> None:
    servers = [Server(), Server()]
    balanced = Balanced(servers)
    for _ in range(10):
        asyncio.run(balanced.post(conversation(1)))
    assert sorted(server.posts for server in servers) == [0, 10]
    for number in range(200):
        asyncio.run(balanced.post(conversation(number)))
    assert min(server.posts for server in servers) > 50


def test_a_busy_server_is_passed_over() -> None:
    async def flood() -> list[int]:
        gate = asyncio.Event()
        servers = [Server(gate), Server(gate)]
        balanced = Balanced(servers)
        tasks = [asyncio.create_task(balanced.post(conversation(1))) for _ in range(40)]
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(*tasks)
        return [server.posts for server in servers]

    assert min(asyncio.run(flood())) >= 17


@pytest.mark.parametrize("kind", [FailureKind.CONNECTION, FailureKind.SERVER, FailureKind.RATE_LIMIT])
def test_a_server_that_is_down_is_passed_over_until_it_has_rested(kind: FailureKind) -> None:
    clock = Clock()
    servers = [Server(), Server()]
    balanced = Balanced(servers, clock=clock)
    down = servers[0]
    down.fails = kind
    for number in range(50):
        asyncio.run(balanced.post(conversation(number)))
    assert (down.posts, servers[1].posts) == (1, 50)
    down.fails, clock.now = None, clock.now + 100.0
    for number in range(50):
        asyncio.run(balanced.post(conversation(number)))
    assert down.posts > 10


def test_what_is_the_requests_own_fault_is_not_asked_elsewhere_and_all_down_is_a_failure() -> None:
    servers = [Server(), Server()]
    balanced = Balanced(servers)
    for server in servers:
        server.fails = FailureKind.REJECTED
    with pytest.raises(ModelFailure):
        asyncio.run(balanced.post(conversation(1)))
    assert sum(server.posts for server in servers) == 1
    for server in servers:
        server.fails = FailureKind.CONNECTION
    with pytest.raises(ModelFailure) as caught:
        asyncio.run(balanced.post(conversation(1)))
    assert caught.value.kind is FailureKind.CONNECTION
    assert sum(server.posts for server in servers) == 3
