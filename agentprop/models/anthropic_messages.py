"""Bodies of chat completions ↔ parameters and messages of Anthropic's Messages API.

    >>> params_of({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9, "stop": ["x"]})
    {'model': 'm', 'messages': [{'role': 'user', 'content': 'Hi'}], 'max_tokens': 9, 'stop_sequences': ['x']}

Requests with tools are not translated, because no stage that asks in batches makes any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

REPLY_TOKENS = 8192
"""Limit of a reply if nothing sets one: the API wants one."""
LIMITS = ("max_tokens", "max_completion_tokens")
UNKNOWN = frozenset({"n", "seed", "stream", "stream_options", "logprobs", "return_token_ids", *LIMITS})
"""Fields of a chat completion that have no counterpart under their own name."""
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "pause_turn": "aborted",
}
"""Stop reason of a message → finish reason of a choice."""
PROMPT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
"""Counts that make up the tokens of a prompt; the first one is of those that the cache had no part in."""


def params_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the body of a chat completion; fields of Anthropic's own, from `extra_body`, stay as they are."""
    params: dict[str, Any] = {}
    for name, value in body.items():
        if name == "messages":
            params.update(_messages(value))
        elif name == "stop":
            params["stop_sequences"] = [value] if isinstance(value, str) else list(value)
        elif name == "response_format":
            params["output_config"] = {**params.get("output_config", {}), "format": _format(value)}
        elif name == "output_config":
            params[name] = {**params.get(name, {}), **value}
        elif name in LIMITS:
            params["max_tokens"] = value
        elif name not in UNKNOWN:
            params[name] = value
    return {**params, "max_tokens": params.get("max_tokens", REPLY_TOKENS)}


def _messages(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell the system's messages, which go into a field of their own, from the others."""
    told = "\n\n".join(one["content"] for one in messages if one["role"] == "system")
    others = [{"role": one["role"], "content": one["content"]} for one in messages if one["role"] != "system"]
    return {**({"system": told} if told else {}), "messages": others}


def _format(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "schema": asked["json_schema"]["schema"]}


def completion_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a message into the body of a chat completion with one choice.

    >>> said = {"model": "m", "content": [{"type": "text", "text": "4"}], "stop_reason": "end_turn"}
    >>> completion_of(said)["choices"][0]["message"]["content"]
    '4'
    """
    stop = message.get("stop_reason")
    said: dict[str, Any] = {"role": "assistant", "content": "".join(_parts(message, "text"))}
    thoughts = "\n\n".join(_parts(message, "thinking"))
    if thoughts:
        said["reasoning_content"] = thoughts
    choice = {"index": 0, "finish_reason": FINISH.get(stop, stop) if isinstance(stop, str) else None, "message": said}
    found = {"id": message.get("id"), "model": message.get("model"), "choices": [choice]}
    usage = message.get("usage")
    return {**found, "usage": _usage(usage)} if isinstance(usage, Mapping) else found


def _parts(message: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Yield the texts of the blocks of a kind."""
    for block in message.get("content") or ():
        if isinstance(block, Mapping) and block.get("type") == kind and isinstance(block.get(kind), str):
            yield block[kind]


def _usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    prompt = sum(usage.get(name) or 0 for name in PROMPT)
    cached = usage.get("cache_read_input_tokens") or 0
    counts = {"prompt_tokens": prompt, "completion_tokens": usage.get("output_tokens")}
    return {**counts, "prompt_tokens_details": {"cached_tokens": cached}}
