"""What a kind of file is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.rows import Bad, Rows


@dataclass(frozen=True)
class Carrier:
    """How files of some suffixes become rows."""

    name: str
    """What such a file is called in a sentence: `JSON lines`."""
    suffixes: tuple[str, ...]
    """Suffixes in lower case, with the dot and without that of a compression."""
    rows: Callable[[SourceFile], Iterator[Rows]]
    """Rows in order, one at a time. Raises InputError for a file that cannot be read on."""
    encoded: bool = False
    """Whether such a file is text in some encoding; `streams.opened` then gives it in UTF-8."""
    text: Callable[[SourceFile], str | Bad] | None = None
    """The whole text, for kinds that are prose; rows then are the problems that it labels."""
