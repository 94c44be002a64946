"""Requests → bodies of POST /chat/completions, and bodies of responses → replies.

A response that is not a chat completion is refused as BAD_REPLY; one that is merely unusual (no usage, no ids,
reasoning in odd places, invalid UTF-8) is normalised. A choice that the server broke off, withheld or left empty is no
reply; if there is no other one, the response is a failure and is not stored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_core import from_json

from agentprop.models import reasoning
from agentprop.models.chat import Choice, Exchange, Message, Reply, Request, Sampling, Tool, ToolCall, Usage
from agentprop.models.complaints import EXCERPT, complaint_of, failure_of, is_error, page_title
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import InProcessSettings, ModelSettings
from agentprop.models.streams import as_completion

BROKEN_OFF = frozenset({
    "error", "abort", "aborted", "cancelled", "canceled", "timeout", "failed", "unknown_error", "interrupted",
    "incomplete", "insufficient_system_resource", "network_error", "server_error", "engine_error",
    "malformed_function_call",
})  # fmt: skip
"""Finish reasons of replies that the server did not finish."""
CUT_OFF = frozenset({
    "length", "max_tokens", "max_output_tokens", "max_length", "model_length", "model_context_window_exceeded",
    "token_limit",
})  # fmt: skip
"""Finish reasons of replies that a limit cut off; they are kept as `length`."""
WITHHELD = frozenset({
    "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
    "sensitive", "refused", "refusal", "guardrail_intervened", "moderation",
})  # fmt: skip
"""Finish reasons of replies that the server's filter withheld."""
ECHOED = (
    "reasoning_content", "reasoning", "reasoning_details", "thinking_blocks", "thought_signature", "extra_content",
)  # fmt: skip
"""Fields in which servers put reasoning that they want back with the tool calls."""
CALL_FIELDS = frozenset({"id", "type", "index", "function", "custom"})
CACHED = ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens")
"""Fields of a usage in which servers count the tokens of the prompt that they had cached."""
SURROGATE = re.compile("[\ud800-\udfff]")


def body_of(request: Request, settings: ModelSettings) -> dict[str, Any]:
    """Return the body of a request; the `extra_body` of the settings takes precedence."""
    body: dict[str, Any] = {"model": settings.model, "messages": _messages(request.messages, settings)}
    sampling = request.sampling
    limit = sampling.max_tokens or settings.reply_tokens
    optional = {
        "temperature": _chosen(sampling.temperature, "temperature", settings),
        "top_p": _chosen(sampling.top_p, "top_p", settings),
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
    if settings.stream:
        body.update(stream=True, stream_options={"include_usage": True})
    if settings.preset is not None:
        body.update(_preset_body(settings))
    body.update(settings.extra_body)
    for name in settings.omit:
        body.pop(name, None)
    for old, new in settings.rename.items():
        if old in body:
            body[new] = body.pop(old)
    return body


def sampling_of(sampling: Sampling, settings: ModelSettings) -> dict[str, Any]:
    """Return the sampling that a server is really sent, as records state it; what is left out is null."""
    body = body_of(Request((), sampling), settings)

    def sent(name: str) -> Any:
        return body.get(settings.rename.get(name, name))

    told = {"temperature": sent("temperature"), "top_p": sent("top_p"), "max_tokens": sent(_limit_name(settings))}
    seed = {"seed": sent("seed")} if sampling.seed is not None else {}
    extra = {name: value for name, value in {**_preset_body(settings), **settings.extra_body}.items() if name in body}
    return {**told, **seed, **({"extra_body": extra} if extra else {})}


def canonical(body: Mapping[str, Any], identity: str, sample: int) -> bytes:
    """Return the normalised request: the same bytes for requests that ask the same of the same model."""
    parts = (identity, sample, body)
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "surrogatepass")


def read(exchange: Exchange) -> Reply:
    """Parse a response. Raises ModelFailure if it is an error or not a chat completion."""
    data = _parsed(exchange.body)
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict):
        raise bad_reply(exchange.body, "not a JSON object")
    inner = data.get("data")
    if not data.get("choices") and isinstance(inner, Mapping) and inner.get("choices"):
        data = dict(inner)  # a gateway's own envelope
    data = as_completion(data)
    if is_error(data):
        raise failure_of(complaint_of(data, 200))
    usage = _usage(data.get("usage"))
    try:
        return _reply(data, usage)
    except _Unreadable as fault:
        raise bad_reply(exchange.body, str(fault), usage) from None


def _parsed(body: bytes) -> Any:
    """Parse JSON; bytes and escapes that are no text are read as U+FFFD, because the reply was paid for."""
    try:
        return from_json(body)
    except ValueError as error:
        try:
            return _without_surrogates(json.loads(body.decode("utf-8-sig", "replace"), strict=False))
        except (ValueError, RecursionError):
            raise bad_reply(body, f"not JSON: {error}") from None


def _without_surrogates(node: Any) -> Any:
    if isinstance(node, str):
        return SURROGATE.sub("\ufffd", node)
    if isinstance(node, dict):
        return {_without_surrogates(key): _without_surrogates(value) for key, value in node.items()}
    return [_without_surrogates(item) for item in node] if isinstance(node, list) else node


