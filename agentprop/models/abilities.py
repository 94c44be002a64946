"""A server → its abilities, tested by a few tiny requests rather than taken on trust."""

from __future__ import annotations

import contextlib
import json
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from agentprop.models import wire
from agentprop.models.chat import Choice, Exchange, Message, Reply, Request, Sampling, Tool
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.presets import preset_for
from agentprop.models.settings import ModelSettings

Ability = Literal["yes", "no", "ignored", "unknown"]
"""`ignored`: the server accepts the request and does not do what it asks. `unknown`: nothing was seen, because the
reply was cut off or never came."""

ASKED = Sampling(max_tokens=1024)
"""Sampling of the requests, to which a role adds its own: neither greedy nor too short for most thinking models."""
LONG_TOKENS = 16_384
"""Reply limit of the second try, for a model that thinks for longer."""
PROBING = Sampling(temperature=0.6, top_p=0.95)
"""Sampling of a prober or solver, by default."""
PING = Request(
    (Message("system", "You answer briefly."), Message("user", "Reply with the single word: ready")),
    ASKED,
)
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
MOST_CHANGES = 12
"""Most changes that are tried until a server answers."""
GUESSES = (
    ["temperature"], ["temperature", "top_p"], ["temperature", "top_p", "max_tokens"],
    ["temperature", "top_p", "max_tokens", "seed", "stop"],
)  # fmt: skip
"""Fields that are left out together where a server does not say which of them it refuses."""
REFUSED = frozenset({FailureKind.REJECTED, FailureKind.UNSUPPORTED, FailureKind.NOT_FOUND, FailureKind.UNAUTHORISED})
"""Failures that say that the server cannot do something, once it has answered a ping."""
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
    lines: tuple[str, ...] = ()
    """Lines of the model's settings that its server needs, as they were found out."""
    suggested: tuple[str, ...] = ()
    """Lines that are worth having, but not needed."""


@dataclass(frozen=True)
class Finding:
    """A request that was answered, and what had to be changed for it."""

    settings: ModelSettings
    """The settings with which it was answered."""
    reply: Reply
    """The reply."""
    lines: tuple[str, ...] = ()
    """The changes as lines of settings."""


async def examine(server: Server, settings: ModelSettings, role: str = "proposer") -> Abilities:
    """Test every ability as a role will use it. Raises ModelFailure if not even a ping is answered.

    What the server refuses is left out, renamed or sent otherwise, one change after the other, until it answers.
    """
    started = time.perf_counter()
    found = await _answered(server, settings.for_role(role), _ping(role))
    latency_s = time.perf_counter() - started
    settings, pong = found.settings, found.reply
    ping = replace(_ping(role), sampling=replace(_ping(role).sampling, max_tokens=_limit(pong)))
    able = settings.model_copy(update={"logprobs": True, "token_ids": False})
    exact = settings.model_copy(update={"logprobs": False, "token_ids": True})
    calling = settings if settings.tools else _forced(settings)
    question = replace(ping, messages=(Message("user", SUM),))
    several = replace(ping, n=2)
    return Abilities(
        model=pong.model,
        context_length=settings.context_length or await _context_length(server, settings),
        n=await _try(server, settings, several, lambda reply: len(reply.choices) == 2),
        tools=await _try(
            server, calling, replace(question, tools=(ADD,)), lambda reply: bool(_first(reply).tool_calls)
        ),
        structured=await _try(server, settings, replace(question, schema=SCHEMA), _follows_schema),
        logprobs=await _try(server, able, replace(ping, exact=True), lambda reply: _first(reply).logprobs is not None),
        token_ids=await _try(server, exact, replace(ping, exact=True), _has_ids),
        usage=pong.usage is not None,
        reasoning=_first(pong).reasoning is not None,
        latency_s=latency_s,
        lines=found.lines,
        suggested=_suggested(settings, pong),
    )


def _ping(role: str) -> Request:
    """Return the ping as a role asks: with its sampling, and with a system message, which some servers refuse."""
    if role not in ("prober", "solver"):
        return PING
    return replace(PING, messages=PING.messages[1:], sampling=replace(PROBING, max_tokens=ASKED.max_tokens))


def _limit(pong: Reply) -> int | None:
    """Return the reply limit of the further requests: more for a model that has used up the first one."""
    thinks = _first(pong).reasoning is not None or _first(pong).truncated
    return LONG_TOKENS if thinks else ASKED.max_tokens


