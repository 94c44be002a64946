"""A run directory as it lies on disk: its layout, and reading it, finished or not.

What exists is what the manifest lists, or the journal while a run is not finished; other files are never read. A shard
is checked against its recorded SHA-256 before its records are believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from agentprop import __version__
from agentprop.errors import RunError, ShardError
from agentprop.records import RECORDS, SCHEMA_VERSION, Part, Record
from agentprop.storage import Row, read_rows, read_shard
from agentprop.storage.durable import digest_file

CONFIG, SUMMARY, MANIFEST, LOG = "config.json", "summary.json", "manifest.json", "log.txt"
OURS = ".agentprop"
"""Hidden directory that marks a run directory as one."""
RUN, JOURNAL = f"{OURS}/run.json", f"{OURS}/journal.jsonl"

FOLDERS = {
    "skill": "skill_records",
    "task": "tasks",
    "trajectory": "trajectories",
    "problem": "problems",
    "question": "questions",
    "attempt": "attempts",
    "verdict": "verdicts",
    "difficulty": "difficulties",
    "reject": "rejects",
}
"""Where each kind of record lies in a run directory."""

_RESTORE = "restore it from a copy, or start over with --fresh"

R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=Part)
_log = logging.getLogger(__name__)


def folder_of(kind: str) -> str:
    """The directory of a kind of record."""
    if kind not in FOLDERS:
        raise ValueError(f"records of kind {kind} are not kept in run directories")
    return FOLDERS[kind]


class StoredShard(Part):
    """A shard as journal and manifest name it."""

    path: str = Field(pattern=r"^[a-z_]+/part-\d{5,}\.parquet$")
    """Relative to the run directory."""
    kind: str
    """Kind of its records."""
    rows: int
    """Records in it."""
    bytes: int
    """Size of the file."""
    sha256: str
    """Of the file."""


class Segment(Part):
    """Shards of several kinds that came into being together; a line of the journal."""

    number: int
    """Position in the run; also the number in its shards' names."""
    shards: tuple[StoredShard, ...]
    """At most one per kind."""
    state: dict[str, Any] | None = None
    """What the stage needs to go on from here; dropped once a later segment is there."""


class Identity(Part):
    """What makes a run this run: it may not change on resuming."""

    schema_version: int = SCHEMA_VERSION
    """Version of records and directory layout."""
    stage: str
    """The stage that writes here."""
    config: dict[str, Any]
    """The resolved settings it was started with."""
    inputs: dict[str, str]
    """Fingerprints of what it reads, by name."""


class Manifest(Part):
    """Written last: its presence means that the run is complete."""

    schema_version: int = SCHEMA_VERSION
    """Version of records and directory layout."""
    agentprop: str = __version__
    """Version that completed the run."""
    stage: str
    """The stage that wrote it."""
    inputs: dict[str, str]
    """Fingerprints of what it read, by name."""
    rows: dict[str, int]
    """Number of records by kind."""
    shards: tuple[StoredShard, ...]
    """Every shard."""


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

    @property
    def manifest(self) -> Manifest | None:
        """The manifest of a complete run."""
        return load_part(self.path / MANIFEST, Manifest) if self.complete else None

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
        if shard.path in self._checked:
            return path
        if not path.exists():
            raise ShardError(f"{path} is missing", hint=_RESTORE)
        if digest_file(path) != shard.sha256:
            for _ in read_rows(path, RECORDS[shard.kind]):
                pass  # a shard that is truncated, foreign or newer says so itself
            raise ShardError(f"{path} is not the shard that was written: its checksum differs", hint=_RESTORE)
        self._checked.add(shard.path)
        return path


def open_run(path: str | Path, *, warn: bool = True) -> StoredRun:
    """Open a run for reading; an unfinished one may be read, with a warning in the log."""
    root = Path(path)
    with read_errors(root):
        _check_is_run(root)
        if (root / MANIFEST).exists():
            manifest = load_part(root / MANIFEST, Manifest)
            return StoredRun(root, manifest.stage, _by_segment(manifest.shards))
        run = StoredRun(root, load_part(root / RUN, Identity).stage, read_journal(root / JOURNAL)[0])
    if warn:
        _log.warning("%s is not finished: reading the %s records it holds so far", root, sum(run.rows.values()))
    return run


def _check_is_run(root: Path) -> None:
    if not root.exists():
        raise RunError(f"there is no run directory {root}", hint="name a directory that a stage wrote with --out")
    if (root / RUN).exists() or _is_manifest(root / MANIFEST):
        return
    around = next((parent for parent in root.absolute().parents if (parent / OURS).is_dir()), None)
    hint = f"name the run directory itself: {around}" if around else "name a directory that a stage wrote with --out"
    raise RunError(f"{root} is not a run directory", hint=hint)


def _is_manifest(path: Path) -> bool:
    """Many tools write a manifest.json; ours says so."""
    return path.exists() and {"schema_version", "agentprop", "stage"} <= load_json(path).keys()


def _by_segment(shards: Sequence[StoredShard]) -> list[Segment]:
    groups: dict[int, list[StoredShard]] = {}
    for shard in shards:
        groups.setdefault(int(Path(shard.path).stem.removeprefix("part-")), []).append(shard)
    return [Segment(number=number, shards=tuple(group)) for number, group in sorted(groups.items())]


def read_journal(path: Path) -> tuple[list[Segment], int]:
    """The segments that exist, the last with its state, and the length of the journal up to there."""
    segments: list[Segment] = []
    size = 0
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            segment = Segment.model_validate_json(line)
        except ValidationError as error:
            if number == len(lines):
                break  # torn by a crash: this segment was never there
            raise RunError(f"line {number} of {path} is damaged", hint=_RESTORE) from error
        if not line.endswith(b"\n"):
            break
        if segments:
            segments[-1] = segments[-1].model_copy(update={"state": None})
        segments.append(segment)
        size += len(line)
    return segments, size


def load_part(path: Path, part: type[P]) -> P:
    """One of the run's own JSON files, as what it should be."""
    value = load_json(path)
    version = value.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RunError(
            f"{path} has schema version {version}, and this agentprop reads up to {SCHEMA_VERSION}",
            hint="upgrade agentprop",
        )
    try:
        return part.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RunError(f"{path} is damaged: {where}: {first['msg']}", hint=_RESTORE) from error


def load_json(path: Path) -> dict[str, Any]:
    """One of the run's JSON files."""
    with read_errors(path):
        text = path.read_bytes()
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}", hint=_RESTORE) from error
    if not isinstance(value, dict):
        raise RunError(f"{path} is damaged: not a JSON object", hint=_RESTORE)
    return value


@contextlib.contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into a RunError about reading `path`."""
    try:
        yield
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing", hint=_RESTORE) from error
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}", hint="mend its permissions") from error
