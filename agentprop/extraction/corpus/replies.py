"""Records that answer other records of their file → those, each with the answer that was accepted (Stack Exchange).

A file holds replies if a field called like a parent's id is filled in some of its records and empty in others. A
question's answer is the one that it names as accepted, else the one of the best score; the others are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from agentprop.errors import InputError
from agentprop.extraction.corpus.layout.names import likeness, plain
from agentprop.extraction.corpus.layout.shapes import text_of
from agentprop.extraction.corpus.rows import Bad, Row

MOST_BYTES = 256 << 20
"""Bytes of replies that are held in memory."""
_TEXTS = ("body", "text", "content")

Records = Iterator[Row | Bad]


class ReplyFields(NamedTuple):
    """The fields by which replies find what they answer."""

    id: str
    parent: str
    text: str
    accepted: str
    score: str


def reply_fields(rows: Sequence[Row]) -> ReplyFields | None:
    """The fields of records some of which answer others; None for records that ask for themselves."""
    names = {plain(name): str(name) for row in rows for name in row}
    parent = names.get("parentid", "")
    text = next((names[name] for name in _TEXTS if name in names), "")
    own = next((name for name in names.values() if plain(name) == "id"), "")
    replies = [row for row in rows if row.get(parent)]
    if not (parent and text and own and replies) or len(replies) == len(rows):
        return None
    if any(likeness("solution", name) or likeness("answer", name) > 0.5 for row in rows for name in row):
        return None  # they have an answer of their own
    return ReplyFields(own, parent, text, names.get("acceptedanswerid", ""), names.get("score", ""))


def answered(found: ReplyFields, records: Callable[[], Records]) -> Records:
    """The records that are no replies, each with its answer as `solution`. `records` begins to read the file anew.

    Raises InputError for a file whose replies do not fit into memory.
    """
    replies = _replies(found, records())
    for record in records():
        if isinstance(record, Bad) or not record.get(found.parent):
            reply = None if isinstance(record, Bad) else replies.get(text_of(record.get(found.id)))
            yield record if reply is None or isinstance(record, Bad) else {**record, "solution": reply}


def _replies(found: ReplyFields, records: Records) -> dict[str, str]:
    """The id of a question → the text of its best reply."""
    accepted: dict[str, str] = {}
    best: dict[str, tuple[tuple[bool, float], str]] = {}
    size = 0
    for record in records:
        if isinstance(record, Bad):
            continue
        own, parent = text_of(record.get(found.id)), text_of(record.get(found.parent))
        if not parent:
            accepted[own] = text_of(record.get(found.accepted))
            continue
        rank = (accepted.get(parent) == own, _number(record.get(found.score)))
        if parent not in best or rank > best[parent][0]:
            text = text_of(record.get(found.text))
            size += len(text) - len(best[parent][1] if parent in best else "")
            best[parent] = rank, text
        if size > MOST_BYTES:
            raise InputError(
                f"the answers in the file take more than {MOST_BYTES >> 20} MiB", hint="divide it by tag or year first"
            )
    return {parent: text for parent, (_, text) in best.items()}


def _number(value: Any) -> float:
    try:
        return float(text_of(value))
    except ValueError:
        return 0.0
