"""Requests through a batch API, as a process asks them, and what the server counted."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Message, Reply, Request
from agentprop.models.costs import Meter
from agentprop.models.failures import ModelFailure
from agentprop.models.registry import Models
from agentprop.models.retry import Backoff
from agentprop.models.settings import ModelSettings

Api = Literal["openai", "anthropic"]


async def ask(
    base_url: str, folder: Path, texts: Sequence[str], api: Api = "openai", n: int = 1
) -> tuple[list[Reply | ModelFailure], Meter]:
    """Ask all texts at once; each of the prices is 1 per token of a prompt and 2 per token of a reply, in a batch."""
    settings = ModelSettings(
        model="toy", base_url=base_url, batch=api, batch_poll_s=0.05, price_in=2_000_000, price_out=4_000_000
    )
    cache = ReplyCache(folder / "replies.sqlite")
    meter = Meter(cache)
    models = Models(cache=cache, meter=meter, environ={}, batches=folder, batched=True)
    model = models.open("asker", settings)
    model.channel.backoff = Backoff(first_s=0.01, most_s=0.02)
    try:
        asked = (model.reply(Request((Message("user", text),), n=n)) for text in texts)
        found = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        await models.aclose()
        cache.close()
    return [one for one in found if isinstance(one, Reply | ModelFailure)], meter


def ledger(base_url: str) -> dict[str, Any]:
    """What the server counted."""
    with urllib.request.urlopen(f"{base_url}/ledger", timeout=30) as response:
        found: dict[str, Any] = json.load(response)
    return found
