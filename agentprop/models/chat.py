"""A conversation and how to continue it → what came back: the records every role and every kind of model share.

Plain frozen dataclasses: thousands are made per second, and what comes from outside is checked where it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A native tool call, as the model wrote it."""

    id: str
    """The server's id of the call; the tool's answer names it."""
    name: str
    """Function called."""
    arguments: str
    """Arguments, JSON as the model wrote it: not necessarily valid."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call."""

    name: str
    """Function name."""
    description: str
    """What it does and when to use it."""
    parameters: Mapping[str, object]
    """JSON Schema of its arguments."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    """Who speaks."""
    text: str
    """What is said."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Calls an assistant made."""
    tool_call_id: str | None = None
    """The call a tool message answers."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn; None leaves a choice to the model's settings, then to the server."""

    temperature: float | None = None
    """0 is greedy."""
    top_p: float | None = None
    """Nucleus."""
    max_tokens: int | None = None
    """Most tokens of one reply, reasoning included."""
    seed: int | None = None
    """Seed of the draw, on servers that take one."""
    stop: tuple[str, ...] = ()
    """Texts that end a reply."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a model."""

    messages: tuple[Message, ...]
    """The conversation so far."""
    sampling: Sampling = Sampling()
    """How tokens are drawn."""
    n: int = 1
    """Independent replies wanted."""
    sample: int = 0
    """Number of the first reply wanted: equal requests with other numbers want other replies. No server is told."""
    tools: tuple[Tool, ...] = ()
    """Functions the model may call."""
    schema: Mapping[str, object] | None = None
    """JSON Schema the text must follow."""
    exact: bool = False
    """Ask for token ids and log-probs, where the model's settings say that its server gives them."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them."""

    prompt_tokens: int
    """Tokens of the prompt."""
    completion_tokens: int
    """Tokens generated, reasoning included, over all choices."""
    reasoning_tokens: int = 0
    """Those of the completion that were reasoning."""
    cached_tokens: int = 0
    """Those of the prompt that the server had in its own cache."""

    @property
    def total(self) -> int:
        """Tokens billed."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the replies to a request."""

    text: str
    """The answer, without the reasoning."""
    reasoning: str | None = None
    """The reasoning, wherever the server put it."""
    finish_reason: str | None = None
    """The server's word: stop, length, tool_calls, content_filter, …"""
    tool_calls: tuple[ToolCall, ...] = ()
    """Calls in the order of the server's indices, each once."""
    token_ids: tuple[int, ...] | None = None
    """Sampled token ids, where the server gives them."""
    logprobs: tuple[float, ...] | None = None
    """Log-probabilities (nats) of the sampled tokens; as long as `token_ids` where both are there."""

    @property
    def truncated(self) -> bool:
        """Whether the token limit cut the reply off: not an answer."""
        return self.finish_reason == "length"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for a request."""

    choices: tuple[Choice, ...]
    """At least one."""
    model: str
    """The model's name as the server reports it."""
    usage: Usage | None = None
    """Tokens; None where the server does not count."""
    prompt_token_ids: tuple[int, ...] | None = None
    """Token ids of the prompt, where the server gives them."""
    fingerprint: str | None = None
    """The server's version of the model, where it gives one."""
    cached: bool = False
    """Whether all of it was bought before: it cost nothing now."""
    attempts: int = 1
    """Exchanges that were needed; more than the requests sent means that some were retried."""
    duration_s: float = 0.0
    """Seconds from being sent to being read, retries and queueing not included."""

    @property
    def text(self) -> str:
        """The first choice's text."""
        return self.choices[0].text


class ChatModel(Protocol):
    """Whoever answers a conversation: a server, a local one, a script."""

    @property
    def identity(self) -> str:
        """Model and place, the same in every session: what records and cache keys name."""
        ...

    async def reply(self, request: Request) -> Reply:
        """Answer. Raises ModelFailure for this request alone, ModelOutage or BoundReached when it is over for all."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one exchange with a server brought, unread."""

    body: bytes
    """The response's body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The response's headers, where they say something."""


class Transport(Protocol):
    """What carries one request to a model and one response back; it neither retries nor waits."""

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """One exchange. Raises ModelFailure."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
