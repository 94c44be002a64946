"""What a value looks like: a chat, code, a question, a worked solution, a number, a letter, data written as text."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from agentprop.extraction.corpus.layout.names import plain, vocabulary

MAX_PACKED = 1 << 20
"""Longest text that is tried as data, in characters; of a Python literal a tenth."""
_PACKED = re.compile(r"\s*(?:\[\s*[\"'\[{]|\{\s*[\"'])")
_ARRAY = re.compile(r"\barray\((\[[^\[\]]*\])(?:,\s*dtype=[\w<>]+)?\)")
_BETWEEN_QUOTES = re.compile(r"(?<=[\"'])\s+(?=[\"'])")
"""Arrays as pandas writes them into a cell: `array(['3', '4'], dtype=object)`, `['3' '4']`."""
_CODE = re.compile(
    r"^(?:```|def \w+\(|print\(|class \w+|import \w+|from [\w.]+ import |#include\b|public \w+|function \w+\(|@\w+|"
    r"async def )",
    re.M,
)
_STATEMENT = re.compile(r"^\s+(?:return\b|for \w+.* in |if .*:$|while .*:$)", re.M)
_ASKING = re.compile(
    r"[?？]|_{3,}|\b(?:find|compute|calculate|determine|evaluate|solve|simplify|prove|show that|what|how|which|write|"
    r"express|factor|convert|estimate|given that)\b",
    re.IGNORECASE,
)
_ARITHMETIC = re.compile(r"[\d).}][ \t]*[-+*/^=·×÷][ \t]*[\d(.$\\{]|[xX] ?=|\b(?:add|subtract|multiply|divide)\(")
_NUMBER = re.compile(r"\s*[-+$]?\s*\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?\s*%?\s*")
_ROLE, _SAID = ("role", "from", "speaker", "author"), ("content", "value", "text", "message", "parts", "ground_truth")


class Chat(NamedTuple):
    """A conversation with one question."""

    system: str
    """What the model was told to be."""
    question: str
    """The last turn of the user before the first answer."""
    solution: str
    """The answer."""
    place: int
    """Position of the question among the messages."""
    asked: int
    """Questions that were answered, or wait for an answer; more than one is no problem of its own."""


def unpacked(value: Any) -> Any:
    """Data that was written into a text, as JSON or as a Python literal, entered; anything else as it is.

    Only objects and lists of texts, lists or objects are data: `[2, 5]` may be an interval.
    """
    if not isinstance(value, str) or len(value) > MAX_PACKED or not _PACKED.match(value):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = _literal(_BETWEEN_QUOTES.sub(", ", _ARRAY.sub(r"\1", value)))
    if isinstance(found, dict) and found:
        return found
    return found if isinstance(found, list) and found and isinstance(found[0], str | dict | list) else value


def _literal(text: str) -> Any:
    if len(text) > MAX_PACKED // 10:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def text_of(value: Any) -> str:
    """A field as text: lists of texts and numbers a line each, numbers and dates written out; else nothing."""
    if isinstance(value, str):
        text = _of_bytes(value) if value[:2] in ("b'", 'b"') else value
        return text.replace("\r\n", "\n") if "\r" in text else text
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return "\n".join(text_of(item) for item in value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "ignore")
    return value.isoformat() if isinstance(value, date | datetime | time) else ""


def _of_bytes(text: str) -> str:
    """The text of bytes that were written out as Python shows them, `b'Solve it.\\n'`; any other text as it is."""
    found = _literal(text)
    return found.decode("utf-8", "replace").strip() if isinstance(found, bytes) else text


def number_text(value: float) -> str:
    """A float as people write it: 51.0 is 51; what is no number is nothing."""
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


# --- chats ---


def is_chat(value: Any) -> bool:
    """Whether a value is a list of messages with a speaker each."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict) or _speaker(value[0]) is None:
        return False
    return any(
        isinstance(one, dict) and _speaker(one) not in (None, "tool") for one in value
    )  # authors are no speakers


def _speaker(message: Mapping[str, Any]) -> str | None:
    """user, assistant, system or tool; None for what is no message."""
    if not any(name in message for name in _SAID):
        return None
    role = next((message[name] for name in _ROLE if isinstance(message.get(name), str)), None)
    if role is None:
        return None
    found = plain(role)
    return next((who for who in ("user", "assistant", "system") if found in vocabulary(who)), "tool")


def _said(message: Mapping[str, Any]) -> str:
    content = next((message[name] for name in _SAID if message.get(name) is not None), "")
    if isinstance(content, dict):
        return _said(content)
    if isinstance(content, list):  # parts, of which some may be images
        return "\n".join(filter(None, (_said(part) for part in content if isinstance(part, dict))))
    return text_of(content)


def read_chat(messages: Any) -> Chat:
    """A list of messages as its question and answer."""
    turns = [(_speaker(one), _said(one)) for one in messages if isinstance(one, dict)]
    speakers = [who for who, _ in turns]
    first = speakers.index("assistant") if "assistant" in speakers else len(turns)
    place = max((i for i in range(first) if speakers[i] == "user"), default=-1)
    later = [i for i in range(first, len(turns)) if speakers[i] == "user"]
    answered = [said for who, said in turns[first : later[0] if later else None] if who == "assistant"]
    return Chat(
        system="\n".join(said for who, said in turns if who == "system"),
        question=turns[place][1] if place >= 0 else "",
        solution="\n".join(filter(None, answered)),
        place=place,
        asked=(place >= 0) + len(later),
    )


def said_last(messages: Any) -> str:
    """The reply that a list of messages ends in; nothing if it ends otherwise."""
    last = messages[-1]
    return _said(last) if isinstance(last, dict) and _speaker(last) == "assistant" else ""


# --- texts ---


def is_code(text: str) -> bool:
    """Whether a text is a program, or the body of a function; a worked solution may only hold some."""
    if "```" in text and ("\\boxed" in text or "```output" in text):
        return False
    return bool(_CODE.search(text)) or len(_STATEMENT.findall(text)) > 1 or text.startswith("    return ")


def is_data(text: str) -> bool:
    """Whether a text is a value or an identifier: `[3, 1], 'ab'`, `Math_CoT`; a value in quotes may be a sentence."""
    if re.fullmatch(r"[A-Za-z]\w*(?:[./-]\w+)*", text):
        return not is_asking(text)
    if text[:1] not in "'\"([{-0123456789":
        return False
    with warnings.catch_warnings(action="ignore"):  # prose that is parsed has strange escapes
        found = _literal(text)
    return found is not None and not (isinstance(found, str) and is_asking(text))


def is_asking(text: str) -> bool:
    """Whether a text asks for something."""
    return bool(_ASKING.search(text))


def is_arithmetic(text: str) -> bool:
    """Whether a text computes something."""
    return bool(_ARITHMETIC.search(text))


def is_short_value(text: str) -> bool:
    """Whether a text is a number or one letter."""
    return bool(_NUMBER.fullmatch(text)) or (len(text.strip()) == 1 and text.strip().isalpha())


def is_figure(value: Any) -> bool:
    """Whether a value is an image: bytes, a place where one is, or the record that `datasets` makes of one."""
    if isinstance(value, list):
        return any(is_figure(item) for item in value)
    if isinstance(value, dict):
        return any(isinstance(value.get(name), bytes | str) and value[name] for name in ("bytes", "path", "url", "src"))
    return (isinstance(value, bytes) and bool(value)) or (
        isinstance(value, str)
        and bool(re.search(r"\.(?:png|jpe?g|gif|svg|webp|bmp)\b|^data:image|^https?://", value, re.I))
    )
