"""How a run lies in its store, and what makes a part of it count: the protocol of `Directory` and `ObjectRun`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from agentprop.storage.parquet import Shard, Source
from agentprop.storage.parts import Identity, Manifest, Segment, StoredShard
from agentprop.storage.stores import Store

Encoded = Mapping[str, tuple[memoryview, Shard]]
"""Kind → bytes and description of a shard that is not written yet."""


class Layout(Protocol):
    """A run in a store. The methods of the second half are for the process that has claimed it."""

    segment_records: int | None
    """Records of one kind that close a segment; None leaves it to the run."""
    segment_seconds: float | None
    """Age in seconds at which a segment is closed; None leaves it to the run."""

    @property
    def store(self) -> Store:
        """The store."""
        ...

    def check_is_run(self) -> None:
        """Raise RunError if there is no run here."""
        ...

    def identity(self) -> Identity:
        """What the run was started with. Raises RunError if it is missing or damaged."""
        ...

    def manifest(self) -> Manifest | None:
        """The manifest if the run is complete."""
        ...

    def complete(self) -> bool:
        """Whether the stage has finished."""
        ...

    def segments(self) -> list[Segment]:
        """Return the committed segments, the last one with its state."""
        ...

    def shard(self, shard: StoredShard) -> Source:
        """Return a shard whose checksum is right. Raises ShardError."""
        ...

    def folder(self, name: str) -> Path:
        """A directory on this machine's disk for what belongs to the run and cannot be written as whole objects."""
        ...

    # --- writing ---

    def check_claimable(self) -> None:
        """Raise RunError if the place cannot become a run, because something else is there."""
        ...

    def check_idle(self) -> None:
        """Raise RunError if another process is known to write this run."""
        ...

    def claim(self) -> None:
        """Take the place for this process, until `release`. Raises RunError if it cannot, or somebody else has it."""
        ...

    def release(self) -> None:
        """Give the place up."""
        ...

    def started(self) -> bool:
        """Whether there is a run to resume."""
        ...

    def begin(self, identity: Identity, folders: tuple[str, ...]) -> None:
        """Start a run, in place of one that is there."""
        ...

    def recover(self) -> list[Segment]:
        """Return the committed segments, and delete what a killed process left over. Raises ShardError."""
        ...

    def write_shards(self, number: int, shards: Encoded) -> tuple[StoredShard, ...]:
        """Write all shards of a segment; they count for nothing until it is committed."""
        ...

    def commit(self, segment: Segment) -> None:
        """Make a segment part of the run, in one step. Raises RunError if another process has committed that number."""
        ...

    def reopen(self, config: Mapping[str, Any]) -> None:
        """Prepare a complete run for more records."""
        ...

    def write_summary(self, summary: Mapping[str, Any], committed: int) -> None:
        """Write the summary of a run with so many segments."""
        ...

    def write_readme(self, stage: str, rows: Mapping[str, int]) -> None:
        """Write the README.md that says what lies where."""
        ...

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write the settings."""
        ...

    def finish(self, manifest: Manifest, committed: int) -> None:
        """Make a run with so many segments complete."""
        ...

    def open_log(self) -> logging.Handler:
        """Return a handler that writes the run's log."""
        ...

    def close_log(self) -> None:
        """End the log."""
        ...
