"""A server → its abilities, tested by a few tiny requests rather than taken on trust."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from agentprop.models import wire
from agentprop.models.chat import Choice, Exchange, Message, Reply, Request, Sampling, Tool
from agentprop.models.failures import HOPELESS, FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings

Ability = Literal["yes", "no", "ignored"]
"""`ignored`: the server accepts the request and does not do what it asks."""

TINY = Sampling(temperature=0.0, max_tokens=64)
DRAWN = replace(TINY, temperature=1.0)
"""Sampling for several replies: vLLM refuses n > 1 at temperature 0."""
PING = Request((Message("user", "Reply with the single word: ready"),), TINY)
ADD = Tool(
    "add",
    "Adds two integers.",
    {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
)
SUM = "Use the tool to add 2 and 3."
SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "integer"}},
    "required": ["sum"],
    "additionalProperties": False,
}
CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "max_context_length")


class Server(Protocol):
    """A transport that can also fetch other documents from its server."""

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Exchange one chat completion. Raises ModelFailure."""
        ...

    async def look_up(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Fetch JSON at a path below the root of the API, or of the server if the path begins with a slash."""
        ...


@dataclass(frozen=True)
class Abilities:
    """Abilities of a model, as its server showed them."""

    model: str
    """Name that the server reports."""
    context_length: int | None
    """Tokens of prompt and reply together; None if the server does not say."""
    n: Ability
    """Several replies for one prompt."""
    tools: Ability
    """Native tool calls."""
    structured: Ability
    """Replies held to a JSON schema."""
    logprobs: Ability
    """Log-probs of the sampled tokens."""
    token_ids: Ability
    """Token ids of prompt and reply."""
    usage: bool
    """The server counts tokens."""
    reasoning: bool
    """The reply to the ping came with reasoning."""
    latency_s: float
    """Seconds that the ping took."""


async def examine(server: Server, settings: ModelSettings) -> Abilities:
    """Test every ability. Raises ModelFailure if not even a ping is answered."""
    started = time.perf_counter()
    pong = await _ask(server, settings, PING)
    latency_s = time.perf_counter() - started
    able = settings.model_copy(update={"logprobs": True, "token_ids": False})
    exact = settings.model_copy(update={"logprobs": False, "token_ids": True})
    calling = settings if settings.tools else _forced(settings)
    question = replace(PING, messages=(Message("user", SUM),))
    return Abilities(
        model=pong.model,
        context_length=settings.context_length or await _context_length(server, settings),
        n=await _try(server, settings, replace(PING, n=2, sampling=DRAWN), lambda reply: len(reply.choices) == 2),
        tools=await _try(
            server, calling, replace(question, tools=(ADD,)), lambda reply: bool(_first(reply).tool_calls)
        ),
        structured=await _try(server, settings, replace(question, schema=SCHEMA), _follows_schema),
        logprobs=await _try(server, able, replace(PING, exact=True), lambda reply: _first(reply).logprobs is not None),
        token_ids=await _try(server, exact, replace(PING, exact=True), _has_ids),
        usage=pong.usage is not None,
        reasoning=_first(pong).reasoning is not None,
        latency_s=latency_s,
    )


async def rendered(server: Server, settings: ModelSettings, messages: Sequence[Message], tools: Sequence[Tool]) -> str:
    """Render a conversation as the model reads it, by the server's own chat template if it offers that."""
    body = wire.body_of(Request(tuple(messages), tools=tuple(tools)), settings)
    try:
        tokens = await server.look_up("/tokenize", body)
        shown = await server.look_up("/detokenize", {"model": settings.model, "tokens": tokens["tokens"]})
        return str(shown["prompt"])
    except (ModelFailure, KeyError, TypeError):  # only some servers have these two paths
        offered = [f"[functions]\n{json.dumps(body['tools'], ensure_ascii=False)}"] if tools else []
        return "\n\n".join([*offered, *(f"[{message.role}]\n{message.text}" for message in messages)])


def _forced(settings: ModelSettings) -> ModelSettings:
    """Force a tool call: a model that may choose would add two numbers without the tool."""
    return settings.model_copy(update={"extra_body": {**settings.extra_body, "tool_choice": "required"}})


async def _ask(server: Server, settings: ModelSettings, request: Request) -> Reply:
    return wire.read(await server.post(wire.body_of(request, settings)))


async def _try(server: Server, settings: ModelSettings, request: Request, done: Any) -> Ability:
    try:
        return "yes" if done(await _ask(server, settings, request)) else "ignored"
    except ModelFailure as failure:
        if failure.kind in HOPELESS or failure.kind in (
            FailureKind.RATE_LIMIT,
            FailureKind.CONNECTION,
            FailureKind.TIMEOUT,
        ):
            raise
        return "no"


async def _context_length(server: Server, settings: ModelSettings) -> int | None:
    try:
        listed = await server.look_up("models")
    except ModelFailure:
        return None
    entries = listed.get("data") if isinstance(listed, Mapping) else None
    mine = [e for e in entries or [] if isinstance(e, Mapping) and e.get("id") == settings.model]
    found = [entry[name] for entry in mine for name in CONTEXT_FIELDS if isinstance(entry.get(name), int)]
    return found[0] if found else None


def _first(reply: Reply) -> Choice:
    return reply.choices[0]


def _has_ids(reply: Reply) -> bool:
    return reply.prompt_token_ids is not None and _first(reply).token_ids is not None


def _follows_schema(reply: Reply) -> bool:
    try:
        found = json.loads(reply.text)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("sum"), int)
