"""Requests and replies: the records that every role and every kind of model share.

They are plain frozen dataclasses because thousands are made per second; data from outside is checked where it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from agentprop.models.annealing import Annealing

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Native tool call, as the model wrote it."""

    id: str
    """The server's id of the call, which the tool's answer repeats."""
    name: str
    """Name of the called function."""
    arguments: str
    """Arguments as the model wrote them: JSON, not necessarily valid."""
    extra: str = ""
    """Other fields of the call as JSON, such as a signature of its reasoning, which the server wants back."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Function that a model may call."""

    name: str
    """Function name."""
    description: str
    """Description for the model: its purpose, and when to use it."""
    parameters: Mapping[str, object]
    """JSON Schema of its arguments."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    """Role of the speaker."""
    text: str
    """Text of the message."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Tool calls that an assistant made."""
    tool_call_id: str | None = None
    """Id of the call that a tool message answers."""
    echo: str = ""
    """Fields of the reply as JSON that go back with its tool calls: the reasoning, under the server's own names."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters; None leaves a choice to the model's settings, and then to the server."""

    temperature: float | None = None
    """Sampling temperature; 0 is greedy."""
    top_p: float | None = None
    """Nucleus (top-p)."""
    max_tokens: int | None = None
    """Most tokens of one reply, reasoning included."""
    seed: int | None = None
    """Seed of the draw, for servers that take one."""
    stop: tuple[str, ...] = ()
    """Texts that end a reply."""
    annealing: Annealing | None = None
    """Temperature that falls over the reply, in place of `temperature`; only models in this process know it."""


@dataclass(frozen=True, slots=True)
class Request:
    """Conversation to continue, and how."""

    messages: tuple[Message, ...]
    """The conversation so far."""
    sampling: Sampling = Sampling()
    """Sampling parameters."""
    n: int = 1
    """Number of independent replies."""
    sample: int = 0
    """Number of the first reply: equal requests with different numbers want different replies. It is part of the cache
    key and not sent to servers."""
    tools: tuple[Tool, ...] = ()
    """Functions that the model may call."""
    schema: Mapping[str, object] | None = None
    """JSON Schema that the text must follow."""
    exact: bool = False
    """Ask for token ids and log-probs, if the model's settings say that its server gives them."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts, as the server reports them."""

    prompt_tokens: int
    """Tokens of the prompt."""
    completion_tokens: int
    """Tokens generated, reasoning included, over all choices."""
    reasoning_tokens: int = 0
    """Tokens of the completion that were reasoning."""
    cached_tokens: int = 0
    """Tokens of the prompt that the server had in its own cache."""

    @property
    def total(self) -> int:
        """Number of tokens billed."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Choice:
    """One reply to a request."""

    text: str
    """Answer without the reasoning."""
    reasoning: str | None = None
    """Reasoning, wherever the server put it."""
    finish_reason: str | None = None
    """Finish reason in the server's words: stop, length, tool_calls, content_filter, …"""
    tool_calls: tuple[ToolCall, ...] = ()
    """Tool calls in the order of the server's indices, each once."""
    token_ids: tuple[int, ...] | None = None
    """Sampled token ids, if the server gives them."""
    logprobs: tuple[float, ...] | None = None
    """Log-probabilities (nats) of the sampled tokens; as many as `token_ids` if both are given."""
    echo: str = ""
    """With tool calls, the reasoning as JSON under the server's own names, to be sent back."""

    @property
    def truncated(self) -> bool:
        """The token limit cut the reply off, so it is not an answer."""
        return self.finish_reason == "length"


@dataclass(frozen=True, slots=True)
class Reply:
    """Replies to one request."""

    choices: tuple[Choice, ...]
    """Replies, at least one."""
    model: str
    """Name of the model that the server reports."""
    usage: Usage | None = None
    """Token counts; None if the server does not count."""
    prompt_token_ids: tuple[int, ...] | None = None
    """Token ids of the prompt, if the server gives them."""
    fingerprint: str | None = None
    """The server's version of the model, if it gives one."""
    withheld: int = 0
    """Number of further choices that came without a usable text: filtered, aborted or empty."""
    cached: bool = False
    """All of it came from the cache and cost nothing now."""
    attempts: int = 1
    """Number of exchanges with the server; more than the requests sent if some were retried."""
    duration_s: float = 0.0
    """Seconds from sending to reading, without retries and queueing."""

    @property
    def text(self) -> str:
        """Text of the first choice."""
        return self.choices[0].text


class ChatModel(Protocol):
    """Model that answers conversations: a server, a model in this process, or a script."""

    @property
    def identity(self) -> str:
        """Name and address of the model, the same in every session; records and cache keys use it."""
        ...

    async def reply(self, request: Request) -> Reply:
        """Answer a request. Raises ModelFailure if this request failed, ModelOutage or BoundReached if all will."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """Response of a server, not yet parsed."""

    body: bytes
    """Body of the response."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the response, if they matter."""


class Transport(Protocol):
    """Carrier of one request to a model and of one response back; it neither retries nor queues."""

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Exchange one request for one response. Raises ModelFailure."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