async def _answered(server: Server, settings: ModelSettings, request: Request) -> Finding:
    """Ask until there is an answer, each time with the change that the last refusal names. Raises ModelFailure."""
    lines: list[str] = []
    for _ in range(MOST_CHANGES):
        try:
            reply = await _ask(server, settings, request)
        except ModelFailure as failure:
            change = _change(settings, failure)
            if change is None:
                other = await _guessed(server, settings, request) if failure.kind is FailureKind.REJECTED else None
                if other is None:
                    raise
                return replace(other, lines=(*_joined(lines, settings), *other.lines))
            settings, line = change
            lines.append(line)
            continue
        if _first(reply).truncated:
            longer = replace(request, sampling=replace(request.sampling, max_tokens=LONG_TOKENS))
            with contextlib.suppress(ModelFailure):  # a short answer is one too
                reply = await _ask(server, settings, longer)
        return Finding(settings, reply, _joined(lines, settings))
    raise ModelFailure(FailureKind.REJECTED, "the server refuses every form of a request that was tried")


def _change(settings: ModelSettings, failure: ModelFailure) -> tuple[ModelSettings, str] | None:
    """Return the settings that a refusal asks for, and the line for them; None if it names none, or once more."""
    if failure.kind is not FailureKind.UNSUPPORTED or failure.advice is None:
        return None
    try:
        told = tomllib.loads(failure.advice)
    except ValueError:
        return None
    changed = dict(told)
    if "omit" in told:
        changed["omit"] = (*settings.omit, *(name for name in told["omit"] if name not in settings.omit))
    if "rename" in told:
        changed["rename"] = {**settings.rename, **told["rename"]}
    known = {name: value for name, value in changed.items() if name in ModelSettings.model_fields}
    found = settings.model_copy(update=known)
    return (found, failure.advice) if known and found != settings else None


async def _guessed(server: Server, settings: ModelSettings, request: Request) -> Finding | None:
    """Try the changes that servers need most often, for a refusal whose words are not known."""
    changes: list[tuple[dict[str, Any], str]] = [
        ({"stream": True}, "stream = true"),
        ({"system": "fold"}, 'system = "fold"'),
        ({"rename": {"max_tokens": "max_completion_tokens"}}, 'rename = {max_tokens = "max_completion_tokens"}'),
        *(({"omit": names}, f"omit = {json.dumps(names)}") for names in GUESSES),
    ]
    for change, line in changes:
        changed = settings.model_copy(update=change)
        try:
            return Finding(changed, await _ask(server, changed, request), (line,))
        except ModelFailure:
            continue
    return None


def _joined(lines: Sequence[str], settings: ModelSettings) -> tuple[str, ...]:
    """Join what was found out about one setting to one line."""
    out: dict[str, str] = {}
    for line in lines:
        name = line.partition(" ")[0]
        if name == "omit":
            line = f"omit = {json.dumps(list(settings.omit))}"
        elif name == "rename":
            line = f"rename = {{{', '.join(f'{old} = {json.dumps(new)}' for old, new in settings.rename.items())}}}"
        out[name] = line
    return tuple(out.values())


def _suggested(settings: ModelSettings, pong: Reply) -> tuple[str, ...]:
    """Return lines that are worth having: the sampling that a family's makers recommend."""
    name = preset_for(settings.model) or preset_for(pong.model)
    chosen = settings.preset or settings.temperature is not None
    return () if name is None or chosen else (f'preset = "{name}"',)


async def offered(server: Server) -> list[str]:
    """Return the names of the models that a server lists; none if it does not say."""
    try:
        listed = await server.look_up("models")
    except ModelFailure:
        return []
    entries = listed.get("data") or listed.get("models") if isinstance(listed, Mapping) else listed
    named = [entry.get("id") or entry.get("name") for entry in entries or [] if isinstance(entry, Mapping)]
    return [str(name) for name in named if name]


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
        reply = await _ask(server, settings, request)
    except ModelFailure as failure:
        if failure.kind is FailureKind.QUOTA:
            raise
        return "no" if failure.kind in REFUSED else "unknown"
    if done(reply):
        return "yes"
    return "unknown" if _first(reply).truncated else "ignored"


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
