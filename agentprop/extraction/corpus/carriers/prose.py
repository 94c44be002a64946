"""Markdown and plain text → the problems that they label."""

from __future__ import annotations

from collections.abc import Iterator

from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.labelled import problems
from agentprop.extraction.corpus.rows import Bad, Rows
from agentprop.extraction.corpus.streams import whole


def read_prose(file: SourceFile) -> Iterator[Rows]:
    """A row for each problem, with the solution and answer that belong to it."""
    text = whole_text(file)
    yield from [text] if isinstance(text, Bad) else problems(text)


def whole_text(file: SourceFile) -> str | Bad:
    """A file's text as it stands."""
    data = whole(file)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Bad("not-utf-8", f"the file is not UTF-8 (byte {error.start})", data[:200].decode("utf-8", "replace"))


CARRIER = Carrier("text", (".md", ".markdown", ".txt", ".rst"), read_prose, whole_text)
