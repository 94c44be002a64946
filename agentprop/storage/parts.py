"""The files of a run: their names, and their contents as models. Bytes → models, with an error that names the file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from agentprop import __version__
from agentprop.errors import RunError
from agentprop.records import SCHEMA_VERSION, Part

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

RESTORE = "restore it from a copy, or start over with --fresh"

P = TypeVar("P", bound=Part)


def folder_of(kind: str) -> str:
    """Return the folder of a kind of record. Raises ValueError for an unknown kind."""
    if kind not in FOLDERS:
        raise ValueError(f"records of kind {kind} are not kept in run directories")
    return FOLDERS[kind]


class StoredShard(Part):
    """Shard as listed in journal and manifest."""

    path: str = Field(pattern=r"^[a-z_]+/part-\d{5,}(-\d{3,}-[0-9a-f]{12})?\.parquet$")
    """Path relative to the run directory; on an object store it carries the epoch and the beginning of the hash."""
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


def by_segment(shards: Sequence[StoredShard]) -> list[Segment]:
    """Group shards by the number in their names."""
    groups: dict[int, list[StoredShard]] = {}
    for shard in shards:
        groups.setdefault(number_of(shard.path), []).append(shard)
    return [Segment(number=number, shards=tuple(group)) for number, group in sorted(groups.items())]


def number_of(path: str) -> int:
    """Return the segment's number in a shard's path.

    >>> number_of("problems/part-00012.parquet"), number_of("problems/part-00007-001-0123456789ab.parquet")
    (12, 7)
    """
    return int(Path(path).stem.split("-")[1])


def load_part(path: Path, part: type[P]) -> P:
    """Load one of the run's JSON files as a model. Raises RunError if it is missing, damaged or newer."""
    with read_errors(path):
        data = path.read_bytes()
    return parse_part(data, part, str(path))


def parse_part(data: bytes, part: type[P], name: str) -> P:
    """Parse one of the run's JSON files as a model. Raises RunError, calling it by its name."""
    value = parse_json(data, name)
    version = value.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RunError(
            f"{name} has schema version {version}, and this agentprop reads up to {SCHEMA_VERSION}",
            hint="upgrade agentprop",
        )
    try:
        return part.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RunError(f"{name} is damaged: {where}: {first['msg']}", hint=RESTORE) from error


def load_json(path: Path) -> dict[str, Any]:
    """Load one of the run's JSON files. Raises RunError if it is missing or damaged."""
    with read_errors(path):
        data = path.read_bytes()
    return parse_json(data, str(path))


def parse_json(data: bytes, name: str) -> dict[str, Any]:
    """Parse one of the run's JSON files. Raises RunError, calling it by its name."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise RunError(f"{name} is damaged: {error}", hint=RESTORE) from error
    if not isinstance(value, dict):
        raise RunError(f"{name} is damaged: not a JSON object", hint=RESTORE)
    return value


def to_json(value: Any) -> bytes:
    """Return indented JSON, nulls kept."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


@contextlib.contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into a RunError about reading `path`."""
    try:
        yield
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing", hint=RESTORE) from error
    except OSError as error:
        raise RunError(
            f"{path} cannot be read: {error.strerror or error}", hint="check the file's permissions"
        ) from error
