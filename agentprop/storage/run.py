"""A stage's records → a run directory: config, shards in atomic segments, summary and log, and last the manifest.

A stage adds records, and commits at points at which the records and its own state fit together. Committed records are
written as a segment: one shard per kind of record, and then one line in the journal that lists them with the state.
Only that line makes the segment part of the run. So a killed run loses at most its open segment, never half of one, and
continues from the last state; shards without a line are deleted. At most one segment of records is held in memory.
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
from agentprop.portable import sync_directory
from agentprop.private_files import make_private
from agentprop.records import Record
from agentprop.storage import ownership, write_shard
from agentprop.storage.durable import append_durably, disk_error, disk_errors, write_json
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
from agentprop.storage.run_readme import write_readme

__all__ = ["Run", "StoredRun", "add_up", "open_run"]

SEGMENT_RECORDS = 256
"""Records of one kind that close a segment, and so the most that a killed run loses."""
SEGMENT_SECONDS = 10.0
"""Age in seconds at which a segment is closed, however small it is."""


class Run(StoredRun):
    """Run directory that this process has locked and writes to; use it as a context manager.

    Leaving the block, even by an exception, writes what was committed, so an interrupted stage keeps its finished work.
    """

    def __init__(
        self, path: Path, identity: Identity, segments: list[Segment], lock: int, log: logging.Handler
    ) -> None:
        super().__init__(path, identity.stage, segments)
        self.resumed = bool(segments)
        """The directory already held finished work."""
        self.state: dict[str, Any] = (segments[-1].state if segments else None) or {}
        """State that was committed last; empty for a new run."""
        self._identity = identity
        self._lock = lock
        self._log = log
        self._open: dict[str, list[Record]] = {}
        self._committed: dict[str, int] = {}
        self._new_state: str | None = None
        self._written_at = time.monotonic()
        self._incomplete = False

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
        models: Mapping[str, str] | None = None,
        folders: Iterable[str] = (),
    ) -> Self:
        """Create a run, or resume the one that is there. Raises RunError or ConfigError if that is not possible.

        `outside_identity` names settings that may change on resuming, by default those of the stage; `inputs` gives
        fingerprints of the inputs, which may not change; `models` gives the names of the models that settings name,
        which may not change either; `folders` names further files and directories at the top that the stage writes.
        """
        path = Path(out)
        settings = _settings_of(config)
        if outside_identity is None:
            outside_identity = config.outside_identity if isinstance(config, StageConfig) else ()
        identity = Identity(stage=stage, config=settings, inputs=dict(inputs or {}), models=dict(models or {}))
        ownership.claim(path)
        lock = ownership.lock(path)
        try:
            if fresh or not (path / RUN).exists():
                ownership.clear(path, tuple(folders))
                write_json(path / RUN, identity.model_dump(), private=True)
            else:
                started = _as_of_now(load_part(path / RUN, Identity), config)
                ownership.check_same(path, started, identity, frozenset(outside_identity))
            segments = ownership.recover(path)
            if not (path / MANIFEST).exists():
                write_json(path / CONFIG, settings, private=True)
            log = _attach_log(path / LOG)
        except BaseException:
            os.close(lock)
            raise
        return cls(path, identity, segments, lock, log)

    @staticmethod
    def check(
        out: str | Path,
        stage: str,
        config: StageConfig,
        *,
        fresh: bool = False,
        inputs: Mapping[str, str] | None = None,
        models: Mapping[str, str] | None = None,
    ) -> None:
        """Find out if `open` would succeed, and change nothing. Raises RunError or ConfigError as it would."""
        path = Path(out)
        ownership.check_claimable(path)
        if fresh or not (path / RUN).exists():
            return
        os.close(ownership.lock(path))
        settings = _settings_of(config)
        identity = Identity(stage=stage, config=settings, inputs=dict(inputs or {}), models=dict(models or {}))
        started = _as_of_now(load_part(path / RUN, Identity), config)
        ownership.check_same(path, started, identity, frozenset(config.outside_identity))

    # --- writing ---

    def add(self, record: Record) -> None:
        """Add a record to the open segment; it is kept from the next commit on."""
        self._open.setdefault(record.kind, []).append(record)

    def commit(self, state: Mapping[str, Any]) -> None:
        """Commit the records added so far with the matching `state` (small, JSON); write the segment if it is due."""
        self._new_state = json.dumps(state, ensure_ascii=False)
        self._committed = {kind: len(records) for kind, records in self._open.items()}
        self.tick()

    def tick(self) -> None:
        """Write the committed records as a segment if they are many or old; call it while waiting for slow work."""
        full = any(count >= SEGMENT_RECORDS for count in self._committed.values())
        if full or time.monotonic() - self._written_at >= SEGMENT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the committed records as a segment now."""
        if self._new_state is None:
            return
        self._incomplete = True  # until done, so that nothing more is written after a failure or a second Ctrl-C
        self._reopen()
        number = self.segments[-1].number + 1 if self.segments else 0
        segment = Segment(number=number, shards=self._write_shards(number), state=json.loads(self._new_state))
        append_durably(self.path / JOURNAL, segment.model_dump_json().encode() + b"\n")
        self.segments.append(segment.model_copy(update={"state": None}))
        self._open = {kind: records[self._committed.get(kind, 0) :] for kind, records in self._open.items()}
        self._committed, self._new_state = {}, None
        self._written_at = time.monotonic()
        self._incomplete = False

    def _write_shards(self, number: int) -> tuple[StoredShard, ...]:
        """Write all shards of a segment, or none."""
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
        """Delete the manifest of a complete run that gets more records."""
        if self.complete:
            with disk_errors(self.path):
                (self.path / MANIFEST).unlink()
                sync_directory(self.path)
            write_json(self.path / CONFIG, self._identity.config, private=True)

    def summarise(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json without completing the run, because it was interrupted or reached a bound."""
        self.flush()
        write_readme(self.path, self.stage, self.rows)
        write_json(self.path / SUMMARY, summary)

    def finish(self, summary: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> None:
        """Write summary.json and then the manifest. Raises ValueError if a record was not committed."""
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
        """Write what was committed, and release the lock."""
        try:
            if not self._incomplete:
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
    """Add two nested maps of numbers, so that costs add up over sessions.

    >>> add_up({"a": 1}, {"a": 2, "b": {"c": 3}})
    {'a': 3, 'b': {'c': 3}}
    """
    total = dict(before)
    for key, value in now.items():
        if isinstance(value, Mapping):
            total[key] = add_up(total.get(key) or {}, value)
        else:
            total[key] = (total.get(key) or 0) + value
    return total


class _LogFile(logging.FileHandler):
    """Handler of log.txt that raises disk errors as RunError, instead of printing a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            raise disk_error(Path(self.baseFilename), error) from error
        super().handleError(record)


def _settings_of(config: StageConfig | Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON values."""
    if isinstance(config, StageConfig):
        return config.model_dump(mode="json")
    return dict(json.loads(json.dumps(config)))


def _as_of_now(started: Identity, config: StageConfig | Mapping[str, Any]) -> Identity:
    """Update the identity of an older run: present names of settings, and defaults for those that did not exist."""
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
