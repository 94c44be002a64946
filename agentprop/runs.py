"""A run directory: config, shards grown in atomic segments, rejects, summary and log; the manifest comes last.

A stage adds records and commits points at which records and its own state fit together. What was committed is written
as a segment: one shard per kind of record, and then one line in the journal that names them with the state. Only that
line makes the segment exist. So a killed run loses at most its open segment, never half of one, and goes on from the
last state; shards without a line are deleted. Nothing here holds more than one segment of records in memory.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from agentprop import __version__
from agentprop.errors import ConfigError, RunError
from agentprop.files import append_durably, disk_error, disk_errors, sync_directory, write_json
from agentprop.records import SCHEMA_VERSION, Record
from agentprop.shards import write_shard
from agentprop.stored import (
    CONFIG,
    FOLDERS,
    JOURNAL,
    LOG,
    MANIFEST,
    OURS,
    RUN,
    SUMMARY,
    Segment,
    StoredRun,
    StoredShard,
    folder_of,
    load_json,
    read_journal,
)

SEGMENT_RECORDS = 256
"""Records of one kind that close a segment: what a killed run loses at most."""
SEGMENT_SECONDS = 10.0
"""Age at which a segment is closed however small it is."""

_LOCK = f"{OURS}/lock"
_TOP_LEVEL = frozenset({CONFIG, SUMMARY, MANIFEST, LOG, OURS, *FOLDERS.values()})


class Run(StoredRun):
    """A run directory that this process holds the lock of and writes to; use as a context manager.

    Leaving the block, by an exception too, writes what was committed: an interrupted stage keeps its finished work.
    """

    state: dict[str, Any]
    """State of the last segment on disk when the run was opened; empty for a new run."""
    resumed: bool
    """Whether the directory already held a run."""

    def __init__(
        self, path: Path, stage: str, segments: list[Segment], state: dict[str, Any], lock: int, log: logging.Handler
    ) -> None:
        super().__init__(path, stage, segments)
        self.state = state
        self.resumed = bool(segments)
        self._lock = lock
        self._log = log
        self._config: Mapping[str, Any] = {}
        self._inputs: dict[str, str] = {}
        self._open: dict[str, list[Record]] = {}
        self._committed: dict[str, int] = {}
        self._state_text: str | None = None
        self._segment_since = time.monotonic()
        self._broken = False

    @classmethod
    def open(
        cls,
        out: str | Path,
        stage: str,
        config: BaseModel | Mapping[str, Any],
        *,
        fresh: bool = False,
        outside_identity: Iterable[str] = (),
        inputs: Mapping[str, str] | None = None,
        folders: Iterable[str] = (),
    ) -> Self:
        """Create a run or resume the one that is there.

        `outside_identity` names settings that may change on resuming; `inputs` gives fingerprints of what the run
        reads and may not change; `folders` are further top-level directories that this stage writes by itself.
        """
        path = Path(out)
        settings = config.model_dump(mode="json") if isinstance(config, BaseModel) else dict(config)
        _claim(path)
        lock = _lock(path)
        try:
            if fresh or not (path / RUN).exists():
                _clear(path, tuple(folders))
                _begin(path, stage, settings, dict(inputs or {}))
            else:
                _check_same(path, stage, settings, dict(inputs or {}), frozenset(outside_identity))
            segments, state = _recover(path)
            if not (path / MANIFEST).exists():
                write_json(path / CONFIG, settings)
            log = _attach_log(path / LOG)
        except BaseException:
            os.close(lock)
            raise
        run = cls(path, stage, segments, state, lock, log)
        run._config, run._inputs = settings, dict(inputs or {})
        return run

    # --- writing ---

    def add(self, record: Record) -> None:
        """Put a record into the open segment; it counts from the next commit on."""
        self._open.setdefault(record.kind, []).append(record)

    def commit(self, state: Mapping[str, Any]) -> None:
        """Declare that everything added so far and `state` (small, JSON) fit together; write the segment when due."""
        self._state_text = json.dumps(state, ensure_ascii=False)
        self._committed = {kind: len(records) for kind, records in self._open.items()}
        self.tick()

    def tick(self) -> None:
        """Write the committed part of the segment if it is full or old; call it while waiting for slow work."""
        if self._state_text is None:
            return
        full = any(count >= SEGMENT_RECORDS for count in self._committed.values())
        if full or time.monotonic() - self._segment_since >= SEGMENT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was committed as a segment, now."""
        if self._state_text is None:
            return
        self._reopen()
        number = self.segments[-1].number + 1 if self.segments else 0
        shards = self._write_shards(number)
        line = Segment(number, tuple(shards)).to_json() | {"state": json.loads(self._state_text)}
        try:
            append_durably(self.path / JOURNAL, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except RunError:
            self._give_up(shards)
            raise
        self.segments.append(Segment(number, tuple(shards)))
        self._open = {kind: records[self._committed.get(kind, 0) :] for kind, records in self._open.items()}
        self._committed, self._state_text = {}, None
        self._segment_since = time.monotonic()

    def _write_shards(self, number: int) -> list[StoredShard]:
        shards: list[StoredShard] = []
        for kind, count in self._committed.items():
            name = f"{folder_of(kind)}/part-{number:05d}.parquet"
            records = self._open[kind][:count]
            if not records:
                continue
            try:
                with disk_errors(self.path / name):
                    (self.path / name).parent.mkdir(exist_ok=True)
                written = write_shard(self.path / name, type(records[0]), records)
            except BaseException:
                self._give_up(shards)
                raise
            shards.append(StoredShard(name, kind, *written))
        return shards

    def _give_up(self, shards: Iterable[StoredShard]) -> None:
        """After a failed write nothing more is tried, and no half segment stays visible."""
        self._broken = True
        for shard in shards:
            (self.path / shard.path).unlink(missing_ok=True)

    def _reopen(self) -> None:
        """A complete run that gets more work is no longer complete."""
        if self.complete:
            with disk_errors(self.path):
                (self.path / MANIFEST).unlink()
                sync_directory(self.path)
            write_json(self.path / CONFIG, self._config)

    def summarise(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json without completing the run: an interrupted run, or one that met a bound."""
        self.flush()
        write_json(self.path / SUMMARY, summary)

    def finish(self, summary: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> None:
        """Write summary.json and then the manifest; everything added must have been committed."""
        if any(len(records) > self._committed.get(kind, 0) for kind, records in self._open.items()):
            raise ValueError("records were added after the last commit")
        self.summarise(summary)
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "agentprop": __version__,
            "stage": self.stage,
            "inputs": {**self._inputs, **(inputs or {})},
            "rows": self.rows,
            "shards": [shard.to_json() for segment in self.segments for shard in segment.shards],
        }
        write_json(self.path / CONFIG, self._config)
        write_json(self.path / MANIFEST, manifest)

    def close(self) -> None:
        """Write what was committed, and let others in."""
        try:
            if not self._broken:
                self.flush()
        finally:
            logging.getLogger("agentprop").removeHandler(self._log)
            self._log.close()
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


# --- opening ---


def _claim(path: Path) -> None:
    """Make the directory ours, or refuse one that is somebody else's."""
    if path.is_file():
        raise RunError(f"{path} is a file, and a run needs a directory", hint="choose another --out")
    with disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        names = sorted(entry.name for entry in path.iterdir())
    if names and OURS not in names:
        raise RunError(
            f"{path} holds files that are not an agentprop run ({_some(names)}); nothing was changed",
            hint="choose another --out, or an empty directory",
        )
    with disk_errors(path):
        (path / OURS).mkdir(exist_ok=True)


def _lock(path: Path) -> int:
    """Hold the run for as long as the returned descriptor is open; the system releases it if we are killed."""
    with disk_errors(path):
        descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise RunError(
                f"another agentprop process is working in {path}", hint="wait for it to end, or choose another --out"
            ) from error
        raise disk_error(path, error) from error
    return descriptor


def _begin(path: Path, stage: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> None:
    identity = {"schema_version": SCHEMA_VERSION, "stage": stage, "config": settings, "inputs": inputs}
    write_json(path / RUN, identity)


def _clear(path: Path, folders: tuple[str, ...]) -> None:
    """Empty a directory that holds nothing but a run; anything else in it is refused before a file is touched."""
    foreign = _foreign(path, folders)
    if foreign:
        raise RunError(
            f"{path} also holds files that no stage wrote ({_some(foreign)}); nothing was changed",
            hint="move them away, or choose another --out",
        )
    with disk_errors(path):
        # what makes it a run goes first: killed half-way, the next command finds leftovers and not a run
        for name in (MANIFEST, RUN, JOURNAL, SUMMARY, CONFIG, LOG):
            (path / name).unlink(missing_ok=True)
        for folder in (*FOLDERS.values(), *folders):
            if (path / folder).exists():
                shutil.rmtree(path / folder)
        _remove_temporaries(path)


def _foreign(path: Path, folders: tuple[str, ...]) -> list[str]:
    names = [entry.name for entry in path.iterdir()]
    foreign = [name for name in names if name not in _TOP_LEVEL | set(folders) and not _is_temporary(name)]
    for folder in set(FOLDERS.values()) & set(names) - set(folders):
        inside = (entry.name for entry in (path / folder).iterdir())
        foreign += [f"{folder}/{name}" for name in inside if not _is_part(name) and not _is_temporary(name)]
    return sorted(foreign)


def _is_part(name: str) -> bool:
    return name.startswith("part-") and name.endswith(".parquet")


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")


def _remove_temporaries(path: Path) -> None:
    for place in (path, path / OURS, *(path / folder for folder in FOLDERS.values())):
        if place.is_dir():
            for entry in place.iterdir():
                if _is_temporary(entry.name):
                    entry.unlink(missing_ok=True)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _check_same(
    path: Path, stage: str, settings: Mapping[str, Any], inputs: Mapping[str, str], outside: frozenset[str]
) -> None:
    """Refuse to mix two different runs in one directory."""
    started = load_json(path / RUN)
    if started["stage"] != stage:
        raise RunError(f"{path} holds a run of {started['stage']}, not of {stage}", hint="choose another --out")
    resume = f"agentprop {stage} --config {shlex.quote(str(path / CONFIG))} --out {shlex.quote(str(path))}"
    changed = _differences(started["config"], settings, outside)
    if changed:
        raise ConfigError(
            f"{path} was started with other settings: {'; '.join(changed)}",
            hint=f"to continue it: {resume}; to start over: add --fresh; or choose another --out",
        )
    moved = [name for name, fingerprint in started["inputs"].items() if inputs.get(name, fingerprint) != fingerprint]
    if moved:
        raise RunError(
            f"what {path} was started from has changed: {', '.join(moved)}",
            hint="put it back to continue, start over with --fresh, or choose another --out",
        )


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], outside: frozenset[str], at: str = "") -> list[str]:
    """`key was A, now B` for each setting that differs, nested ones with dots."""
    changed = []
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        if at + key in outside or old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            changed += _differences(old, new, outside, f"{at}{key}.")
        else:
            changed.append(f"{at}{key} was {_brief(old)}, now {_brief(new)}")
    return changed


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _recover(path: Path) -> tuple[list[Segment], dict[str, Any]]:
    """The segments that exist and the state to go on from; everything half-written is removed."""
    journal = path / JOURNAL
    segments, state, size = read_journal(journal)
    with disk_errors(path):
        if journal.exists() and journal.stat().st_size > size:
            os.truncate(journal, size)
        _remove_temporaries(path)
        listed = {shard.path for segment in segments for shard in segment.shards}
        for folder in FOLDERS.values():
            for part in (path / folder).glob("part-*.parquet"):
                if f"{folder}/{part.name}" not in listed:
                    part.unlink()
    return segments, state


# --- log ---


class _LogFile(logging.FileHandler):
    """log.txt; a full disk is the run's error and not a traceback on the side."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            raise disk_error(Path(self.baseFilename), error) from error
        super().handleError(record)


def _attach_log(path: Path) -> logging.Handler:
    with disk_errors(path):
        handler = _LogFile(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.setLevel(logging.INFO)
    logger = logging.getLogger("agentprop")
    logger.setLevel(min(logger.level or logging.INFO, logging.INFO))
    logger.addHandler(handler)
    return handler
