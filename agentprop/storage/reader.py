"""A run directory on disk → its records: the layout, and reading it, whether finished or not.

Only shards that the manifest lists are read, or those of the journal while a run is unfinished. A shard is checked
against its stored SHA-256 before its records are used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field, ValidationError

from agentprop import __version__
from agentprop.errors import RunError, ShardError
from agentprop.records import RECORDS, SCHEMA_VERSION, Part, Record
from agentprop.storage import Row, read_rows, read_shard
from agentprop.storage.durable import digest_file
from agentprop.storage.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa

CONFIG, SUMMARY, MANIFEST, LOG = "config.json", "summary.json", "manifest.json", "log.txt"
OURS = ".agentprop"
"""Hidden directory that marks a run directory."""
RUN, JOURNAL = f"{OURS}/run.json", f"{OURS}/journal.jsonl"
FINGERPRINT = f"{OURS}/fingerprint.json"
"""Fingerprint of the shards of a compacted run, and that of the shards before: runs that read it know the latter."""

PARTS = "parts"
"""Folder of the parts of a divided run, each a run directory of its own."""

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
"""Folder of each kind of record in a run directory."""

_RESTORE = "restore it from a copy, or start over with --fresh"

R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=Part)
_log = logging.getLogger(__name__)


def folder_of(kind: str) -> str:
    """Return the folder of a kind of record. Raises ValueError for an unknown kind."""
    if kind not in FOLDERS:
        raise ValueError(f"records of kind {kind} are not kept in run directories")
    return FOLDERS[kind]


class StoredShard(Part):
    """Shard as listed in journal and manifest."""

    path: str = Field(pattern=r"^[a-z_]+/part-\d{5,}\.parquet$")
    """Path relative to the run directory."""
    kind: str
    """Kind of its records."""
    rows: int
    """Number of records."""
    bytes: int
    """Size of the file in bytes."""
    sha256: str
    """SHA-256 of the file."""


class Segment(Part):
    """Shards of several kinds that were written together; one line of the journal."""

    number: int
    """Position in the run, and the number in its shards' names."""
    shards: tuple[StoredShard, ...]
    """Shards, at most one per kind."""
    state: dict[str, Any] | None = None
    """State from which the stage continues; dropped once there is a later segment."""


class Identity(Part):
    """Identity of a run, which may not change on resuming."""

    schema_version: int = SCHEMA_VERSION
    """Version of records and directory layout."""
    stage: str
    """Stage that writes the run."""
    config: dict[str, Any]
    """Resolved settings that the run was started with."""
    inputs: dict[str, str]
    """Fingerprints of its inputs, by name."""
    models: dict[str, str] = Field(default_factory=dict)
    """MODEL as a setting names it → the model's name at its server: the address may change, the model may not."""


class Manifest(Part):
    """Manifest of a run; it is written last, so its presence means that the run is complete."""

    schema_version: int = SCHEMA_VERSION
    """Version of records and directory layout."""
    agentprop: str = __version__
    """Version of agentprop that completed the run."""
    stage: str
    """Stage that wrote the run."""
    inputs: dict[str, str]
    """Fingerprints of its inputs, by name."""
    rows: dict[str, int]
    """Number of records by kind."""
    shards: tuple[StoredShard, ...]
    """All shards."""


