"""A run on an object store: nothing is renamed, appended or locked, and every object is written whole.

    .agentprop/run-001.json                      what the run was started with; 001 is the epoch, which --fresh raises
    .agentprop/journal-001/00000012.json         segment 12: its shards and the state after it
    problems/part-00012-001-0123456789ab.parquet one of its shards, with the epoch and the beginning of its SHA-256
    manifest-001-00000013.json                   the run was complete with 13 segments

Shards are written first. Then the journal's object is put *only if there is none of its number*: this one request is
both the commit and the fence. Of two processes that write one run, the slower one finds its number taken and stops, and
what it wrote before is litter that no reader looks at. A put whose reply got lost looks the same to the process that
is alone, so each object says who wrote it: one of our own is our own commit.

The run is complete if there is a manifest for exactly the segments that are committed, so that more records revoke it
without anything being deleted. Deleted is only what can never count: objects of earlier epochs, and shards of a number
that is committed without them.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agentprop.errors import RunError, ShardError
from agentprop.records import Part
from agentprop.storage.layout import Encoded
from agentprop.storage.object_store import StoreError
from agentprop.storage.parquet import FetchedShard, Source
from agentprop.storage.parts import (
    CONFIG,
    FOLDERS,
    OURS,
    RESTORE,
    SUMMARY,
    Identity,
    Manifest,
    Segment,
    StoredShard,
    by_segment,
    folder_of,
    parse_part,
    to_json,
)
from agentprop.storage.run_readme import MARK, README, text
from agentprop.storage.stores import Store

SEGMENT_RECORDS = 16384
"""Records of one kind that close a segment: a commit is several requests, and objects should be megabytes."""
SEGMENT_SECONDS = 60.0
"""Age in seconds at which a segment is closed, and so the most work that a killed run loses."""
READERS = 8
"""Objects of the journal that are read at once."""
_RUN = re.compile(rf"{OURS}/run-(\d{{3,}})\.json")
_SHARD = re.compile(r"[a-z_]+/part-(\d{5,})-(\d{3,})-[0-9a-f]{12}\.parquet")
_MANIFEST = re.compile(r"manifest-(\d{3,})-(\d{8,})\.json")
_JOURNAL = re.compile(rf"{OURS}/journal-(\d{{3,}})/(\d{{8,}})\.json")
_log = logging.getLogger(__name__)


class Commit(Part):
    """An object of the journal."""

    writer: str
    """Process that wrote it."""
    segment: Segment
    """The segment."""


class ObjectRun:
    """Run on an object store, or on any other store without locks and renames."""

    segment_records: int | None = SEGMENT_RECORDS
    segment_seconds: float | None = SEGMENT_SECONDS

    def __init__(self, store: Store) -> None:
        self.store = store
        self.writer = uuid.uuid4().hex
        """Name of this process in what it writes."""
        self._text = io.StringIO()
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """Number of the newest start; 0 if there is none."""
        if not self._epoch:
            found = (_RUN.fullmatch(key) for key in self.store.list(OURS))
            self._epoch = max((int(match[1]) for match in found if match), default=0)
        return self._epoch

    # --- reading ---

    def check_is_run(self) -> None:
        if not self.epoch:
            raise RunError(f"there is no run at {self.store.name}", hint="name a place that a stage wrote with --out")

    def identity(self) -> Identity:
        key = self._run(self.epoch)
        return parse_part(self._required(key), Identity, f"{self.store.name}/{key}")

    def complete(self) -> bool:
        return self.manifest() is not None

    def manifest(self) -> Manifest | None:
        key = self._manifest(len(self._numbers()))
        data = self.store.get(key)
        return parse_part(data, Manifest, f"{self.store.name}/{key}") if data is not None else None

    def segments(self) -> list[Segment]:
        manifest = self.manifest()
        return by_segment(manifest.shards) if manifest else self._journal()

    def _numbers(self) -> range:
        """Numbers of the committed segments: they have no gaps, whatever a listing leaves out."""
        keys = self.store.list(f"{OURS}/journal-{self.epoch:03d}")
        found = {int(match[2]) for key in keys if (match := _JOURNAL.fullmatch(key))}
        end = next(number for number in range(len(found) + 1) if number not in found)
        while self.store.get(self._entry(end)) is not None:
            end += 1
        return range(end)

    def _journal(self) -> list[Segment]:
        with ThreadPoolExecutor(READERS) as readers:
            commits = list(readers.map(self._commit_of, self._numbers()))
        segments = [commit.segment.model_copy(update={"state": None}) for commit in commits[:-1]]
        return segments + [commit.segment for commit in commits[-1:]]

    def _commit_of(self, number: int) -> Commit:
        key = self._entry(number)
        return parse_part(self._required(key), Commit, f"{self.store.name}/{key}")

    def shard(self, shard: StoredShard) -> Source:
        name = f"{self.store.name}/{shard.path}"
        data = self.store.get(shard.path)
        if data is None:
            raise ShardError(f"{name} is missing", hint=RESTORE)
        if hashlib.sha256(data).hexdigest() != shard.sha256:
            raise ShardError(f"{name} is not the shard that was written: its checksum differs", hint=RESTORE)
        return FetchedShard(name, data)

    def folder(self, name: str) -> Path:
        """A directory for this run and epoch below the user's state directory; another machine has another one."""
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        place = hashlib.sha256(f"{self.store.name} {self.epoch}".encode()).hexdigest()[:16]
        return state / "agentprop" / "runs" / place / name

    def _required(self, key: str) -> bytes:
        data = self.store.get(key)
        if data is None:
            raise RunError(f"{self.store.name}/{key} is missing", hint=RESTORE)
        return data

    # --- names ---

    def _run(self, epoch: int) -> str:
        return f"{OURS}/run-{epoch:03d}.json"

    def _entry(self, number: int) -> str:
        return f"{OURS}/journal-{self.epoch:03d}/{number:08d}.json"

    def _manifest(self, segments: int) -> str:
        return f"manifest-{self.epoch:03d}-{segments:08d}.json"

    # --- writing ---

    def check_claimable(self) -> None:
        if self.epoch:
            return
        names = list(self.store.list())
        if names and not any(name.startswith(f"{OURS}/") for name in names):
            raise RunError(
                f"{self.store.name} holds objects that are not an agentprop run ({', '.join(names[:3])}, …); "
                "nothing was changed",
                hint="choose another --out, or an empty place",
            )

    def check_idle(self) -> None:
        """Do nothing: that another process works here shows when one of the two commits."""

    def claim(self) -> None:
        """Check that this may become a run, and that of two puts of a new object the store refuses the second."""
        self.check_claimable()
        key = f"{OURS}/probe-{self.writer}"
        mine = self.writer.encode()
        try:
            first = self.store.put_new(key, mine) or self.store.get(key) == mine
            second = self.store.put_new(key, b"again")
        finally:
            self._forget(key)
        if not first or second:
            raise RunError(
                f"{self.store.name} lets one object replace another where a new one was asked for, so two processes "
                "could overwrite each other's work",
                hint="choose a store with conditional writes (If-None-Match), or write to a disk and copy it there",
            )

    def release(self) -> None:
        """Do nothing: nothing is held."""

    def started(self) -> bool:
        return self.epoch > 0

    def begin(self, identity: Identity, folders: tuple[str, ...]) -> None:
        new = self.epoch + 1
        data = to_json(identity.model_dump())
        if not self._create(self._run(new), data):
            raise RunError(
                f"another agentprop process has just started {self.store.name}",
                hint="run the same command again to resume what it does, or choose another --out",
            )
        self._epoch = new
        for key in self.store.list() if new > 1 else ():
            if key in (CONFIG, SUMMARY) or (key == README and self._is_ours(key)) or key.split("/")[0] in folders:
                self.store.delete(key)  # it told of the earlier start; `recover` deletes the rest

    def recover(self) -> list[Segment]:
        segments = self._journal()
        held = self.store.list()  # afterwards, so that it has all that the journal lists
        listed = {shard.path: shard for segment in segments for shard in segment.shards}
        for name, shard in listed.items():
            if held.get(name) != shard.bytes:
                raise ShardError(
                    f"{self.store.name}/{name} is missing or truncated, so the run cannot go on", hint=RESTORE
                )
        for key in held:
            if key not in listed and self._is_over(key, len(segments)):
                self.store.delete(key)
        return segments

    def _is_over(self, key: str, committed: int) -> bool:
        """Whether an object that no segment lists can never be listed by one."""
        if key.split("/")[0] in FOLDERS.values() and (shard := _SHARD.fullmatch(key)):
            return int(shard[2]) < self.epoch or (int(shard[2]) == self.epoch and int(shard[1]) < committed)
        if manifest := _MANIFEST.fullmatch(key):
            return int(manifest[1]) < self.epoch
        if entry := _JOURNAL.fullmatch(key):
            return int(entry[1]) < self.epoch
        started = _RUN.fullmatch(key)
        return bool(started and int(started[1]) < self.epoch)

    def write_shards(self, number: int, shards: Encoded) -> tuple[StoredShard, ...]:
        written: list[StoredShard] = []
        for kind, (data, shard) in shards.items():
            name = f"{folder_of(kind)}/part-{number:05d}-{self.epoch:03d}-{shard.sha256[:12]}.parquet"
            self.store.put(name, data)
            written.append(StoredShard(path=name, kind=kind, **shard._asdict()))
        return tuple(written)  # after a failure they stay: a process that makes the same ones may have committed them

    def commit(self, segment: Segment) -> None:
        key = self._entry(segment.number)
        if not self._create(key, to_json(Commit(writer=self.writer, segment=segment).model_dump())):
            raise self._fenced(f"it has committed segment {segment.number}")

    def _create(self, key: str, data: bytes) -> bool:
        """Put a new object; one that is there already with our content is ours, and its reply got lost."""
        try:
            return self.store.put_new(key, data) or self.store.get(key) == data
        except StoreError:
            if self.store.get(key) == data:
                return True
            raise

    def _fenced(self, how: str) -> RunError:
        return RunError(
            f"another agentprop process is working in {self.store.name}: {how}",
            hint="wait for it to end, or choose another --out; nothing of its work was changed",
        )

    def reopen(self, config: Mapping[str, Any]) -> None:
        self.write_config(config)  # the next segment revokes the manifest

    def write_summary(self, summary: Mapping[str, Any], committed: int) -> None:
        self._check_last(committed)
        self.store.put(SUMMARY, to_json(summary))

    def write_readme(self, stage: str, rows: Mapping[str, int]) -> None:
        kinds = [kind for kind in FOLDERS if rows.get(kind)]
        if kinds and self._is_ours(README):
            self.store.put(README, text(self.store.name.rpartition("/")[2], stage, kinds).encode())

    def _is_ours(self, key: str) -> bool:
        """True if a README.md may be replaced: it is not there, or agentprop wrote it."""
        return MARK.encode() in (self.store.get(key) or MARK.encode())

    def write_config(self, config: Mapping[str, Any]) -> None:
        self.store.put(CONFIG, to_json(config))

    def finish(self, manifest: Manifest, committed: int) -> None:
        self._check_last(committed)
        key, data = self._manifest(committed), to_json(manifest.model_dump())
        if not self._create(key, data):
            there = parse_part(self._required(key), Manifest, f"{self.store.name}/{key}")
            if there.shards != manifest.shards:
                raise self._fenced("it has completed the run")
        for old in self.store.list():
            if (found := _MANIFEST.fullmatch(old)) and (int(found[1]), int(found[2])) < (self.epoch, committed):
                self.store.delete(old)

    def _check_last(self, committed: int) -> None:
        """Raise RunError if another process has committed more, or started over."""
        if self.store.get(self._entry(committed)) is not None:
            raise self._fenced(f"it has committed segment {committed}")
        if self.store.get(self._run(self.epoch + 1)) is not None:
            raise self._fenced("it has started over")

    def _forget(self, key: str) -> None:
        """Delete an object that harms nobody if it stays."""
        try:
            self.store.delete(key)
        except StoreError as error:
            _log.info("%s stays at %s: %s", key, self.store.name, error.message)

    def open_log(self) -> logging.Handler:
        return logging.StreamHandler(self._text)

    def close_log(self) -> None:
        """Write the session's log as an object of its own, since nothing can be appended to."""
        if text := self._text.getvalue():
            self.store.put(f"logs/{self.writer}.txt", text.encode(errors="backslashreplace"))
