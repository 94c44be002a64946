"""Texts → passages cut at paragraphs → chunks, each as much as a teacher is shown at once.

A long document becomes several passages, a chunk may hold several short documents; every passage knows its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agentprop.extraction.corpus import UnreadableRecord
from agentprop.extraction.corpus.texts import Text
from agentprop.records import Span

CUTS = tuple(map(re.compile, (r"\n[ \t]*\n", r"\n", r"(?<=[.!?])\s", r"\s")))
"""Where a text is cut, the best places first."""


@dataclass(frozen=True)
class Passage:
    """A piece of a document."""

    document: str
    """Document id."""
    start: int
    """First character."""
    end: int
    """One past the last."""
    sha: str
    """Hash of the document's text."""
    text: str
    """The piece."""
    opening: bool
    """Whether it is the first piece of its document."""

    @property
    def label(self) -> str:
        """`<document>:<start>-<end>`."""
        return f"{self.document}:{self.start}-{self.end}"

    @property
    def span(self) -> Span:
        """Where it is."""
        return Span(document=self.document, start=self.start, end=self.end, sha=self.sha)


@dataclass(frozen=True)
class Chunk:
    """Passages that a teacher is shown together, at least one."""

    passages: tuple[Passage, ...]
    """In the order of the corpus, all from one file."""

    @property
    def label(self) -> str:
        """The label of its first passage, which no other chunk has."""
        return self.passages[0].label


def chunked(texts: Iterable[Text | UnreadableRecord], size: int) -> Iterator[Chunk | UnreadableRecord]:
    """Chunks of at most `size` characters, short documents of one file together; what is unreadable is passed on."""
    waiting: list[Passage] = []
    for text in texts:
        if isinstance(text, UnreadableRecord):
            yield text
            continue
        for passage in passages(text, size):
            if waiting and not _together(waiting, passage, size):
                yield Chunk(tuple(waiting))
                waiting = []
            waiting.append(passage)
    if waiting:
        yield Chunk(tuple(waiting))


def passages(text: Text, size: int) -> Iterator[Passage]:
    """Pieces of at most `size` characters, without the blank between them."""
    start = _skip(text.text, 0)
    opening = True
    while start < len(text.text):
        end = start + len(text.text[start : _cut(text.text, start, size)].rstrip())
        yield Passage(text.id, start, end, text.sha, text.text[start:end], opening)
        start, opening = _skip(text.text, end), False


def _together(waiting: list[Passage], more: Passage, size: int) -> bool:
    same_file = waiting[0].document.rpartition("#")[0] == more.document.rpartition("#")[0]
    return same_file and sum(len(passage.text) for passage in waiting) + len(more.text) <= size


def _cut(text: str, start: int, size: int) -> int:
    """Where the piece from `start` ends: at the last good place of its second half, or just where it is full."""
    if len(text) - start <= size:
        return len(text)
    half = start + size // 2
    for cut in CUTS:
        places = [found.start() for found in cut.finditer(text, half, start + size) if found.start() > start]
        if places:
            return places[-1]
    return start + size


def _skip(text: str, position: int) -> int:
    found = re.compile(r"\S").search(text, position)
    return found.start() if found else len(text)
