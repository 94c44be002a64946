"""A run on a disk: locked, renamed into place, committed by a line of the journal.

A segment's shards are files of their own; the line in the journal that lists them is what makes them part of the run.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agentprop.errors import RunError, ShardError
from agentprop.portable import sync_directory
from agentprop.private_files import make_private
from agentprop.records import RECORDS
from agentprop.storage import ownership
from agentprop.storage.durable import append_durably, digest_file, disk_error, disk_errors
from agentprop.storage.layout import Encoded
from agentprop.storage.parquet import Source, read_rows
from agentprop.storage.parts import (
    CONFIG,
    FOLDERS,
    JOURNAL,
    LOG,
    MANIFEST,
    OURS,
    RESTORE,
    RUN,
    SUMMARY,
    Identity,
    Manifest,
    Segment,
    StoredShard,
    by_segment,
    folder_of,
    load_json,
    load_part,
    read_errors,
    to_json,
)
from agentprop.storage.run_readme import write_readme
from agentprop.storage.stores import LocalStore


class Directory:
    """Run directory on a disk."""

    segment_records: int | None = None
    segment_seconds: float | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = LocalStore(path)
        self._lock = -1
        self._log: logging.Handler | None = None
        self._checked: set[str] = set()

    # --- reading ---

    def check_is_run(self) -> None:
        root = self.path
        with read_errors(root):
            if not root.exists():
                raise RunError(
                    f"there is no run directory {root}", hint="name a directory that a stage wrote with --out"
                )
            if (root / RUN).exists() or is_manifest(root / MANIFEST):
                return
            around = next((parent for parent in root.absolute().parents if (parent / OURS).is_dir()), None)
        hint = (
            f"name the run directory itself: {around}" if around else "name a directory that a stage wrote with --out"
        )
        raise RunError(f"{root} is not a run directory", hint=hint)

    def identity(self) -> Identity:
        return load_part(self.path / RUN, Identity)

    def complete(self) -> bool:
        return (self.path / MANIFEST).exists()

    def manifest(self) -> Manifest | None:
        return load_part(self.path / MANIFEST, Manifest) if self.complete() else None

    def segments(self) -> list[Segment]:
        with read_errors(self.path):
            manifest = self.manifest()
            return by_segment(manifest.shards) if manifest else read_journal(self.path / JOURNAL)[0]

    def shard(self, shard: StoredShard) -> Source:
        path = self.path / shard.path
        if shard.path in self._checked:
            return path
        if not path.exists():
            raise ShardError(f"{path} is missing", hint=RESTORE)
        if digest_file(path) != shard.sha256:
            for _ in read_rows(path, RECORDS[shard.kind]):
                pass  # reading raises a more precise error for a truncated, foreign or newer shard
            raise ShardError(f"{path} is not the shard that was written: its checksum differs", hint=RESTORE)
        self._checked.add(shard.path)
        return path

    def folder(self, name: str) -> Path:
        return self.path / name

    # --- writing ---

    def check_claimable(self) -> None:
        ownership.check_claimable(self.path)

    def check_idle(self) -> None:
        os.close(ownership.lock(self.path))

    def claim(self) -> None:
        ownership.claim(self.path)
        self._lock = ownership.lock(self.path)

    def release(self) -> None:
        os.close(self._lock)

    def started(self) -> bool:
        return (self.path / RUN).exists()

    def begin(self, identity: Identity, folders: tuple[str, ...]) -> None:
        ownership.clear(self.path, folders)
        self.store.put(RUN, to_json(identity.model_dump()), private=True)

    def recover(self) -> list[Segment]:
        return recover(self.path)

    def write_shards(self, number: int, shards: Encoded) -> tuple[StoredShard, ...]:
        written: list[StoredShard] = []
        try:
            for kind, (data, shard) in shards.items():
                name = f"{folder_of(kind)}/part-{number:05d}.parquet"
                self.store.put(name, data)
                written.append(StoredShard(path=name, kind=kind, **shard._asdict()))
        except BaseException:
            for one in written:
                self.store.delete(one.path)
            raise
        return tuple(written)

    def commit(self, segment: Segment) -> None:
        append_durably(self.path / JOURNAL, segment.model_dump_json().encode() + b"\n")

    def reopen(self, config: Mapping[str, Any]) -> None:
        with disk_errors(self.path):
            (self.path / MANIFEST).unlink()
            sync_directory(self.path)
        self.write_config(config)

    def write_summary(self, summary: Mapping[str, Any], committed: int) -> None:
        self.store.put(SUMMARY, to_json(summary))

    def write_readme(self, stage: str, rows: Mapping[str, int]) -> None:
        write_readme(self.path, stage, rows)

    def write_config(self, config: Mapping[str, Any]) -> None:
        self.store.put(CONFIG, to_json(config), private=True)

    def finish(self, manifest: Manifest, committed: int) -> None:
        self.store.put(MANIFEST, to_json(manifest.model_dump()))

    def open_log(self) -> logging.Handler:
        path = self.path / LOG
        with disk_errors(path):
            make_private(path)
            self._log = _LogFile(path, encoding="utf-8", errors="backslashreplace")
        return self._log

    def close_log(self) -> None:
        if self._log is not None:
            with disk_errors(self.path / LOG):
                self._log.close()


def is_manifest(path: Path) -> bool:
    """Return True if a manifest.json is ours, since many tools write a file of that name."""
    return path.exists() and {"schema_version", "agentprop", "stage"} <= load_json(path).keys()


def recover(path: Path) -> list[Segment]:
    """Return the complete segments, the last one with its state, and delete everything unfinished.

    Raises ShardError if a shard of a complete segment is missing or truncated.
    """
    journal = path / JOURNAL
    segments, size = read_journal(journal)
    listed = {shard.path: shard for segment in segments for shard in segment.shards}
    with disk_errors(path):
        if journal.exists() and journal.stat().st_size > size:
            os.truncate(journal, size)
        ownership.remove_temporaries(path)
        for folder in FOLDERS.values():
            for part in (path / folder).glob("part-*.parquet"):
                if f"{folder}/{part.name}" not in listed:
                    part.unlink()
    for name, shard in listed.items():
        if not (path / name).exists() or (path / name).stat().st_size != shard.bytes:
            raise ShardError(
                f"{path / name} is missing or truncated, so the run cannot go on",
                hint="restore it from a copy, or start over with --fresh",
            )
    return segments


def read_journal(path: Path) -> tuple[list[Segment], int]:
    """Return the complete segments, the last one with its state, and the length of the journal up to its end."""
    segments: list[Segment] = []
    size = 0
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            segment = Segment.model_validate_json(line)
        except ValidationError as error:
            if number == len(lines):
                break  # cut off by a crash: this segment was never committed
            raise RunError(f"line {number} of {path} is damaged", hint=RESTORE) from error
        if not line.endswith(b"\n"):
            break
        if segments:
            segments[-1] = segments[-1].model_copy(update={"state": None})
        segments.append(segment)
        size += len(line)
    return segments, size


class _LogFile(logging.FileHandler):
    """Handler of log.txt that raises disk errors as RunError, instead of printing a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            raise disk_error(Path(self.baseFilename), error) from error
        super().handleError(record)
