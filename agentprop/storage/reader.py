"""A run → its records: reading it wherever it lies, whether finished or not.

Only shards that the manifest lists are read, or those of the journal while a run is unfinished. A shard is checked
against its stored SHA-256 before its records are used.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agentprop.errors import RunError
from agentprop.records import Record
from agentprop.storage import Row, read_rows, read_shard
from agentprop.storage.directory import Directory, is_manifest
from agentprop.storage.layout import Layout
from agentprop.storage.object_run import ObjectRun
from agentprop.storage.parquet import Source
from agentprop.storage.parts import (
    CONFIG,
    FINGERPRINT,
    FOLDERS,
    MANIFEST,
    OURS,
    RESTORE,
    RUN,
    SUMMARY,
    Manifest,
    Segment,
    by_segment,
    load_json,
    parse_json,
    read_errors,
)
from agentprop.storage.stores import A_COPY, LocalStore, Store, check_place, is_url
from agentprop.storage.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FOLDERS", "OURS", "Segment", "StoredRun", "is_run", "layout_of", "load_json", "open_run", "read_errors"]

R = TypeVar("R", bound=Record)
_log = logging.getLogger(__name__)


class StoredRun:
    """Run, open for reading."""

    def __init__(self, layout: Layout, stage: str, segments: list[Segment]) -> None:
        self.layout = layout
        """How it lies where it lies."""
        self.stage = stage
        """Stage that wrote the run."""
        self.segments = segments
        """Complete segments, in order."""

    @property
    def name(self) -> str:
        """Path or URL of the run."""
        return self.layout.store.name

    @property
    def path(self) -> Path:
        """Path of the run directory. Raises RunError for a run that is not on this machine's disk."""
        if isinstance(self.layout.store, LocalStore):
            return self.layout.store.root
        raise RunError(
            f"{self.name} is not on this machine's disk, and this needs it there",
            hint=A_COPY,
        )

    @property
    def complete(self) -> bool:
        """The stage has finished: there is a manifest."""
        return self.layout.complete()

    @property
    def manifest(self) -> Manifest | None:
        """Manifest of a complete run, else None."""
        return self.layout.manifest()

    @cached_property
    def config(self) -> dict[str, Any]:
        """Resolved settings of the run."""
        found = self.file(CONFIG)
        if found is None:
            raise RunError(f"{self.name}/{CONFIG} is missing", hint=RESTORE)
        return parse_json(found, f"{self.name}/{CONFIG}")

    @property
    def summary(self) -> dict[str, Any] | None:
        """Summary of the last finished or interrupted command; None before the first."""
        found = self.file(SUMMARY)
        return None if found is None else parse_json(found, f"{self.name}/{SUMMARY}")

    def file(self, key: str) -> bytes | None:
        """Return a file beside the records, or None if there is none."""
        return self.layout.store.get(key)

    @property
    def rows(self) -> dict[str, int]:
        """Number of records by kind."""
        counts: dict[str, int] = {}
        for segment in self.segments:
            for shard in segment.shards:
                counts[shard.kind] = counts.get(shard.kind, 0) + shard.rows
        return counts

    @property
    def fingerprint(self) -> str:
        """Hash of all records of the run, which a compaction does not change."""
        found = self.file(FINGERPRINT)
        known = {} if found is None else parse_json(found, f"{self.name}/{FINGERPRINT}")
        return str(known["was"]) if known.get("now") == self.fingerprint_of_shards else self.fingerprint_of_shards

    @property
    def fingerprint_of_shards(self) -> str:
        """Hash of the shards as they lie there."""
        digest = hashlib.sha256()
        for segment in self.segments:
            for shard in segment.shards:
                digest.update(f"{shard.path} {shard.sha256}\n".encode())
        return digest.hexdigest()

    def iter(self, record_type: type[R], segment: Segment | None = None) -> Iterator[R]:
        """Yield the records of one type in order, of the whole run or of one segment."""
        for source in self._sources(record_type, segment):
            yield from read_shard(source, record_type)

    def iter_rows(
        self, record_type: type[Record], columns: Sequence[str] | None = None, segment: Segment | None = None
    ) -> Iterator[Row]:
        """Yield the records of one type as plain dicts, or only some of their columns; of the run or of one segment."""
        for source in self._sources(record_type, segment):
            yield from read_rows(source, record_type, columns)

    def table(self, record_type: type[Record], columns: Sequence[str] | None = None) -> pa.Table:
        """Return the records of one type, or some columns of them, as one Arrow table."""
        return read_table(self._sources(record_type), record_type, columns)

    def done_ids(self, record_type: type[Record], column: str = "id") -> set[str]:
        """Return the values of an id column, to know which work is done."""
        return {row[column] for row in self.iter_rows(record_type, [column]) if row[column] is not None}

    def find(self, record_type: type[R], prefix: str) -> Iterator[R]:
        """Yield the records whose id begins with `prefix`."""
        for source in self._sources(record_type):
            if any(row["id"].startswith(prefix) for row in read_rows(source, record_type, ["id"])):
                yield from (record for record in read_shard(source, record_type) if record.id.startswith(prefix))

    def _sources(self, record_type: type[Record], segment: Segment | None = None) -> Iterator[Source]:
        for part in self.segments if segment is None else [segment]:
            for shard in part.shards:
                if shard.kind == record_type.kind:
                    yield self.layout.shard(shard)


def layout_of(place: str | Path | Store) -> Layout:
    """Return the layout of a run that lies, or will lie, at a path, a URL or in a store. Raises ConfigError."""
    if place == "":
        raise RunError(
            "the name of the run directory is empty", hint="name a directory; a variable of the shell may not be set"
        )
    if isinstance(place, Path) or (isinstance(place, str) and not is_url(place)):
        check_place(place)
        return Directory(Path(place))
    if isinstance(place, str):
        from agentprop.storage.object_store import open_store

        return ObjectRun(open_store(place))
    return ObjectRun(place)


def open_run(place: str | Path | Store, *, warn: bool = True) -> StoredRun:
    """Open a run for reading, with a warning in the log if it is unfinished. Raises RunError if it is not a run."""
    layout = layout_of(place)
    layout.check_is_run()
    manifest = layout.manifest()
    if manifest is not None:
        return StoredRun(layout, manifest.stage, by_segment(manifest.shards))
    run = StoredRun(layout, layout.identity().stage, layout.segments())
    if warn:
        _log.warning("%s is not finished: reading the %s records it holds so far", run.name, sum(run.rows.values()))
    return run


def is_run(place: str | Path) -> bool:
    """Whether a place is a run: a directory with the mark of one or its manifest, or any place on an object store."""
    if is_url(place):
        return True
    root = Path(place)
    return (root / RUN).exists() or is_manifest(root / MANIFEST)