class StoredRun:
    """Run directory, open for reading."""

    def __init__(self, path: Path, stage: str, segments: list[Segment]) -> None:
        self.path = path
        """Path of the run directory."""
        self.stage = stage
        """Stage that wrote the run."""
        self.segments = segments
        """Complete segments, in order."""
        self._checked: set[str] = set()

    @property
    def complete(self) -> bool:
        """The stage has finished: there is a manifest."""
        return (self.path / MANIFEST).exists()

    @property
    def manifest(self) -> Manifest | None:
        """Manifest of a complete run, else None."""
        return load_part(self.path / MANIFEST, Manifest) if self.complete else None

    @cached_property
    def config(self) -> dict[str, Any]:
        """Resolved settings of the run."""
        return load_json(self.path / CONFIG)

    @property
    def summary(self) -> dict[str, Any] | None:
        """Summary of the last finished or interrupted command; None before the first."""
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
        """Hash of all records of the run, which a compaction does not change."""
        known = load_json(self.path / FINGERPRINT) if (self.path / FINGERPRINT).exists() else {}
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
        for path in self._paths(record_type, segment):
            yield from read_shard(path, record_type)

    def iter_rows(
        self, record_type: type[Record], columns: Sequence[str] | None = None, segment: Segment | None = None
    ) -> Iterator[Row]:
        """Yield the records of one type as plain dicts, or only some of their columns; of the run or of one segment."""
        for path in self._paths(record_type, segment):
            yield from read_rows(path, record_type, columns)

    def table(self, record_type: type[Record], columns: Sequence[str] | None = None) -> pa.Table:
        """Return the records of one type, or some columns of them, as one Arrow table."""
        return read_table(self._paths(record_type), record_type, columns)

    def done_ids(self, record_type: type[Record], column: str = "id") -> set[str]:
        """Return the values of an id column, to know which work is done."""
        return {row[column] for row in self.iter_rows(record_type, [column]) if row[column] is not None}

    def find(self, record_type: type[R], prefix: str) -> Iterator[R]:
        """Yield the records whose id begins with `prefix`."""
        for path in self._paths(record_type):
            if any(row["id"].startswith(prefix) for row in read_rows(path, record_type, ["id"])):
                yield from (record for record in read_shard(path, record_type) if record.id.startswith(prefix))

    def _paths(self, record_type: type[Record], segment: Segment | None = None) -> Iterator[Path]:
        for part in self.segments if segment is None else [segment]:
            for shard in part.shards:
                if shard.kind == record_type.kind:
                    yield self.checked(shard)

    def checked(self, shard: StoredShard) -> Path:
        """Path of a shard whose checksum is right. Raises ShardError if it is missing or damaged."""
        path = self.path / shard.path
        if shard.path in self._checked:
            return path
        if not path.exists():
            raise ShardError(f"{path} is missing", hint=_RESTORE)
        if digest_file(path) != shard.sha256:
            for _ in read_rows(path, RECORDS[shard.kind]):
                pass  # reading raises a more precise error for a truncated, foreign or newer shard
            raise ShardError(f"{path} is not the shard that was written: its checksum differs", hint=_RESTORE)
        self._checked.add(shard.path)
        return path


def open_run(path: str | Path, *, warn: bool = True) -> StoredRun:
    """Open a run for reading, with a warning in the log if it is unfinished. Raises RunError if it is not a run."""
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


def is_run(path: str | Path) -> bool:
    """Whether a directory is a run: it has the mark of one, or the manifest."""
    root = Path(path)
    return (root / RUN).exists() or _is_manifest(root / MANIFEST)


def _check_is_run(root: Path) -> None:
    if not root.exists():
        raise RunError(f"there is no run directory {root}", hint="name a directory that a stage wrote with --out")
    if is_run(root):
        return
    around = next((parent for parent in root.absolute().parents if (parent / OURS).is_dir()), None)
    hint = f"name the run directory itself: {around}" if around else "name a directory that a stage wrote with --out"
    raise RunError(f"{root} is not a run directory", hint=hint)


def _is_manifest(path: Path) -> bool:
    """Return True if a manifest.json is ours, since many tools write a file of that name."""
    return path.exists() and {"schema_version", "agentprop", "stage"} <= load_json(path).keys()


def _by_segment(shards: Sequence[StoredShard]) -> list[Segment]:
    groups: dict[int, list[StoredShard]] = {}
    for shard in shards:
        groups.setdefault(int(Path(shard.path).stem.removeprefix("part-")), []).append(shard)
    return [Segment(number=number, shards=tuple(group)) for number, group in sorted(groups.items())]


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
            raise RunError(f"line {number} of {path} is damaged", hint=_RESTORE) from error
        if not line.endswith(b"\n"):
            break
        if segments:
            segments[-1] = segments[-1].model_copy(update={"state": None})
        segments.append(segment)
        size += len(line)
    return segments, size


def load_part(path: Path, part: type[P]) -> P:
    """Load one of the run's JSON files as a model. Raises RunError if it is missing, damaged or newer."""
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
    """Load one of the run's JSON files. Raises RunError if it is missing or damaged."""
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
        raise RunError(
            f"{path} cannot be read: {error.strerror or error}", hint="check the file's permissions"
        ) from error
