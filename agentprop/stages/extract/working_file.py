"""A working file of a stage: one JSON document a line, appended as work is done, read again as a whole or in part.

Lines beyond the size in the run's state were written by a command that died before it committed them; they are cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from agentprop.storage.durable import append_durably, disk_errors


class WorkingFile:
    """The file at a path, cut to the size in the state."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self.size = size
        with disk_errors(path):
            path.parent.mkdir(exist_ok=True)
            with path.open("ab") as file:
                file.truncate(size)

    def write(self, documents: Iterable[Any]) -> None:
        """Append documents in one write; after a crash all of them are there, or none."""
        lines = b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in documents)
        if lines:
            append_durably(self._path, lines)
            self.size += len(lines)

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """Yield every document with the offset at which it can be read again."""
        offset = 0
        with self._path.open("rb") as file:
            for line in file:
                yield offset, json.loads(line)
                offset += len(line)

    def at(self, offsets: Sequence[int]) -> list[Any]:
        """Read the documents at these offsets."""
        found = []
        with self._path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                found.append(json.loads(file.readline()))
        return found

    def remove(self) -> None:
        """Delete the file and its directory; all of its content is in records by then."""
        with disk_errors(self._path):
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()
