"""Server-sent events of a streamed completion → the completion in one piece, as the same server would have sent it.

Deltas are joined field by field: texts are concatenated, tool calls by their index, log-probs and token ids appended,
and what is sent once (an id, a signature) is kept. So a reply that came in pieces is stored and read like any other.

    >>> events = b'data: {"choices":[{"delta":{"content":"4"}}]}\\n\\n'
    >>> events += b'data: {"choices":[{"delta":{"content":"2"},"finish_reason":"stop"}]}\\n\\ndata: [DONE]\\n\\n'
    >>> assembled(events)
    b'{"choices":[{"index":0,"message":{"role":"assistant","content":"42"},"finish_reason":"stop"}]}'
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from agentprop.models.chat import Exchange
from agentprop.models.complaints import is_error
from agentprop.models.failures import FailureKind, ModelFailure

DONE = "[DONE]"
ONCE = ("id", "model", "system_fingerprint", "prompt_token_ids", "usage", "x_groq", "service_tier")
"""Fields of a completion that a chunk may bring; the last one counts."""


def is_stream(body: bytes) -> bool:
    """Decide if a response is a stream of events, whether it was asked for or not."""
    start = body[:64].lstrip()
    if start.startswith(b"{"):
        return _is_lines(body)
    return start.startswith((b"data:", b"event:", b"id:", b": ", b":\n", b"retry:"))


def _is_lines(body: bytes) -> bool:
    """A stream without its `data:`, one chunk a line, as some proxies and the own interface of Ollama send it."""
    first = body.split(b"\n", 1)[0]
    return b'"delta"' in first or (b'"done":' in first and b'"done_reason"' not in first and b'"choices"' not in first)


def assembled(body: bytes) -> bytes:
    """Join a stream to one completion; an error in it is returned alone. Raises ModelFailure if it ended too early."""
    completion: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    whole = False
    for text in _events(body):
        if text.strip().upper() == DONE:
            whole = True
            break
        chunk = as_completion(_read(text))
        if is_error(chunk):
            return json.dumps(chunk, ensure_ascii=False).encode("utf-8", "surrogatepass")
        completion.update({name: chunk[name] for name in ONCE if chunk.get(name) is not None})
        for piece in chunk.get("choices") or ():
            whole = whole or bool(chunk.get("done"))
            _add(choices.setdefault(piece.get("index") or 0, {}), piece)
    if not choices or not (whole or all(choice.get("finish_reason") for choice in choices.values())):
        raise ModelFailure(FailureKind.CONNECTION, "the stream ended before the reply did", excerpt=_end(body))
    joined = [{"index": index, **_message(choice)} for index, choice in sorted(choices.items())]
    whole_one = {**completion, "choices": joined}
    return json.dumps(whole_one, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def exchange_of(body: bytes) -> Exchange:
    """Return the response of a server, streamed or not."""
    if is_stream(body) and b"data:" not in body:  # comments that kept the connection open, then the reply in one piece
        body = b"\n".join(line for line in body.splitlines() if not line.startswith(b":"))
    return Exchange(assembled(body) if is_stream(body) else body)


def _events(body: bytes) -> Iterator[str]:
    """Yield the data of each event; comments and other fields are left out."""
    lines: list[str] = []
    for line in [*body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if line.startswith("{") and not lines:
            yield line
        elif line.startswith("data:"):
            lines += [line[5:].removeprefix(" ")] if line[5:].strip() else []
            if len(lines) == 1 and lines[0].startswith("{") and lines[0].endswith("}"):
                yield lines.pop()  # whole in one line, and some servers leave no empty one between two
        elif not line and lines:
            yield "\n".join(lines)
            lines = []


def as_completion(data: dict[str, Any]) -> dict[str, Any]:
    """A reply of Ollama's own interface, or a chunk of one, as this one has it; anything else as it is.

    >>> as_completion({"message": {"content": "4"}, "done": False})
    {'choices': [{'index': 0, 'message': {'content': '4'}}], 'done': False}
    """
    message = data.get("message")
    if isinstance(data.get("response"), str) and "done" in data:
        message = {"role": "assistant", "content": data["response"]}
    if "choices" in data or not isinstance(message, Mapping) or not isinstance(data.get("done"), bool):
        return data
    choice: dict[str, Any] = {"index": 0, "message": message}
    told: dict[str, Any] = {"choices": [choice], "done": data["done"]}
    if data["done"]:
        reason = data.get("done_reason") or "stop"
        choice["finish_reason"] = "tool_calls" if reason == "stop" and message.get("tool_calls") else reason
    counted = {"prompt_tokens": data.get("prompt_eval_count"), "completion_tokens": data.get("eval_count")}
    if None not in counted.values():
        told["usage"] = counted
    return {**({"model": data["model"]} if isinstance(data.get("model"), str) else {}), **told}


def _read(text: str) -> dict[str, Any]:
    try:
        chunk = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        chunk = None
    if chunk is None and not text.startswith("{"):
        return {"error": {"message": text}}  # some servers tell an error in words alone
    if not isinstance(chunk, dict):
        raise ModelFailure(FailureKind.BAD_REPLY, f"the stream holds what is no chunk of a completion: {text[:300]}")
    return chunk


def _add(choice: dict[str, Any], piece: Mapping[str, Any]) -> None:
    """Add a chunk's part of one choice."""
    text = {"content": piece["text"]} if isinstance(piece.get("text"), str) else {}
    delta = piece.get("delta") or piece.get("message") or text
    message = choice.setdefault("message", {})
    for name, value in delta.items():
        if value is None:
            continue
        if name == "tool_calls":
            _add_calls(message.setdefault("tool_calls", {}), value)
        elif name == "role":
            message["role"] = value
        else:
            _join(message, name, value)
    for name in ("token_ids", "error"):
        if piece.get(name) is not None:
            _join(choice, name, piece[name])
    logprobs = piece.get("logprobs")
    for name in ("content", "token_logprobs"):
        if isinstance(logprobs, Mapping) and isinstance(logprobs.get(name), list):
            _join(choice.setdefault("logprobs", {}), name, logprobs[name])
    if piece.get("finish_reason") is not None:
        choice["finish_reason"] = piece["finish_reason"]


