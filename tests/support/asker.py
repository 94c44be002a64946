"""Asks every number below N once, through a cache: `python asker.py BASE_URL CACHE N`, which may be killed."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterable
from pathlib import Path

from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Message, Reply, Request
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.endpoint import Endpoint
from agentprop.models.failures import ModelFailure
from agentprop.models.retry import Backoff
from agentprop.models.settings import ModelSettings


def model_at(base_url: str, meter: Meter, cache: ReplyCache | None, *, timeout_s: float = 0.12) -> Model:
    settings = ModelSettings(model="faulty", base_url=base_url, price_in=1.0, price_out=2.0, timeout_s=timeout_s)
    channel = channel_of(settings, Endpoint(settings))
    channel.backoff = Backoff(first_s=0.01, most_s=0.05, randomness=random.Random(0))
    return Model(channel, meter, role="asker", cache=cache)


def request(number: int) -> Request:
    return Request((Message("user", f"request {number}"),))


async def ask(model: Model, numbers: Iterable[int], *, at_once: int = 32) -> dict[int, Reply | ModelFailure]:
    """Replies and failures by number; each number is asked for exactly once."""
    outcomes: dict[int, Reply | ModelFailure] = {}
    left = iter(numbers)

    async def worker() -> None:
        for number in left:
            assert number not in outcomes
            try:
                outcomes[number] = await model.reply(request(number))
            except ModelFailure as failure:
                outcomes[number] = failure

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())
    return outcomes


async def main(base_url: str, path: Path, count: int) -> int:
    cache = ReplyCache(path)
    model = model_at(base_url, Meter(cache), cache)
    try:
        outcomes = await ask(model, range(count))
    finally:
        await model.aclose()
        cache.close()
    return sum(isinstance(outcome, ModelFailure) for outcome in outcomes.values())


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
