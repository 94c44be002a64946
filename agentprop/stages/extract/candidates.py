"""The working file of an extraction: candidates on disk, and only digests of them in memory.

A line is a `Found` as JSON, in document order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from agentprop.extraction.corpus import Document, UnreadableRecord
from agentprop.extraction.mining.work import Found, MinerInput
from agentprop.stages.extract.working_file import WorkingFile


class Candidates(WorkingFile):
    """Append, read in order, and read again by group of equal keys."""

    def append(self, found: Iterable[Found]) -> None:
        """Add candidates."""
        self.write(asdict(one) for one in found)

    def __iter__(self) -> Iterator[Found]:
        for _, one in self.numbered():
            yield Found(**one)

    def groups(self) -> list[list[int]]:
        """Offsets of the candidates of each key, by first appearance; the keys themselves are not kept."""
        found: dict[bytes, list[int]] = {}
        for offset, one in self.numbered():
            found.setdefault(digest(one["key"]), []).append(offset)
        return list(found.values())

    def load(self, offsets: Sequence[int]) -> list[Found]:
        """The candidates at these offsets."""
        return [Found(**one) for one in self.at(offsets)]


class Known:
    """What was seen so far: 8 bytes for each document, 16 for each wording."""

    def __init__(self, candidates: Iterable[Found]) -> None:
        self._documents: set[bytes] = set()
        self._wordings: dict[bytes, bytes] = {}
        for found in candidates:
            self.admits(found)

    def prepare(self, document: Document | UnreadableRecord) -> MinerInput | Found:
        """The document as the miner's item, or a refusal that needs no miner."""
        if isinstance(document, UnreadableRecord):
            return Found(document.id, "", 0, code=document.code, message=document.message)
        mark = digest(document.sha)
        if mark in self._documents:
            return Found(document.id, document.sha, 0, code="duplicate-document", message="the corpus has it twice")
        self._documents.add(mark)
        if not _is_unicode(document):
            message = "its text holds half of a character (a lone surrogate), which no file can"
            return Found(document.id, document.sha, 0, code="not-utf-8", message=message)
        return MinerInput(
            document.id,
            document.sha,
            document.question,
            document.solution,
            document.answer,
            document.program,
            document.test,
            document.entry_point,
        )

    def admits(self, found: Found) -> bool:
        """Whether no other skill has this wording; the same wording over the same graph is support, not a clash."""
        meaning = digest(f"{found.key}\n{found.exact}")
        return self._wordings.setdefault(digest(found.wording), meaning) == meaning


def _is_unicode(document: Document) -> bool:
    """JSON may escape halves of characters."""
    try:
        document.model_dump_json()
    except ValueError:
        return False
    return True


def digest(text: str) -> bytes:
    """8 bytes of SHA-256: below 10^7 texts a collision is unlikely, and costs one document."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]
