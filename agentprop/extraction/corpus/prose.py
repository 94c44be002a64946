"""`.md`, `.txt` and `.tex` files to rows: labelled parts (`Problem 3:`, `## Solution`) or LaTeX environments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agentprop.extraction.corpus.tables import MAX_RECORD_BYTES, Bad, Row, opened, too_long

_PARTS = {
    "problem": "question",
    "question": "question",
    "exercise": "question",
    "task": "question",
    "prompt": "question",
    "solution": "solution",
    "worked solution": "solution",
    "rationale": "solution",
    "explanation": "solution",
    "answer": "answer",
    "final answer": "answer",
    "proof": "solution",
}
_WORDS = "|".join(sorted(_PARTS, key=len, reverse=True))
_LABEL = re.compile(
    rf"^[ \t]*(?:#{{1,6}}[ \t]*)?(?:\*\*|__)?(?P<label>{_WORDS})(?:[ \t]+\d+)?[ \t]*"
    r"(?:(?:\*\*|__)?[:.](?:\*\*|__)?|(?:\*\*|__)?[ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_ENVIRONMENT = re.compile(
    rf"\\begin\{{(?P<label>{_WORDS})\*?\}}(?:\[[^\]]*\])?(?P<body>.*?)\\end\{{(?P=label)\*?\}}",
    re.IGNORECASE | re.DOTALL,
)


def read_prose(path: Path) -> Iterator[Row | Bad]:
    """A row for each question with the solution and answer that follow it, up to the next question."""
    text = whole(path)
    if isinstance(text, Bad):
        yield text
        return
    row: dict[str, str] = {}
    for part, body in _environments(text) or _labelled(text):
        if part == "question" and row:
            yield row
            row = {}
        row[part] = f"{row[part]}\n{body}" if part in row else body
    if row:
        yield row
    elif text.strip():
        yield Bad("no-question", "the file labels no problem", text.strip()[:200])


def whole(path: Path) -> str | Bad:
    """A file's text as it stands."""
    with opened(path) as file:
        data = file.read(MAX_RECORD_BYTES + 1)
    if len(data) > MAX_RECORD_BYTES:
        raise too_long(path, "the text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Bad("not-utf-8", f"the file is not UTF-8 (byte {error.start})", data[:200].decode("utf-8", "replace"))


def _environments(text: str) -> list[tuple[str, str]]:
    bare = re.sub(r"(?<!\\)%.*", "", text)
    return [(_PARTS[match["label"].lower()], match["body"].strip()) for match in _ENVIRONMENT.finditer(bare)]


def _labelled(text: str) -> list[tuple[str, str]]:
    matches = list(_LABEL.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    parts = [(match["label"], text[match.end() : end]) for match, end in zip(matches, ends, strict=False)]
    return [(_PARTS[label.lower()], re.sub(r"\n-{3,}\s*$", "", body.strip()).strip()) for label, body in parts]