def _join(whole: dict[str, Any], name: str, value: Any) -> None:
    before = whole.get(name)
    if isinstance(before, str) and isinstance(value, str):
        whole[name] = f"{before}{value}"
    elif isinstance(before, list) and isinstance(value, list):
        whole[name] = [*before, *value]
    elif isinstance(before, dict) and isinstance(value, Mapping):
        for inner, part in value.items():
            _join(before, inner, part)
    else:
        whole[name] = dict(value) if isinstance(value, Mapping) else value


def _add_calls(calls: dict[int, dict[str, Any]], pieces: list[Mapping[str, Any]]) -> None:
    """Add parts of tool calls: those with an index go on, and one with a new id begins another."""
    for piece in pieces:
        index = piece.get("index")
        if not isinstance(index, int):
            index = max(calls, default=-1) + 1 if piece.get("id") or not calls else max(calls)
        free = index if index not in calls else max(calls) + 1
        key = max((k for k, call in calls.items() if call["index"] == index), default=free)
        key = max(calls) + 1 if _begins_another(calls.get(key), piece) else key
        call = calls.setdefault(key, {"index": index, "type": "function", "function": {"name": "", "arguments": ""}})
        function = piece.get("function") or {}
        for name, value in piece.items():
            if name in ("id", "type") and value:
                call[name] = value
            elif name not in ("id", "type", "index", "function") and value is not None:
                _join(call, name, value)
        for name, value in function.items():
            if name == "arguments" and isinstance(value, Mapping):
                value = json.dumps(value, ensure_ascii=False)
            if name == "name" and value and call["function"]["name"] == value:
                continue  # some servers repeat the name in every chunk
            if value is not None:
                _join(call["function"], name, value)


def _begins_another(call: Mapping[str, Any] | None, piece: Mapping[str, Any]) -> bool:
    """A call with another id and a name of its own under the same index, which some servers give to all of them."""
    named = isinstance(piece.get("function"), Mapping) and piece["function"].get("name")
    return bool(call and named and call.get("id") and piece.get("id") and piece["id"] != call["id"])


def _message(choice: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": None, **choice.pop("message", {})}
    calls = message.get("tool_calls")
    if calls:
        message["tool_calls"] = [call for _, call in sorted(calls.items())]
    return {"message": message, "finish_reason": None, **choice}


def _end(body: bytes) -> str:
    return " ".join(body[-300:].decode("utf-8", "replace").split())
