"""Conversations → replies of a vLLM server, as token ids, so that sampled text is never encoded again.

Prompts are rendered to ids by our own `Renderer` and `PromptCache` and go to /v1/completions. Ids and log-probs come
back; the log-probs are the model's own, before temperature and nucleus.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentprop.engine.rolling import together
from agentprop.inference.chat_template import PromptCache, Renderer
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Choice, Reply, Request, Usage
from agentprop.models.costs import Meter, charge
from agentprop.models.endpoint import Endpoint
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.models.local import log_ending
from agentprop.models.settings import ModelSettings, ServedSettings
from agentprop.training.rl.placement import server_of

ENDING_S = 3.0
"""Seconds to wait for a failing server to end, before the failure is put down to the request alone."""


@dataclass(frozen=True)
class PolicyAccount:
    """Account of the policy in the budget of a run, for a sampler that has prices."""

    settings: ModelSettings
    """Settings with the prices."""
    meter: Meter
    """Meter that the policy shares with verifiers and probers."""
    journal: ReplyCache
    """File that keeps the counts over sessions."""

    async def charge(self, usage: Usage) -> None:
        """Add the cost of a reply to the totals, and store it on disk."""
        account, counts = ("policy", self.settings.identity), charge(usage, self.settings)
        self.meter.add(account, counts)
        await self.journal.put(account, counts, key=None, body=b"")


class VllmModel:
    """Chat model over a server's completions of token ids."""

    def __init__(
        self,
        renderer: Renderer,
        stop_ids: Sequence[int],
        context_length: int,
        log: Path,
        account: PolicyAccount | None = None,
        group_size: int = 1,
    ) -> None:
        self.identity = ""
        self.version = 0
        """Step of the weights that it samples with."""
        self.served: str | None = None
        """Name that requests ask the servers for, such as that of an adapter; None means the model itself."""
        self.under_way: Counter[str] = Counter()
        """Number of requests under way, by the name that they ask for."""
        self.context_length = context_length
        self.servers: list[Endpoint] = []
        """Connections to the servers, once they are up. Each answers every so many groups of `group_size` samples."""
        self._group_size = group_size
        self._renderer, self._stop_ids, self._log, self._account = renderer, list(stop_ids), log, account
        self._prompt_cache = PromptCache(renderer)

    async def reply(self, request: Request) -> Reply:
        """Answer with `request.n` choices. Raises ModelFailure, or ModelOutage if the server has ended.

        Raises BoundReached if the budget of the run has no room for another request.
        """
        if request.tools or request.schema is not None:
            raise ModelFailure(
                FailureKind.REJECTED, f"{self.identity} is asked by token ids, without tools and schemas"
            )
        prompt = self._prompt_cache.prompt(request.messages, request.sample)
        if len(prompt) >= self.context_length:
            raise ModelFailure(
                FailureKind.CONTEXT_OVERFLOW, f"the conversation has {len(prompt)} tokens of {self.context_length}"
            )
        started = time.perf_counter()
        found = await self._completed(request, prompt)
        choices = tuple(self._choice(one) for one in sorted(found["choices"], key=lambda one: int(one["index"])))
        for number, choice in enumerate(choices, request.sample):
            self._prompt_cache.remember(request.messages, prompt, choice.token_ids or (), choice.text, number)
        usage = Usage(found["usage"]["prompt_tokens"], found["usage"]["completion_tokens"])
        return Reply(choices, self.identity, usage, prompt, duration_s=time.perf_counter() - started)

    async def _completed(self, request: Request, prompt: Sequence[int]) -> Any:
        """Post a request for completions, within the budget."""
        body, server = self._body(request, prompt), self._server_of(request)
        name = str(body["model"])
        self.under_way[name] += 1
        try:
            found = await self._charged(server, body)
        finally:
            self.under_way[name] -= 1
        if found.get("model", name) != name:
            raise ModelFailure(FailureKind.REJECTED, f"{found['model']} answered a request to {name}")
        return found

    async def _charged(self, server: Endpoint, body: Mapping[str, object]) -> Any:
        if self._account is None:
            return await self._post(server, "completions", body)
        await self._account.meter.admit()
        try:
            found = await self._post(server, "completions", body)
            await self._account.charge(Usage(found["usage"]["prompt_tokens"], found["usage"]["completion_tokens"]))
        finally:
            self._account.meter.settle()
        return found

    def _server_of(self, request: Request) -> Endpoint:
        assert self.servers  # there are no requests before the first refresh
        return self.servers[server_of(request.sample, self._group_size, len(self.servers))]

    async def post(self, path: str, body: Mapping[str, object]) -> list[Any]:
        """Post a request to all servers; return what they say. Raises as `ask` does."""
        return await self.ask(path, [body] * len(self.servers))

    async def get(self, path: str) -> list[Any]:
        """Fetch from all servers; return what they say. Raises as `ask` does."""
        return await self.ask(path, [None] * len(self.servers))

    async def ask(self, path: str, bodies: Sequence[Mapping[str, object] | None]) -> list[Any]:
        """Post a body to each server, or fetch if it is None; return what they say, in order.

        Raises ModelFailure, or ModelOutage if a server has ended.
        """
        return await together([self._post(one, path, body) for one, body in zip(self.servers, bodies, strict=True)])

    async def _post(self, server: Endpoint, path: str, body: Mapping[str, object] | None) -> Any:
        """Post a request and return the server's JSON. Raises ModelFailure, or ModelOutage if the server has ended."""
        try:
            return await server.look_up(path, body)
        except ModelFailure as failure:
            if failure.kind in (FailureKind.SERVER, FailureKind.CONNECTION) and await _ended(server):
                log = log_of(self._log, self.servers.index(server))
                words = " | ".join(log_ending(log))
                outage = ModelOutage(f"the server that samples has ended; its log ends with: {words}", cause=failure)
                outage.hint = f"the whole log is in {log}; the same command resumes"
                raise outage from failure
            raise

    async def aclose(self) -> None:
        """Close the connections."""
        for server in self.servers:
            await server.aclose()

    def _body(self, request: Request, prompt: Sequence[int]) -> dict[str, object]:
        """Build the body with every sampling parameter: a default from the model's directory would bias all ratios."""
        sampling = request.sampling
        left = self.context_length - len(prompt)
        body: dict[str, object] = {
            "model": self.served or (self.servers[0].settings.model if self.servers else ""),
            "prompt": list(prompt),
            "n": request.n,
            "max_tokens": min(sampling.max_tokens or left, left),
            "temperature": 1.0 if sampling.temperature is None else sampling.temperature,
            "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
            "top_k": 0,
            "min_p": 0.0,
            "stop_token_ids": self._stop_ids,
            "logprobs": 0,
            "return_token_ids": True,
        }
        if sampling.seed is not None:
            body["seed"] = (sampling.seed * 1_000_003 + request.sample) % (1 << 31)
        return body | ({"stop": list(sampling.stop)} if sampling.stop else {})

    def _choice(self, found: Mapping[str, Any]) -> Choice:
        ids = tuple(found["token_ids"])
        ended = bool(ids) and ids[-1] in self._stop_ids
        cut = not ended and found.get("stop_reason") is not None  # stopped by a text, perhaps in the middle of a token
        text = found["text"] if cut else self._renderer.decode(ids[: len(ids) - ended])
        return Choice(
            text,
            finish_reason=found["finish_reason"],
            token_ids=ids,
            logprobs=tuple(found["logprobs"]["token_logprobs"]),
        )


def log_of(first: Path, number: int) -> Path:
    """Return the log of a server; `first` is that of the first one."""
    return first.with_name(f"{first.stem}-{number}{first.suffix}") if number else first


async def _ended(server: Endpoint) -> bool:
    assert isinstance(server.settings, ServedSettings)
    deadline = time.monotonic() + ENDING_S
    while not server.settings.gone and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return server.settings.gone
