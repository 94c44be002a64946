"""Markdown and plain text → the problems that they label; records that somebody gave this suffix are read as such."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.carriers.delimited import read_delimited
from agentprop.extraction.corpus.carriers.json_lines import read_json_lines
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.labelled import problems
from agentprop.extraction.corpus.layout.names import asks
from agentprop.extraction.corpus.layout.shapes import unpacked
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Bad, Rows
from agentprop.extraction.corpus.streams import opened, whole


def read_prose(file: SourceFile) -> Iterator[Rows]:
    """A row for each problem, with the solution and answer that belong to it."""
    reader = _records(file)
    if reader is not None:
        yield from reader(file)
        return
    text = whole_text(file)
    yield from [text] if isinstance(text, Bad) else problems(text)


def _records(file: SourceFile) -> Callable[[SourceFile], Iterator[Rows]] | None:
    """Who reads a text whose first line is a JSON object, or the names of a table with tabs."""
    with opened(file) as stream:
        line = stream.readline(MAX_RECORD_BYTES).decode("utf-8", "replace").strip()
    if line.startswith("{") and isinstance(unpacked(line), dict):
        return read_json_lines
    return read_delimited if "\t" in line and any(map(asks, line.split("\t"))) else None


def whole_text(file: SourceFile) -> str | Bad:
    """A file's text as it stands."""
    data = whole(file)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Bad("not-utf-8", f"the file is not UTF-8 (byte {error.start})", data[:200].decode("utf-8", "replace"))


CARRIER = Carrier("text", (".md", ".markdown", ".txt", ".rst", ".gift"), read_prose, encoded=True, text=whole_text)
