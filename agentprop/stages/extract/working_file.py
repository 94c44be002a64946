"""A working file of a stage: one JSON document a line, appended as work is done, read again line by line or in part.

Lines beyond the size that the run's state knows were written by a command that died before it committed them; they are
cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from agentprop.storage.durable import append_durably, disk_errors


class WorkingFile:
    """The file at a path, as long as the state says."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self.size = size
        with disk_errors(path):
            path.parent.mkdir(exist_ok=True)
            with path.open("ab") as file:
                file.truncate(size)

    def write(self, documents: Iterable[Any]) -> None:
        """Append documents, in one write that survives a crash whole or not at all."""
        lines = b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in documents)
        if lines:
            append_durably(self._path, lines)
            self.size += len(lines)

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """Every document with the offset it can be read again from."""
        offset = 0
        with self._path.open("rb") as file:
            for line in file:
                yield offset, json.loads(line)
                offset += len(line)

    def at(self, offsets: Sequence[int]) -> list[Any]:
        """The documents at these offsets."""
        found = []
        with self._path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                found.append(json.loads(file.readline()))
        return found

    def remove(self) -> None:
        """Delete the file and its directory: everything in it is a record by now."""
        with disk_errors(self._path):
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()
