"""The working file of an extraction: candidates on disk, and only digests of them in memory.

A line is a `Found` as JSON, in document order. Lines beyond the size that the run's state knows were written by a
command that died before it committed them; they are cut off.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from agentprop.corpus import Document, Unreadable
from agentprop.files import append_durably, disk_errors
from agentprop.symbolic.mining.work import Found, Source


class Candidates:
    """Append, read in order, and read again by group of equal keys."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self.size = size
        with disk_errors(path):
            path.parent.mkdir(exist_ok=True)
            with path.open("ab") as file:
                file.truncate(size)

    def append(self, found: Iterable[Found]) -> None:
        """Add candidates, in one write that survives a crash whole or not at all."""
        lines = b"".join(json.dumps(asdict(one), ensure_ascii=False).encode() + b"\n" for one in found)
        if lines:
            append_durably(self._path, lines)
            self.size += len(lines)

    def __iter__(self) -> Iterator[Found]:
        with self._path.open("rb") as file:
            for line in file:
                yield Found(**json.loads(line))

    def groups(self) -> list[list[int]]:
        """Offsets of the candidates of each key, by first appearance; the keys themselves are not kept."""
        found: dict[bytes, list[int]] = {}
        offset = 0
        with self._path.open("rb") as file:
            for line in file:
                found.setdefault(digest(json.loads(line)["key"]), []).append(offset)
                offset += len(line)
        return list(found.values())

    def load(self, offsets: Sequence[int]) -> list[Found]:
        """The candidates at these offsets."""
        found = []
        with self._path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                found.append(Found(**json.loads(file.readline())))
        return found

    def remove(self) -> None:
        """Delete the file and its directory: everything in it is a record by now."""
        with disk_errors(self._path):
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()


class Known:
    """What was seen so far: 8 bytes for each document, 16 for each wording."""

    def __init__(self, candidates: Iterable[Found]) -> None:
        self._documents: set[bytes] = set()
        self._wordings: dict[bytes, bytes] = {}
        for found in candidates:
            self.admits(found)

    def prepare(self, document: Document | Unreadable) -> Source | Found:
        """The document as the miner's item, or a refusal that needs no miner."""
        if isinstance(document, Unreadable):
            return Found(document.id, "", 0, code=document.code, message=document.message)
        mark = digest(document.sha)
        if mark in self._documents:
            return Found(document.id, document.sha, 0, code="duplicate-document", message="the corpus has it twice")
        self._documents.add(mark)
        return Source(
            document.id, document.sha, document.question, document.solution, document.answer, document.program,
            document.test, document.entry_point,
        )  # fmt: skip

    def admits(self, found: Found) -> bool:
        """Whether no other skill has this wording; the same wording over the same graph is support, not a clash."""
        meaning = digest(f"{found.key}\n{found.exact}")
        return self._wordings.setdefault(digest(found.wording), meaning) == meaning


def digest(text: str) -> bytes:
    """8 bytes of SHA-256: below 10^7 texts a collision is unlikely, and costs one document."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]
