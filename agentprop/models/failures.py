"""Kinds of failure of a request to a model, kept apart because each needs a different reaction.

What a server's error means is read from the table `failures.toml` by `complaints`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from agentprop.errors import AgentpropError
from agentprop.models.chat import Usage

Result = TypeVar("Result")


class Scope(StrEnum):
    """What a failure says something about, and so who has to react."""

    CONVERSATION = "this conversation"
    """It will not be answered; others will."""
    REQUEST = "this request again"
    """The same request may succeed."""
    ENDPOINT = "this endpoint down"
    """The server does not work for now."""
    MONEY = "no money"
    """No request will be answered until the account has credit."""
    CONFIGURATION = "wrong configuration"
    """No request will be answered until a setting is changed."""


class FailureKind(StrEnum):
    """Kind of failure."""

    RATE_LIMIT = "rate_limit"
    """429: too many requests for now."""
    SERVER = "server"
    """5xx: the server is broken or overloaded."""
    TIMEOUT = "timeout"
    """No complete response within the time-out of one exchange."""
    CONNECTION = "connection"
    """Refused, reset or closed."""
    BAD_REPLY = "bad_reply"
    """A response that is not a chat completion, or a generation that the server itself calls failed."""
    EMPTY = "empty"
    """A reply without text, reasoning or tool calls."""
    FILTERED = "filtered"
    """A reply that the server's content filter withheld."""
    CONTEXT_OVERFLOW = "context_overflow"
    """The conversation is longer than the model's context, or than the account may ever send at once."""
    REFUSED = "refused"
    """The server's moderation does not let this conversation pass."""
    REJECTED = "rejected"
    """400, 422, …: the server does not accept this request, for a reason that is not known to us."""
    UNSUPPORTED = "unsupported"
    """The server does not take requests of this form: a parameter, a role, replies in one piece."""
    UNAUTHORISED = "unauthorised"
    """401, 403: the key is missing, wrong, or not allowed."""
    NOT_FOUND = "not_found"
    """404: no such address or model."""
    QUOTA = "quota"
    """The account has no credit left."""


SCOPES: Mapping[FailureKind, Scope] = {
    FailureKind.RATE_LIMIT: Scope.REQUEST,
    FailureKind.SERVER: Scope.ENDPOINT,
    FailureKind.TIMEOUT: Scope.REQUEST,
    FailureKind.CONNECTION: Scope.ENDPOINT,
    FailureKind.BAD_REPLY: Scope.REQUEST,
    FailureKind.EMPTY: Scope.REQUEST,
    FailureKind.FILTERED: Scope.REQUEST,
    FailureKind.CONTEXT_OVERFLOW: Scope.CONVERSATION,
    FailureKind.REFUSED: Scope.CONVERSATION,
    FailureKind.REJECTED: Scope.CONVERSATION,
    FailureKind.UNSUPPORTED: Scope.CONFIGURATION,
    FailureKind.UNAUTHORISED: Scope.CONFIGURATION,
    FailureKind.NOT_FOUND: Scope.CONFIGURATION,
    FailureKind.QUOTA: Scope.MONEY,
}
HOPELESS = frozenset({FailureKind.UNAUTHORISED, FailureKind.NOT_FOUND, FailureKind.QUOTA})
"""Failures that every further request would meet as well."""

_HINTS = {
    FailureKind.RATE_LIMIT: "lower max_concurrency, or set rpm and tpm for the model in agentprop.toml",
    FailureKind.SERVER: "read the server's log; the same command resumes",
    FailureKind.TIMEOUT: "raise timeout_s for the model in agentprop.toml, or lower max_concurrency or reply_tokens",
    FailureKind.CONNECTION: "check base_url and that the server is up; the same command resumes",
    FailureKind.BAD_REPLY: "check that base_url is the root of an OpenAI-compatible API, usually ending in /v1",
    FailureKind.EMPTY: "`agentprop check-models` shows what the model replies; raise reply_tokens if it thinks",
    FailureKind.FILTERED: "use another model or account, or leave these problems out",
    FailureKind.CONTEXT_OVERFLOW: "use a model with a longer context, or lower reply_tokens",
    FailureKind.REFUSED: "use another model or account, or leave these problems out",
    FailureKind.REJECTED: "`agentprop check-models` shows what the server supports",
    FailureKind.UNSUPPORTED: "`agentprop check-models` finds out what the server takes, and prints the lines for it",
    FailureKind.UNAUTHORISED: "name the variable that holds the key as api_key_env of the model in agentprop.toml",
    FailureKind.NOT_FOUND: "check the model's name and base_url; `agentprop check-models` shows what the server offers",
    FailureKind.QUOTA: "add credit to the account, or use another model; the same command resumes",
}


class ModelFailure(AgentpropError):
    """Failure of one request, or of one attempt at it."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        excerpt: str = "",
        usage: Usage | None = None,
        advice: str | None = None,
    ) -> None:
        hint = f"set for this model in agentprop.toml: {advice}" if advice else _HINTS[kind]
        super().__init__(message, hint=hint)
        self.kind = kind
        self.status = status
        self.retry_after_s = retry_after_s
        self.excerpt = excerpt
        self.usage = usage
        self.advice = advice
        """Line of the model's settings that would mend it."""
        self.attempts = 1

    @property
    def scope(self) -> Scope:
        """What it says something about."""
        return SCOPES[self.kind]


class ModelOutage(AgentpropError):
    """A model that answers no request any more: the run stops early, and finished work is kept."""

    def __init__(self, message: str, *, cause: ModelFailure) -> None:
        super().__init__(message, hint=cause.hint)
        self.kind = cause.kind


async def all_of(requests: Iterable[Awaitable[Result]]) -> list[Result]:
    """Return the results of requests made together, after all have ended: each of them is paid for.

    If some fail, raises the exception that ends the run (an outage, a bound) before one that fails a single request.
    """
    found = await asyncio.gather(*requests, return_exceptions=True)
    failures = [outcome for outcome in found if isinstance(outcome, BaseException)]
    if failures:
        raise min(failures, key=lambda failure: isinstance(failure, ModelFailure))
    return [outcome for outcome in found if not isinstance(outcome, BaseException)]
