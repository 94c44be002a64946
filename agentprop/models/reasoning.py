"""An assistant message from a server → (answer, reasoning), wherever the server put the reasoning.

Seen in practice: `reasoning_content` (vLLM, SGLang, DeepSeek), `reasoning` (newer vLLM, Ollama, routers),
`reasoning_details` (routers), content in typed parts, and plain tags in the content. Tags may be complete, lack the
opening one (if the chat template wrote it), or lack the closing one (if the reply was cut off while thinking).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

TAGS = (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]"))
FIELDS = ("reasoning_content", "reasoning")
THINKING_PARTS = frozenset({"thinking", "reasoning", "reasoning.text", "reasoning.summary"})


def split(message: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Split a message into (answer, reasoning); the answer is None if the server gave none."""
    content = message.get("content")
    content = [content] if isinstance(content, Mapping) else content
    text, reasoning = _from_parts(content) if isinstance(content, list) else (content, None)
    apart = _named(message) or reasoning
    if apart is not None or not isinstance(text, str):
        return text, apart
    return split_tags(text)


def split_tags(text: str) -> tuple[str, str | None]:
    """Split a text that begins with reasoning in tags into (answer, reasoning)."""
    start = text.lstrip()
    for opening, closing in TAGS:
        if start.startswith(opening):
            reasoning, closed, answer = start[len(opening) :].partition(closing)
            return answer.lstrip("\n") if closed else "", reasoning.strip() or None
        if closing in start and opening not in start and _stands_alone(start, closing):
            reasoning, _, answer = start.partition(closing)
            return answer.lstrip("\n"), reasoning.strip() or None
    return text, None


def _stands_alone(text: str, closing: str) -> bool:
    """Return True if the closing tag begins or ends a line, so that it is not merely mentioned in the answer."""
    return re.search(rf"(?m)(?:^\s*{re.escape(closing)}|{re.escape(closing)}\s*$)", text) is not None


def _named(message: Mapping[str, Any]) -> str | None:
    for name in FIELDS:
        value = message.get(name)
        if isinstance(value, str) and value:
            return value
    details = message.get("reasoning_details")
    return _join(map(_text, details)) if isinstance(details, list) else None


def _from_parts(parts: list[Any]) -> tuple[str | None, str | None]:
    thinking = [_text(part) for part in parts if _is_thinking(part)]
    answer = [_text(part) for part in parts if not _is_thinking(part)]
    return _join(answer), _join(thinking)


def _is_thinking(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") in THINKING_PARTS


def _text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(map(_text, part))
    if not isinstance(part, Mapping):
        return ""
    return next((_text(part[name]) for name in ("text", "thinking", "reasoning", "summary") if part.get(name)), "")


def _join(texts: Iterable[str]) -> str | None:
    return "".join(texts) or None
