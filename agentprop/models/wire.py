"""Requests → bodies of POST /chat/completions, and bodies of responses → replies.

A response that is not a chat completion is refused as BAD_REPLY; one that is merely unusual (no usage, no ids,
reasoning in odd places) is normalised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from agentprop.models import reasoning
from agentprop.models.chat import Choice, Exchange, Message, Reply, Request, Tool, ToolCall, Usage
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import InProcessSettings, ModelSettings

EXCERPT = 300
"""Characters of a bad response that an error quotes."""
WITHOUT_TEXT = frozenset({"length", "content_filter", "tool_calls", "function_call"})
"""Finish reasons of replies that may have no text."""


def body_of(request: Request, settings: ModelSettings) -> dict[str, Any]:
    """Return the body of a request; the `extra_body` of the settings takes precedence."""
    body: dict[str, Any] = {"model": settings.model, "messages": [_message(m) for m in request.messages]}
    sampling = request.sampling
    limit = sampling.max_tokens or settings.reply_tokens
    optional = {
        "temperature": settings.temperature if sampling.temperature is None else sampling.temperature,
        "top_p": settings.top_p if sampling.top_p is None else sampling.top_p,
        _limit_name(settings): limit,
        "seed": sampling.seed if settings.seed else None,
        "stop": list(sampling.stop) or None,
        "n": request.n if request.n > 1 else None,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "response_format": _format(request.schema) if request.schema is not None else None,
        "logprobs": True if request.exact and settings.logprobs else None,
        "return_token_ids": True if request.exact and settings.token_ids else None,
        "sample": request.sample if isinstance(settings, InProcessSettings) else None,
    }
    body.update({name: value for name, value in optional.items() if value is not None})
    body.update(settings.extra_body)
    return body


def canonical(body: Mapping[str, Any], identity: str, sample: int) -> bytes:
    """Return the normalised request: the same bytes for requests that ask the same of the same model."""
    parts = (identity, sample, body)
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "surrogatepass")


def read(exchange: Exchange) -> Reply:
    """Parse a response. Raises ModelFailure if it is an error or not a chat completion."""
    try:
        data = from_json(exchange.body)
    except ValueError as error:
        raise bad_reply(exchange.body, f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise bad_reply(exchange.body, "not a JSON object")
    if data.get("error"):
        raise _error_in_reply(data["error"], exchange.body)
    usage = _usage(data.get("usage"))
    try:
        return _reply(data, usage)
    except _Unreadable as fault:
        raise bad_reply(exchange.body, str(fault), usage) from None


def bad_reply(body: bytes, fault: str, usage: Usage | None = None) -> ModelFailure:
    """Return the failure for a response that is not a chat completion."""
    text = body[: EXCERPT * 4].decode("utf-8", "replace").strip()
    page = text[:100].lower()
    if page.startswith(("<!doctype", "<html")):
        fault = "an HTML page"
    excerpt = " ".join(text.split())[:EXCERPT]
    message = f"the response is no chat completion ({fault}): {excerpt or 'empty'}"
    return ModelFailure(FailureKind.BAD_REPLY, message, excerpt=excerpt, usage=usage)


class _Unreadable(ValueError):
    """Fault of a response that keeps it from being a chat completion."""


# --- request ---


def _message(message: Message) -> dict[str, Any]:
    out: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.tool_calls:
        out["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
        out["content"] = message.text or None
    if message.tool_call_id is not None:
        out["tool_call_id"] = message.tool_call_id
    return out


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _format(schema: Mapping[str, object]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": dict(schema), "strict": True}}


def _limit_name(settings: ModelSettings) -> str:
    newer = settings.completion_limit
    if newer is None:
        newer = "//api.openai.com/" in f"{settings.base_url}/"
    return "max_completion_tokens" if newer else "max_tokens"


# --- response ---


def _reply(data: Mapping[str, Any], usage: Usage | None) -> Reply:
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        raise _Unreadable("no choices")
    return Reply(
        choices=tuple(_choice(choice) for choice in _in_order(choices)),
        model=data["model"] if isinstance(data.get("model"), str) else "",
        usage=usage,
        prompt_token_ids=_ids(data.get("prompt_token_ids")),
        fingerprint=data["system_fingerprint"] if isinstance(data.get("system_fingerprint"), str) else None,
    )


def _in_order(items: list[Any]) -> list[Any]:
    """Sort items by their `index`, if all have one."""
    if len(items) == 1:
        return items
    if all(isinstance(item, Mapping) and isinstance(item.get("index"), int) for item in items):
        return sorted(items, key=lambda item: int(item["index"]))
    return items


def _choice(choice: Any) -> Choice:
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(message, Mapping):
        raise _Unreadable("a choice without a message")
    finish = choice.get("finish_reason")
    if finish is not None and not isinstance(finish, str):
        raise _Unreadable("a finish_reason that is not text")
    calls = _tool_calls(message.get("tool_calls"))
    text, thoughts = reasoning.split(message)
    if text is None and isinstance(message.get("refusal"), str):
        text = message["refusal"]
    if text is None and not calls and not thoughts and finish not in WITHOUT_TEXT:
        raise _Unreadable("content is null")
    if text is not None and not isinstance(text, str):
        raise _Unreadable("content is not text")
    ids = _ids(choice.get("token_ids"))
    return Choice(text or "", thoughts, finish, calls, ids, _logprobs(choice.get("logprobs"), ids))


def _tool_calls(calls: Any) -> tuple[ToolCall, ...]:
    """Read tool calls in order, each once: some servers repeat them, or send them in the order they finished."""
    if not calls:
        return ()
    if not isinstance(calls, list):
        raise _Unreadable("tool_calls is not a list")
    found: dict[str, ToolCall] = {}
    for position, call in enumerate(_in_order(calls)):
        read = _tool_call(call, position)
        if found.setdefault(read.id, read) != read:
            raise _Unreadable(f"two different tool calls with the id {read.id}")
    return tuple(found.values())


def _tool_call(call: Any, position: int) -> ToolCall:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise _Unreadable("a tool call without a function name")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments or {}, ensure_ascii=False)
    return ToolCall(str(call.get("id") or f"call_{position}"), function["name"], arguments)


def _ids(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return tuple(value)
    return None


def _logprobs(value: Any, ids: tuple[int, ...] | None) -> tuple[float, ...] | None:
    """Read one log-prob per sampled token; None if there are more or fewer than ids, since they would be misaligned."""
    content = value.get("content") if isinstance(value, Mapping) else None
    if not isinstance(content, list):
        return None
    found = [item.get("logprob") for item in content if isinstance(item, Mapping)]
    logprobs = tuple(float(value) for value in found if isinstance(value, int | float))
    expected = len(content) if ids is None else len(ids)
    return logprobs if len(logprobs) == expected else None


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, Mapping):
        return None
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if prompt is None or completion is None:
        return None
    details = usage.get("completion_tokens_details")
    thoughts = (_count(details, "reasoning_tokens") or 0) if isinstance(details, Mapping) else 0
    if thoughts and _count(usage, "total_tokens") == prompt + completion + thoughts:
        completion += thoughts  # a server that counts reasoning separately
    return Usage(prompt, completion, thoughts, _cached(usage))


def _cached(usage: Mapping[str, Any]) -> int:
    details = usage.get("prompt_tokens_details")
    found = _count(details, "cached_tokens") if isinstance(details, Mapping) else None
    return found or _count(usage, "prompt_cache_hit_tokens") or 0


def _count(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    return value if isinstance(value, int) and value >= 0 else None


def _error_in_reply(error: Any, body: bytes) -> ModelFailure:
    """Return the failure for an error that came with status 200, as some routers send it."""
    found = error if isinstance(error, Mapping) else {"message": str(error)}
    code = found.get("code")
    status = int(code) if isinstance(code, int | str) and str(code).isdigit() else 502
    return failure_of_status(status, str(found.get("message") or "error")[:EXCERPT], found.get("code"))


def failure_of_status(
    status: int, message: str, code: object = None, *, retry_after_s: float | None = None, excerpt: str = ""
) -> ModelFailure:
    """Return the failure for an HTTP status that is not a success."""
    kind = kind_of_status(status, f"{code or ''} {message}".lower())
    said = f"status {status}: {message}"
    return ModelFailure(kind, said, status=status, retry_after_s=retry_after_s, excerpt=excerpt or message)


def kind_of_status(status: int, text: str) -> FailureKind:
    """Return the kind of failure for a status and the server's text, in lower case."""
    if status == 402 or "insufficient_quota" in text or "insufficient balance" in text:
        return FailureKind.QUOTA
    if status == 429:
        return FailureKind.RATE_LIMIT
    if status in (401, 403):
        return FailureKind.UNAUTHORISED
    if status == 404:
        return FailureKind.NOT_FOUND
    if status in (408, 504, 524):
        return FailureKind.TIMEOUT
    if status >= 500:
        return FailureKind.SERVER
    if any(phrase in text for phrase in OVERFLOW):
        return FailureKind.CONTEXT_OVERFLOW
    return FailureKind.REJECTED


OVERFLOW = (
    "context_length_exceeded",
    "maximum context length",
    "context length",
    "context window",
    "maximum model length",
    "prompt is too long",
    "input is too long",
    "too many tokens",
)
"""Phrases by which servers say that a conversation is too long."""
