"""What was asked of a chat server and what it replied, as logs and batches keep them → a row with the chat.

Read are the bodies of three interfaces: `messages` and `choices` (OpenAI's chat completions), `input` and `output` (its
responses), `messages` and `content` (Anthropic's). A reply that was cut off, or one of several, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentprop.extraction.corpus.layout.shapes import is_chat
from agentprop.extraction.corpus.rows import Row

_REQUESTS, _REPLIES = ("request", "body"), ("response", "body")
"""The steps to a body, each of which may be left out."""
_CUT = {"finish_reason": "length", "stop_reason": "max_tokens", "status": "incomplete"}
"""How each interface says that a reply has no end."""


def as_chat(row: Row) -> Row:
    """A row of a request and its reply with the two as `messages`; any other row as it is."""
    request, reply = _body(row, _REQUESTS), _body(row, _REPLIES)
    asked: Any = request.get("messages") or request.get("input")
    asked = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    said = _reply(reply)
    if said is None or not is_chat(asked):
        return row
    kept = {name: value for name, value in row.items() if value is not request and value is not reply}
    kept = {name: value for name, value in kept.items() if name not in ("request", "response", "input", "output")}
    return {**kept, "messages": [*asked, *said]}


def _body(row: Mapping[str, Any], steps: tuple[str, ...]) -> Mapping[str, Any]:
    for step in steps:
        inner = row.get(step)
        row = inner if isinstance(inner, dict) else row
    return row


def _reply(body: Mapping[str, Any]) -> list[Row] | None:
    """The messages of a reply, none if it was cut off; None for what is no reply."""
    choices: Any = body.get("choices")
    output: Any = body.get("output")
    content: Any = body.get("content")
    if _is_list_of(choices, "message"):
        ends = [body, *choices]
        said = [choices[0]["message"]] if len(choices) == 1 else []
    elif _is_list_of(output, "type"):
        ends, said = [body], [item for item in output if item["type"] == "message"]
    elif _is_list_of(content, "type") and body.get("role") == "assistant":
        ends, said = [body], [{"role": "assistant", "content": content}]
    else:
        return None
    cut = any(one.get(name) == value for one in ends for name, value in _CUT.items())
    return [] if cut else said


def _is_list_of(value: Any, field: str) -> bool:
    """Whether a value is a list of objects that all have a field."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and field in one for one in value)
