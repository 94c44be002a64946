"""The working file of an extraction: candidates on disk, and only their digests in memory.

A line is a `Found` as JSON, in the order of the documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from agentprop.extraction.corpus import Document, UnreadableRecord
from agentprop.extraction.mining.work import Found, MinerInput
from agentprop.stages.extract.working_file import WorkingFile

LACKS = {
    "image": "the question has an image, and only text is read",
    "figure": "the question speaks of a figure, and only text is read",
    "options": "the question means nothing without its options",
}
"""What a document lacks → why no skill can be mined from it."""


class Candidates(WorkingFile):
    """Candidates that can be appended, read in order, and read again by groups of equal keys."""

    def append(self, found: Iterable[Found]) -> None:
        """Add candidates."""
        self.write(asdict(one) for one in found)

    def __iter__(self) -> Iterator[Found]:
        for _, one in self.numbered():
            yield Found(**one)

    def groups(self) -> list[list[int]]:
        """Offsets of the candidates of each key, in order of first appearance; the keys themselves are not kept."""
        found: dict[bytes, list[int]] = {}
        for offset, one in self.numbered():
            found.setdefault(digest(one["key"]), []).append(offset)
        return list(found.values())

    def load(self, offsets: Sequence[int]) -> list[Found]:
        """Read the candidates at these offsets."""
        return [Found(**one) for one in self.at(offsets)]


class SeenDocuments:
    """The documents and wordings seen so far: 8 bytes for each document, 16 for each wording."""

    def __init__(self, candidates: Iterable[Found]) -> None:
        self._documents: set[bytes] = set()
        self._wordings: dict[bytes, bytes] = {}
        for found in candidates:
            self.admits(found)

    def prepare(self, document: Document | UnreadableRecord) -> MinerInput | Found:
        """Turn a document into the miner's input, or into a refusal that needs no miner."""
        if isinstance(document, UnreadableRecord):
            return Found(document.id, "", 0, code=document.code, message=document.message)
        mark = digest(document.sha)
        if mark in self._documents:
            return Found(document.id, document.sha, 0, code="duplicate-document", message="the corpus has it twice")
        self._documents.add(mark)
        if not _is_unicode(document):
            message = "its text holds half of a character (a lone surrogate), which no file can"
            return Found(document.id, document.sha, 0, code="not-utf-8", message=message)
        if document.lacks:
            return Found(document.id, document.sha, 0, code=f"needs-{document.lacks}", message=LACKS[document.lacks])
        if fault := _program_fault(document):
            return Found(document.id, document.sha, 0, code="no-program", message=fault)
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
        """True if no other skill has this wording; the same wording over the same graph is support, not a clash."""
        meaning = digest(f"{found.key}\n{found.exact}")
        return self._wordings.setdefault(digest(found.wording), meaning) == meaning


def _program_fault(document: Document) -> str:
    """Why no skill can be made of a programming task; nothing for other documents and those that the miner tries."""
    if document.streams and not document.test:
        return "its tests run a whole program on input; a skill is made of a function and calls of it"
    if (document.test or document.calls) and not document.program:
        return "it has tests, but no reference program that they could run against"
    return ""


def _is_unicode(document: Document) -> bool:
    """JSON may escape halves of characters."""
    try:
        document.model_dump_json()
    except ValueError:
        return False
    return True


def digest(text: str) -> bytes:
    """8 bytes of SHA-256: below 10^7 texts a collision is unlikely, and would cost one document."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]
