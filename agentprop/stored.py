"""A run directory as it lies on disk: its layout, and reading it, finished or not.

What exists is what the manifest lists, or the journal while a run is not finished; other files are never read. A shard
is checked against its recorded SHA-256 before its records are believed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from agentprop.errors import RunError, ShardError
from agentprop.files import digest_file
from agentprop.records import RECORDS, SCHEMA_VERSION, Record
from agentprop.shards import Row, read_rows, read_shard

CONFIG, SUMMARY, MANIFEST, LOG = "config.json", "summary.json", "manifest.json", "log.txt"
OURS = ".agentprop"
"""Hidden directory that marks a run directory as one."""
RUN, JOURNAL = f"{OURS}/run.json", f"{OURS}/journal.jsonl"

FOLDERS = {
    "skill": "skill_records",
    "task": "tasks",
    "trajectory": "trajectories",
    "problem": "problems",
    "attempt": "attempts",
    "verdict": "verdicts",
    "difficulty": "difficulties",
    "reject": "rejects",
}
"""Where each kind of record lies in a run directory."""

R = TypeVar("R", bound=Record)
_log = logging.getLogger(__name__)


def folder_of(kind: str) -> str:
    """The directory of a kind of record."""
    if kind not in FOLDERS:
        raise ValueError(f"records of kind {kind} are not kept in run directories")
    return FOLDERS[kind]


class StoredShard(NamedTuple):
    """A shard as journal and manifest name it."""

    path: str
    """Relative to the run directory."""
    kind: str
    """Kind of its records."""
    rows: int
    """Records in it."""
    bytes: int
    """Size of the file."""
    sha256: str
    """Of the file."""

    def to_json(self) -> dict[str, Any]:
        """As it stands in journal and manifest."""
        return self._asdict()


class Segment(NamedTuple):
    """Shards of several kinds that came into being together."""

    number: int
    """Position in the run; also the number in its shards' names."""
    shards: tuple[StoredShard, ...]
    """At most one per kind."""

    def to_json(self) -> dict[str, Any]:
        """As it stands in the journal."""
        return {"segment": self.number, "shards": [shard.to_json() for shard in self.shards]}

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Self:
        """Back from the journal."""
        return cls(line["segment"], tuple(StoredShard(**shard) for shard in line["shards"]))


class StoredRun:
    """The records of a run directory, segment by segment."""

    def __init__(self, path: Path, stage: str, segments: list[Segment]) -> None:
        self.path = path
        """The run directory."""
        self.stage = stage
        """The stage that wrote it."""
        self.segments = segments
        """What exists, in order."""
        self._checked: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether the stage finished: the manifest is there."""
        return (self.path / MANIFEST).exists()

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved settings."""
        return load_json(self.path / CONFIG)

    @property
    def summary(self) -> dict[str, Any] | None:
        """The numbers of the last finished or interrupted command, if there are any yet."""
        return load_json(self.path / SUMMARY) if (self.path / SUMMARY).exists() else None

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
        """Hash of everything the run holds."""
        digest = hashlib.sha256()
        for segment in self.segments:
            for shard in segment.shards:
                digest.update(f"{shard.path} {shard.sha256}\n".encode())
        return digest.hexdigest()

    def iter(self, record_type: type[R], segment: Segment | None = None) -> Iterator[R]:
        """The records of one type in order, of the whole run or of one segment."""
        for path in self._paths(record_type, segment):
            yield from read_shard(path, record_type)

    def iter_rows(self, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[Row]:
        """The same as plain dicts, or only some columns of them, without rebuilding records."""
        for path in self._paths(record_type):
            yield from read_rows(path, record_type, columns)

    def done_ids(self, record_type: type[Record], column: str = "id") -> set[str]:
        """The values of one id column: what is no longer owed."""
        return {row[column] for row in self.iter_rows(record_type, [column]) if row[column] is not None}

    def find(self, record_type: type[R], prefix: str) -> Iterator[R]:
        """The records whose id begins with `prefix`."""
        for path in self._paths(record_type):
            if any(row["id"].startswith(prefix) for row in read_rows(path, record_type, ["id"])):
                yield from (record for record in read_shard(path, record_type) if record.id.startswith(prefix))

    def _paths(self, record_type: type[Record], segment: Segment | None = None) -> Iterator[Path]:
        for part in self.segments if segment is None else [segment]:
            for shard in part.shards:
                if shard.kind == record_type.kind:
                    yield self._check(shard)

    def _check(self, shard: StoredShard) -> Path:
        path = self.path / shard.path
        if shard.path not in self._checked and path.exists() and digest_file(path) != shard.sha256:
            for _ in read_rows(path, RECORDS[shard.kind]):
                pass  # a shard that is truncated, foreign or newer says so itself
            raise ShardError(
                f"{path} is not the shard that was written: its checksum differs",
                hint="restore it from a copy, or run the stage that wrote it again with --fresh",
            )
        self._checked.add(shard.path)
        return path


def open_run(path: str | Path, *, warn: bool = True) -> StoredRun:
    """Open a run for reading; an unfinished one may be read, with a warning in the log."""
    root = Path(path)
    _check_is_run(root)
    identity = load_json(root / RUN if (root / RUN).exists() else root / MANIFEST)
    if identity["schema_version"] > SCHEMA_VERSION:
        raise RunError(f"{root} was written by a newer agentprop", hint="upgrade agentprop")
    run = StoredRun(root, identity["stage"], _segments(root))
    if warn and not run.complete:
        _log.warning("%s is not finished: reading the %s records it holds so far", root, sum(run.rows.values()))
    return run


def _check_is_run(root: Path) -> None:
    if not root.exists():
        raise RunError(f"there is no run directory {root}", hint="see what runs there are, or make one first")
    if (root / RUN).exists() or (root / MANIFEST).exists():
        return
    around = next((parent for parent in root.absolute().parents if (parent / OURS).is_dir()), None)
    hint = f"name the run directory itself: {around}" if around else "name a directory that a stage wrote with --out"
    raise RunError(f"{root} is not a run directory", hint=hint)


def _segments(root: Path) -> list[Segment]:
    if not (root / MANIFEST).exists():
        return read_journal(root / JOURNAL)[0]
    groups: dict[int, list[StoredShard]] = {}
    for entry in load_json(root / MANIFEST)["shards"]:
        shard = StoredShard(**entry)
        groups.setdefault(int(Path(shard.path).stem.removeprefix("part-")), []).append(shard)
    return [Segment(number, tuple(shards)) for number, shards in sorted(groups.items())]


def read_journal(path: Path) -> tuple[list[Segment], dict[str, Any], int]:
    """The segments that exist, the state of the last, and the length of the journal up to there."""
    segments: list[Segment] = []
    state: dict[str, Any] = {}
    size = 0
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
        except ValueError as error:
            if number == len(lines):
                break  # torn by a crash: this segment was never there
            raise RunError(f"line {number} of {path} is damaged", hint="start over with --fresh") from error
        if not text.endswith(b"\n"):
            break
        segments.append(Segment.from_json(line))
        state = line["state"]
        size += len(text)
    return segments, state, size


def load_json(path: Path) -> dict[str, Any]:
    """One of the run's JSON files."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing", hint="restore it from a copy, or start over with --fresh") from error
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}", hint="mend it, or start over with --fresh") from error
    if not isinstance(value, dict):
        raise RunError(f"{path} does not hold a JSON object", hint="mend it, or start over with --fresh")
    return value
