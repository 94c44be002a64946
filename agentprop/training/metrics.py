"""Numbers of a step → a line of metrics.jsonl, the live table and the trackers that are asked for.

A checkpoint stores the length of the file. A run that continues from it cuts off the rest, so that no step appears
twice.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agentprop.storage.durable import disk_errors
from agentprop.training.progress_table import ProgressTable
from agentprop.training.tracking import Tracker

FILE = "metrics.jsonl"


class Metrics:
    """Writer of metrics: `with Metrics(folder, size=size) as metrics: metrics.write(step, {"loss": 0.7})`.

    NaN and infinity are stored as null.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        size: int = 0,
        trackers: Sequence[Tracker] = (),
        table: ProgressTable | None = None,
    ) -> None:
        """Open metrics.jsonl in `folder`, cut to `size` bytes; None writes no file, for all processes but the first."""
        self._table, self._trackers = table, trackers
        self._file: Any = None
        if folder is None:
            return
        self._path = folder / FILE
        with disk_errors(self._path):
            self._file = self._path.open("ab")
            self._file.truncate(min(size, self._path.stat().st_size))
            self._file.seek(0, os.SEEK_END)

    def write(self, step: int, values: Mapping[str, float | int | str | None]) -> None:
        """Write one line, and show the numbers in the live table and the trackers."""
        if self._table is not None:
            self._table.update(step, values)
        if self._file is None:
            return
        line = json.dumps({"step": step, **{key: _plain(value) for key, value in values.items()}}, ensure_ascii=False)
        with disk_errors(self._path):
            self._file.write(line.encode() + b"\n")
            self._file.flush()
        for tracker in self._trackers:
            tracker.write(step, values)

    def sync(self) -> int:
        """Sync metrics.jsonl to disk and return its size in bytes, for a checkpoint to store."""
        if self._file is None:
            return 0
        with disk_errors(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            return int(self._file.tell())

    def close(self) -> None:
        """Close the file and the trackers."""
        if self._file is not None:
            with disk_errors(self._path):
                self._file.close()
        for tracker in self._trackers:
            tracker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _plain(value: float | int | str | None) -> float | int | str | None:
    """Replace NaN and infinity, which JSON lacks, by None."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
