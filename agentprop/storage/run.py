"""A run directory: config, shards grown in atomic segments, rejects, summary and log; the manifest comes last.

A stage adds records and commits points at which records and its own state fit together. What was committed is written
as a segment: one shard per kind of record, and then one line in the journal that names them with the state. Only that
line makes the segment exist. So a killed run loses at most its open segment, never half of one, and goes on from the
last state; shards without a line are deleted. Nothing here holds more than one segment of records in memory.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from agentprop.config import StageConfig
from agentprop.private_files import make_private
from agentprop.records import Record
from agentprop.storage import ownership as claims
from agentprop.storage import write_shard
from agentprop.storage.durable import append_durably, disk_error, disk_errors, sync_directory, write_json
from agentprop.storage.reader import (
    CONFIG,
    JOURNAL,
    LOG,
    MANIFEST,
    RUN,
    SUMMARY,
    Identity,
    Manifest,
    Segment,
    StoredRun,
    StoredShard,
    folder_of,
    load_part,
    open_run,
)

__all__ = ["Run", "StoredRun", "add_up", "open_run"]

SEGMENT_RECORDS = 256
"""Records of one kind that close a segment: what a killed run loses at most."""
SEGMENT_SECONDS = 10.0
"""Age at which a segment is closed however small it is."""


class Run(StoredRun):
    """A run directory that this process holds the lock of and writes to; use as a context manager.

    Leaving the block, by an exception too, writes what was committed: an interrupted stage keeps its finished work.
    """

    def __init__(
        self, path: Path, identity: Identity, segments: list[Segment], lock: int, log: logging.Handler
    ) -> None:
        super().__init__(path, identity.stage, segments)
        self.resumed = bool(segments)
        """Whether the directory already held finished work."""
        self.state: dict[str, Any] = (segments[-1].state if segments else None) or {}
        """State to go on from, as it was committed last; empty for a new run."""
        self._identity = identity
        self._lock = lock
        self._log = log
        self._open: dict[str, list[Record]] = {}
        self._committed: dict[str, int] = {}
        self._new_state: str | None = None
        self._written_at = time.monotonic()
        self._broken = False

    @classmethod
    def open(
        cls,
        out: str | Path,
        stage: str,
        config: StageConfig | Mapping[str, Any],
        *,
        fresh: bool = False,
        outside_identity: Iterable[str] | None = None,
        inputs: Mapping[str, str] | None = None,
        folders: Iterable[str] = (),
    ) -> Self:
        """Create a run or resume the one that is there.

        `outside_identity` names settings that may change on resuming, by default those of the stage; `inputs` gives
        fingerprints of what the run reads and may not change; `folders` are further directories and files at the top
        that the stage writes itself.
        """
        path = Path(out)
        settings = _settings_of(config)
        if outside_identity is None:
            outside_identity = config.outside_identity if isinstance(config, StageConfig) else ()
        identity = Identity(stage=stage, config=settings, inputs=dict(inputs or {}))
        claims.claim(path)
        lock = claims.lock(path)
        try:
            if fresh or not (path / RUN).exists():
                claims.clear(path, tuple(folders))
                write_json(path / RUN, identity.model_dump(), private=True)
            else:
                started = _as_of_now(load_part(path / RUN, Identity), config)
                claims.check_same(path, started, identity, frozenset(outside_identity))
            segments = claims.recover(path)
            if not (path / MANIFEST).exists():
                write_json(path / CONFIG, settings, private=True)
            log = _attach_log(path / LOG)
        except BaseException:
            os.close(lock)
            raise
        return cls(path, identity, segments, lock, log)

    # --- writing ---

    def add(self, record: Record) -> None:
        """Put a record into the open segment; it counts from the next commit on."""
        self._open.setdefault(record.kind, []).append(record)

    def commit(self, state: Mapping[str, Any]) -> None:
        """Declare that everything added so far and `state` (small, JSON) fit together; write the segment when due."""
        self._new_state = json.dumps(state, ensure_ascii=False)
        self._committed = {kind: len(records) for kind, records in self._open.items()}
        self.tick()

    def tick(self) -> None:
        """Write the committed part of the segment if it is full or old; call it while waiting for slow work."""
        full = any(count >= SEGMENT_RECORDS for count in self._committed.values())
        if full or time.monotonic() - self._written_at >= SEGMENT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was committed as a segment, now."""
        if self._new_state is None:
            return
        self._broken = True  # until it is done: after a failure or a second Ctrl-C nothing more is written
        self._reopen()
        number = self.segments[-1].number + 1 if self.segments else 0
        segment = Segment(number=number, shards=self._write_shards(number), state=json.loads(self._new_state))
        append_durably(self.path / JOURNAL, segment.model_dump_json().encode() + b"\n")
        self.segments.append(segment.model_copy(update={"state": None}))
        self._open = {kind: records[self._committed.get(kind, 0) :] for kind, records in self._open.items()}
        self._committed, self._new_state = {}, None
        self._written_at = time.monotonic()
        self._broken = False

    def _write_shards(self, number: int) -> tuple[StoredShard, ...]:
        """All shards of a segment, or none."""
        shards: list[StoredShard] = []
        try:
            for kind, count in self._committed.items():
                if count:
                    shards.append(self._write_shard(f"{folder_of(kind)}/part-{number:05d}.parquet", kind, count))
        except BaseException:
            for shard in shards:
                (self.path / shard.path).unlink(missing_ok=True)
            raise
        return tuple(shards)

    def _write_shard(self, name: str, kind: str, count: int) -> StoredShard:
        path = self.path / name
        with disk_errors(path):
            path.parent.mkdir(exist_ok=True)
        records = self._open[kind][:count]
        written = write_shard(path, type(records[0]), records)
        return StoredShard(path=name, kind=kind, **written._asdict())

    def _reopen(self) -> None:
        """A complete run that gets more work is no longer complete."""
        if self.complete:
            with disk_errors(self.path):
                (self.path / MANIFEST).unlink()
                sync_directory(self.path)
            write_json(self.path / CONFIG, self._identity.config, private=True)

    def summarise(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json without completing the run: an interrupted run, or one that met a bound."""
        self.flush()
        write_json(self.path / SUMMARY, summary)

    def finish(self, summary: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> None:
        """Write summary.json and then the manifest; everything added must have been committed."""
        if any(len(records) > self._committed.get(kind, 0) for kind, records in self._open.items()):
            raise ValueError("records were added after the last commit")
        self.summarise(summary)
        manifest = Manifest(
            stage=self.stage,
            inputs={**self._identity.inputs, **(inputs or {})},
            rows=self.rows,
            shards=tuple(shard for segment in self.segments for shard in segment.shards),
        )
        write_json(self.path / CONFIG, self._identity.config, private=True)
        write_json(self.path / MANIFEST, manifest.model_dump())

    def close(self) -> None:
        """Write what was committed, and let others in."""
        try:
            if not self._broken:
                self.flush()
        finally:
            logging.getLogger("agentprop").removeHandler(self._log)
            try:
                with disk_errors(self.path / LOG):
                    self._log.close()
            finally:
                os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def add_up(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Sum two nested maps of numbers, so that costs add up over resumes: {a: 1} and {a: 2, b: 3} → {a: 3, b: 3}."""
    total = dict(before)
    for key, value in now.items():
        if isinstance(value, Mapping):
            total[key] = add_up(total.get(key) or {}, value)
        else:
            total[key] = (total.get(key) or 0) + value
    return total


class _LogFile(logging.FileHandler):
    """log.txt; a full disk is the run's error and not a traceback on the side."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            raise disk_error(Path(self.baseFilename), error) from error
        super().handleError(record)


def _settings_of(config: StageConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON keeps them."""
    if isinstance(config, StageConfig):
        return config.model_dump(mode="json")
    return dict(json.loads(json.dumps(config)))


def _as_of_now(started: Identity, config: StageConfig | Mapping[str, Any]) -> Identity:
    """The identity of a run of an older version: under present names, with the settings that it did not know."""
    if not isinstance(config, StageConfig):
        return started
    known = {**config.defaults(), **config.under_present_names(started.config)}
    return started.model_copy(update={"config": known})


def _attach_log(path: Path) -> logging.Handler:
    with disk_errors(path):
        make_private(path)
        handler = _LogFile(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.setLevel(logging.INFO)
    logger = logging.getLogger("agentprop")
    logger.setLevel(min(logger.level or logging.INFO, logging.INFO))
    logger.addHandler(handler)
    return handler
