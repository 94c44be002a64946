"""Files to texts: any record or prose file as what a reader would see of it, whether it holds a problem or not.

Prose is one text, so that a span of it is a span of the file. A record is its fields of text, each after its name:
those that were asked for, else those with usual names, else all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentprop.extraction.corpus.documents import NAMES, Fields, UnreadableRecord, rows
from agentprop.extraction.corpus.prose import whole
from agentprop.extraction.corpus.sources import checked, file_names, kind_of
from agentprop.extraction.corpus.tables import Bad, text_of
from agentprop.records import Part, content_id

PROSE = frozenset({".md", ".txt", ".tex"})
USUAL = frozenset({name for names in NAMES.values() for name in names}) | {
    "title",
    "text",
    "content",
    "body",
    "passage",
    "abstract",
    "article",
    "markdown",
}


class Text(Part):
    """A document as text."""

    id: str
    """`<file name>#<index>`, counting the file's records from 0."""
    text: str
    """What it says."""
    sha: str
    """Hash of the text."""


def read_texts(files: Sequence[Path], fields: Fields | None = None) -> Iterator[Text | UnreadableRecord]:
    """Every record of every file, in order; a text that the corpus had before is unreadable the second time."""
    seen: set[bytes] = set()
    for path, name in file_names(files).items():
        for index, row in enumerate(_contents(checked(path))):
            found = _text(f"{name}#{index}", row, fields or Fields())
            mark = bytes.fromhex(found.sha[:16]) if isinstance(found, Text) else b""
            if mark and mark in seen:
                found = UnreadableRecord(id=found.id, code="duplicate-document", message="the corpus has it twice")
            seen |= {mark}
            yield found


def _contents(path: Path) -> Iterator[str | Mapping[str, Any] | Bad]:
    if kind_of(path) in PROSE:
        yield whole(path)
    else:
        yield from rows(path)


def _text(item: str, row: str | Mapping[str, Any] | Bad, fields: Fields) -> Text | UnreadableRecord:
    if isinstance(row, Bad):
        return UnreadableRecord(id=item, **row._asdict())
    text = (row if isinstance(row, str) else _told(row, fields)).replace("\x00", "�")
    text = text.encode("utf-8", "replace").decode("utf-8")  # JSON may hold lone surrogates, and no file can
    if not text.strip():
        return UnreadableRecord(id=item, code="no-text", message="the record has no field with text in it")
    return Text(id=item, text=text, sha=content_id(text))


def _told(row: Mapping[str, Any], fields: Fields) -> str:
    """The fields of a record, in its order."""
    named = {field for field in fields.model_dump().values() if field is not None}
    usual = {name for name in row if str(name).lower() in USUAL}
    kept = [(name, text_of(row[name]).strip()) for name in row if name in (named or usual or row)]
    return "\n\n".join(f"{name}: {text}" for name, text in kept if text)
