"""Files to texts: any record or prose file as what a reader would see of it, whether it holds a problem or not.

Prose is one text, so that a span of it is a span of the file. A record is its fields of text, each after its name:
those that were asked for, else those with usual names, else all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any

from agentprop.errors import InputError
from agentprop.extraction.corpus.document import Fields, UnreadableRecord
from agentprop.extraction.corpus.documents import known_carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.layout.names import likeness, plain
from agentprop.extraction.corpus.layout.paths import Path, at, fields, parsed, written
from agentprop.extraction.corpus.layout.shapes import is_chat, text_of
from agentprop.extraction.corpus.rows import Bad, Row, Split
from agentprop.extraction.corpus.sources import as_files
from agentprop.records import Part, content_id

PARTS = ("question", "context", "solution", "answer", "program", "tests", "entry_point", "options")
"""Parts whose names are usual ones."""
TEXTS = frozenset({"title", "text", "content", "body", "passage", "abstract", "article", "markdown"})
"""Names of fields that hold texts of any kind."""


class Text(Part):
    """A document as text."""

    id: str
    """`<file name>#<index>`, counting the file's records from 0."""
    text: str
    """What it says."""
    sha: str
    """Hash of the text."""


def read_texts(
    files: Sequence[SourceFile | FilePath], fields: Fields | None = None
) -> Iterator[Text | UnreadableRecord]:
    """Every record of every file, in order; a text that the corpus had before is unreadable the second time.

    Raises InputError if no file gives a text.
    """
    seen: set[bytes] = set()
    faults: list[InputError] = []
    texts = 0
    for file in as_files(files):
        try:
            for index, row in enumerate(_contents(file)):
                found = _text(f"{file.name}#{index}", row, fields or Fields())
                mark = bytes.fromhex(found.sha[:16]) if isinstance(found, Text) else b""
                if mark and mark in seen:
                    found = UnreadableRecord(id=found.id, code="duplicate-document", message="the corpus has it twice")
                seen |= {mark}
                texts += isinstance(found, Text)
                yield found
        except InputError as error:
            faults.append(error)
            if len(files) > 1:
                yield UnreadableRecord(id=file.name, code="unreadable-file", message=error.message)
    if faults and not texts:
        raise faults[0]


def _contents(file: SourceFile) -> Iterator[str | Row | Bad]:
    carrier = known_carrier(file)
    if carrier.text is not None:
        yield carrier.text(file)
    else:
        yield from (row for row in carrier.rows(file) if not isinstance(row, Split))


def _text(item: str, row: str | Row | Bad, fields: Fields) -> Text | UnreadableRecord:
    if isinstance(row, Bad):
        return UnreadableRecord(id=item, **row._asdict())
    text = (row if isinstance(row, str) else _told(row, fields)).replace("\x00", "�")
    text = text.encode("utf-8", "replace").decode("utf-8")  # JSON may hold lone surrogates, and no file can
    if not text.strip():
        return UnreadableRecord(id=item, code="no-text", message="the record has no field with text in it")
    return Text(id=item, text=text, sha=content_id(text))


def _told(row: Row, chosen: Fields) -> str:
    """The fields of a record, in its order."""
    named = [parsed(path) for path in chosen.model_dump().values() if path is not None and at(parsed(path), row)]
    every = dict(_texts(row))
    usual = [path for path in every if _is_usual(path)]
    kept = {path: every.get(path) or text_of(at(path, row)) for path in named or usual or every}
    return "\n\n".join(f"{written(path)}: {text.strip()}" for path, text in kept.items() if text.strip())


def _texts(row: Row) -> Iterator[tuple[Path, str]]:
    """The texts of a record: its leaves, and what was said in its chats."""
    for path, value in fields(row):
        if is_chat(value):
            for number, message in enumerate(value):
                yield (*path, number), _message(message)
        elif not isinstance(value, dict):
            yield path, text_of(value)


def _message(message: Any) -> str:
    texts = [text_of(value) for value in message.values()] if isinstance(message, dict) else []
    return ": ".join(text for text in texts if text)


def _is_usual(path: Path) -> bool:
    names = [plain(step) for step in path if isinstance(step, str)]
    return any(name in TEXTS or any(likeness(part, name) for part in (*PARTS, "chat")) for name in names)