def bad_reply(body: bytes, fault: str, usage: Usage | None = None) -> ModelFailure:
    """Return the failure for a response that is not a chat completion."""
    text = body[: EXCERPT * 4].decode("utf-8", "replace").strip()
    if text[:100].lower().startswith(("<!doctype", "<html")):
        fault = "an HTML page"
    excerpt = " ".join((page_title(text) or text).split())[:EXCERPT]
    message = f"the response is no chat completion ({fault}): {excerpt or 'empty'}"
    return ModelFailure(FailureKind.BAD_REPLY, message, excerpt=excerpt, usage=usage)


class _Unreadable(ValueError):
    """Fault of a response that keeps it from being a chat completion."""


# --- request ---


def _messages(messages: Sequence[Message], settings: ModelSettings) -> list[dict[str, Any]]:
    if settings.system == "fold":
        messages = folded(messages)
    return [_message(message, settings.echo_reasoning) for message in messages]


def folded(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Put system messages before the next user message, and join messages of one side that follow each other."""
    out: list[Message] = []
    for message in messages:
        one = replace(message, role="user") if message.role == "system" else message
        if out and one.role == "user" == out[-1].role:
            out[-1] = replace(out[-1], text=f"{out[-1].text}\n\n{one.text}")
        else:
            out.append(one)
    return tuple(out)


def _preset_body(settings: ModelSettings) -> Mapping[str, Any]:
    """Return the further fields of the preset."""
    return {} if settings.preset is None else settings.recommended.get("extra_body", {})


def _chosen(asked: float | None, name: str, settings: ModelSettings) -> Any:
    """Return a sampling parameter: the request's, or the settings', or the preset's."""
    if asked is not None:
        return asked
    own = getattr(settings, name)
    return settings.recommended.get(name) if own is None and settings.preset is not None else own


def _message(message: Message, echo: bool) -> dict[str, Any]:
    out: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.tool_calls:
        out["tool_calls"] = [_call(call, echo) for call in message.tool_calls]
        out["content"] = message.text or None
        if echo and message.echo:
            out.update(json.loads(message.echo))
    if message.tool_call_id is not None:
        out["tool_call_id"] = message.tool_call_id
    return out


def _call(call: ToolCall, echo: bool) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    extra = json.loads(call.extra) if echo and call.extra else {}
    return {**extra, "id": call.id, "type": "function", "function": {**extra.get("function", {}), **function}}


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
    found, faults = _usable(choices, usage)
    if not found:
        raise faults[0]
    return Reply(
        choices=found,
        withheld=len(faults),
        model=data["model"] if isinstance(data.get("model"), str) else "",
        usage=usage,
        prompt_token_ids=_ids(data.get("prompt_token_ids")),
        fingerprint=data["system_fingerprint"] if isinstance(data.get("system_fingerprint"), str) else None,
    )


def _usable(choices: list[Any], usage: Usage | None) -> tuple[tuple[Choice, ...], list[ModelFailure]]:
    """Tell the choices that are replies from those that are not, with what is wrong with these."""
    found: list[Choice] = []
    faults: list[ModelFailure] = []
    for choice in _in_order(choices):
        fault = _broken(choice, usage)
        if fault is None:
            one = _choice(choice)
            fault = _empty(one, usage)
        if fault is None:
            found.append(one)
        else:
            faults.append(fault)
    return tuple(found), faults


def _broken(choice: Any, usage: Usage | None) -> ModelFailure | None:
    """Return the failure of a choice that the server broke off or withheld, by its own account."""
    if not isinstance(choice, Mapping):
        return None
    message, finish = choice.get("message"), choice.get("finish_reason")
    error = choice.get("error") or (message.get("error") if isinstance(message, Mapping) else None)
    if not error and (finish is None or finish == "stop"):
        return None
    words = set(re.findall(r"\w+", finish.lower())) if isinstance(finish, str) else set()
    if error:
        failure = failure_of(complaint_of({"error": error}, 200))
        failure.usage = usage
        return failure
    if words & WITHHELD:
        return ModelFailure(FailureKind.FILTERED, f"the server withheld the reply ({finish})", usage=usage)
    if words & BROKEN_OFF:
        return ModelFailure(FailureKind.BAD_REPLY, f"the server broke the reply off ({finish})", usage=usage)
    return None


def _empty(choice: Choice, usage: Usage | None) -> ModelFailure | None:
    if (choice.text and not choice.text.isspace()) or choice.reasoning or choice.tool_calls or choice.truncated:
        return None
    told = f"finish reason {choice.finish_reason}" if choice.finish_reason else "no finish reason"
    return ModelFailure(FailureKind.EMPTY, f"the reply is empty ({told})", usage=usage)


def _in_order(items: list[Any]) -> list[Any]:
    """Sort items by their `index`, if all have one."""
    if len(items) == 1:
        return items
    if all(isinstance(item, Mapping) and isinstance(item.get("index"), int) for item in items):
        return sorted(items, key=lambda item: int(item["index"]))
    return items


def _choice(choice: Any) -> Choice:
    message = _said(choice) if isinstance(choice, Mapping) else None
    if not isinstance(message, Mapping):
        raise _Unreadable("a choice without a message")
    finish = choice.get("finish_reason")
    finish = finish.get("type") if isinstance(finish, Mapping) else finish
    if finish is not None and not isinstance(finish, str):
        raise _Unreadable("a finish_reason that is not text")
    finish = "length" if finish is not None and finish.lower() in CUT_OFF else finish
    calls = _tool_calls(message.get("tool_calls") or _old_call(message))
    text, thoughts = reasoning.split(message)
    if not text and isinstance(message.get("refusal"), str):
        text = message["refusal"]
    if text is not None and not isinstance(text, str):
        raise _Unreadable("content is not text")
    ids = _ids(choice.get("token_ids"))
    logprobs = _logprobs(choice.get("logprobs"), ids)
    return Choice(text or "", thoughts, finish, calls, ids, logprobs, _echo(message) if calls else "")


def _said(choice: Mapping[str, Any]) -> Any:
    """Return the message of a choice, also of a server that calls it a delta or answers with a text alone."""
    if "message" not in choice and isinstance(choice.get("text"), str):
        return {"content": choice["text"]}
    return choice.get("message", choice.get("delta"))


def _echo(message: Mapping[str, Any]) -> str:
    """Return the reasoning of a reply as it goes back, under the server's own names."""
    found = {name: message[name] for name in ECHOED if message.get(name)}
    return json.dumps(found, ensure_ascii=False, sort_keys=True) if found else ""


def _old_call(message: Mapping[str, Any]) -> list[Any] | None:
    """Return the call of a server that knows only the older form, of one function."""
    call = message.get("function_call")
    return [{"function": call}] if isinstance(call, Mapping) else None


def _tool_calls(calls: Any) -> tuple[ToolCall, ...]:
    """Read tool calls in order, each once: some servers repeat them, or send them in the order they finished."""
    if not calls:
        return ()
    if isinstance(calls, Mapping):
        calls = [calls]
    if not isinstance(calls, list):
        raise _Unreadable("tool_calls is not a list")
    found: dict[str, ToolCall] = {}
    for position, call in enumerate(_in_order(calls)):
        read = _tool_call(call, position)
        if found.setdefault(read.id, read) != read:
            raise _Unreadable(f"two different tool calls with the id {read.id}")
    return tuple(found.values())


def _tool_call(call: Any, position: int) -> ToolCall:
    function = call.get("function") or call.get("custom") or call if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise _Unreadable("a tool call without a function name")
    arguments = function.get("arguments", function.get("input"))
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments or {}, ensure_ascii=False)
    inner = {name: value for name, value in function.items() if name not in ("name", "arguments", "input") and value}
    extra = {name: value for name, value in call.items() if name not in CALL_FIELDS and value}
    if function is call:
        inner, extra = {}, {}
    kept = {**extra, **({"function": inner} if inner else {})}
    told = json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else ""
    return ToolCall(str(call.get("id") or f"call_{position}"), function["name"], arguments, told)


