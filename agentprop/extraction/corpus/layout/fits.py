"""Part of a document → the shape that its values have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentprop.extraction.corpus.layout import shapes
from agentprop.extraction.corpus.layout.answers import listed
from agentprop.extraction.corpus.layout.options import read_options
from agentprop.extraction.corpus.layout.shapes import is_chat, is_data, read_chat, text_of, unpacked
from agentprop.extraction.corpus.layout.tests_of import read_tests

_NO_QUESTION = re.compile(r"[-+]?[\d.,]+|https?://\S+|\W+")
LONGEST_DATA = 2000
"""Characters of a text beyond which it is not tried as data."""
_PASSAGE = (("title", "titles"), ("sentences", "paragraph_text", "text", "paragraphs"))
"""Fields of a passage: what it is called, and what it says."""
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:e-?\d+)?%?", re.IGNORECASE)


def texts(value: Any) -> list[str]:
    """The texts of a field that is one or holds several; Code Contests keep a language and a program each."""
    value = unpacked(value)
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("solution", "solutions", "code") if name in value), None)
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, dict | list | bytes) for item in items):
        return []
    return [text for item in items if (text := text_of(item)).strip()]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_question(value: Any) -> bool:
    if is_chat(value):
        return bool(read_chat(value).question.strip())
    if isinstance(value, list):
        return bool(value) and all(_is_text(item) for item in value)
    if not _is_text(value):
        return False
    text = value.strip()[:LONGEST_DATA]
    return not _NO_QUESTION.fullmatch(text[:400]) and not is_data(text)


def table_text(value: Any) -> str:
    """A table as text: as it is written, or a line for each of its rows."""
    if isinstance(value, Mapping):
        names, rows = value.get("header"), value.get("rows")
        value = [names, *rows] if isinstance(names, list) and isinstance(rows, list) else None
    if isinstance(value, list) and all(isinstance(row, list) for row in value):
        return "\n".join(" | ".join(map(text_of, row)) for row in value)
    return value if isinstance(value, str) else ""


def _is_solution(value: Any) -> bool:
    return bool(read_chat(value).solution.strip()) if is_chat(value) else bool(texts(listed(unpacked(value))))


def _is_answer(value: Any) -> bool:
    if isinstance(value, dict | list) and read_tests(value):
        return True  # where mathematics and programs are mixed
    value = listed(value)
    if isinstance(value, list):
        plain = all(isinstance(item, str | int | float) for item in value)
        return plain and any(map(_is_answer, value))
    return isinstance(value, bool) or (not isinstance(value, bytes) and bool(text_of(value).strip()))


def passages(value: Any) -> str:
    """Texts with a title each as one text, a line each (HotpotQA, MuSiQue); any other field as it is written."""
    if isinstance(value, Mapping):
        columns = [_first_of(value, names) for names in _PASSAGE]
        value = [list(pair) for pair in zip(*columns, strict=False)] if all(map(_is_list, columns)) else None
    elif isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        value = [[_first_of(item, names) for names in _PASSAGE] for item in value]
    if not isinstance(value, list) or not all(isinstance(item, list) and len(item) == 2 for item in value):
        return text_of(value)
    said = [(text_of(title), "".join(map(text_of, body if _is_list(body) else [body]))) for title, body in value]
    return "\n".join(f"{title}: {body.strip()}" for title, body in said if body.strip())


def _first_of(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((value[name] for name in names if name in value), None)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _holds_text(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and bool(texts(value)))


FITS: dict[str, Callable[[Any], bool]] = {
    "question": _is_question,
    "context": lambda value: _holds_text(value) or bool(passages(value).strip()),
    "aftertable": _holds_text,
    "table": lambda value: bool(table_text(value)),
    "input": _is_text,
    "inputformat": _is_text,
    "outputformat": _is_text,
    "starter": _is_text,
    "solution": _is_solution,
    "answer": _is_answer,
    "accepted": _holds_text,
    "program": lambda value: any(map(shapes.is_code, texts(value)[:3])),
    "tests": lambda value: bool(read_tests(value)),
    "setup": lambda value: bool(texts(value)),
    "reltolerance": lambda value: isinstance(value, float) and 0 < value < 1,
    "entry_point": lambda value: isinstance(value, str) and value.isidentifier(),
    "options": lambda value: len(read_options(value)) > 1,
    "unit": lambda value: isinstance(value, str) and 0 < len(value.strip()) <= 60,
    "tolerance": lambda value: not isinstance(value, int) and bool(_NUMBER.fullmatch(text_of(value).strip())),
    "equation": lambda value: any(map(shapes.is_arithmetic, texts(value))),
    "id": lambda value: isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip()),
    "image": shapes.is_figure,
}
"""Part → whether a value can be it."""