def _ids(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return tuple(value)
    return None


def _logprobs(value: Any, ids: tuple[int, ...] | None) -> tuple[float, ...] | None:
    """Read one log-prob per sampled token; None if there are more or fewer than ids, since they would be misaligned."""
    given = value if isinstance(value, Mapping) else {}
    content, older = given.get("content"), given.get("token_logprobs")
    if isinstance(content, list):
        found = [item.get("logprob") for item in content if isinstance(item, Mapping)]
    elif isinstance(older, list):  # as the older form of completions has them
        content = found = older
    else:
        return None
    logprobs = tuple(float(value) for value in found if isinstance(value, int | float))
    expected = len(content) if ids is None else len(ids)
    return logprobs if len(logprobs) == expected else None


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, Mapping):
        return None
    prompt = _count(usage, "prompt_tokens" if "prompt_tokens" in usage else "input_tokens")
    completion = _count(usage, "completion_tokens" if "completion_tokens" in usage else "output_tokens")
    if prompt is None or completion is None:
        return None
    details = usage.get("completion_tokens_details")
    thoughts = (_count(details, "reasoning_tokens") or 0) if isinstance(details, Mapping) else 0
    beyond = (_count(usage, "total_tokens") or 0) - prompt - completion
    if beyond > 0:  # tokens that only the total counts: reasoning, at servers that count it separately
        completion, thoughts = completion + beyond, thoughts or beyond
    if not prompt and not completion:  # no prompt has no tokens, so nothing was counted
        return None
    return Usage(prompt, completion, thoughts, min(prompt, _cached(usage)))


def _cached(usage: Mapping[str, Any]) -> int:
    details = usage.get("prompt_tokens_details")
    found = _count(details, "cached_tokens") if isinstance(details, Mapping) else None
    if found:
        return found
    for name in CACHED:
        if name in usage:
            return _count(usage, name) or 0
    return 0


def _count(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    if isinstance(value, str | float) and re.fullmatch(r"\d{1,12}(?:\.0+)?", str(value)):
        return int(float(value))
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
