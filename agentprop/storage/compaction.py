"""A run in many small shards → the same run in few large ones: the same records, in the same order.

Whole segments are put together, so what was committed together stays together. A kill at any moment leaves a run with
all of its records:

    1  write the new shards                  nobody lists them yet
    2  write the plan, delete the manifest   the journal lists the old shards, and the run reads as unfinished
    3  replace the journal                   the one moment at which the new shards become the run
    4  write the new manifest                complete again
    5  delete the old shards and the plan

The next compaction finishes or undoes what a killed one began. So does the run's own command, which deletes shards that
no journal lists.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from agentprop.portable import sync_directory
from agentprop.records import Part
from agentprop.storage import ownership
from agentprop.storage.directory import Directory, read_journal, recover
from agentprop.storage.durable import disk_errors, write_atomically, write_json
from agentprop.storage.parquet import concatenate, schema_print
from agentprop.storage.parts import (
    FINGERPRINT,
    JOURNAL,
    MANIFEST,
    OURS,
    Manifest,
    Segment,
    StoredShard,
    load_part,
)
from agentprop.storage.reader import StoredRun, open_run
from agentprop.storage.stores import A_COPY, check_here

TARGET_BYTES = 128 * 2**20
"""Size at which the largest shard of a segment ends; one old segment more may follow, so far below 256 MB."""
PLAN = f"{OURS}/compaction.json"


class Compaction(NamedTuple):
    """What a compaction did."""

    shards_before: int
    shards: int
    records: int
    bytes_before: int
    bytes: int


class _Plan(Part):
    """A compaction that is under way."""

    manifest: Manifest | None
    """Manifest of the run, with the old shards; None for an unfinished run."""
    segments: tuple[Segment, ...]
    """The new segments."""


def compact(path: str | Path, target: int = TARGET_BYTES) -> Compaction:
    """Put the shards of a run together. Raises RunError if it is no run, or if another process works in it."""
    check_here(path, "a compaction", A_COPY)
    root = Path(path)
    open_run(root, warn=False)
    lock = ownership.lock(root)
    try:
        _finish_earlier(root)
        old = recover(root)
        before = [shard for segment in old for shard in segment.shards]
        new = _written(StoredRun(Directory(root), "", old), target) if len(old) > 1 else old
        if len(new) < len(old):
            _replace(root, old, new)
        after = [shard for segment in new for shard in segment.shards]
    finally:
        os.close(lock)
    size, smaller = sum(shard.bytes for shard in before), sum(shard.bytes for shard in after)
    return Compaction(len(before), len(after), sum(shard.rows for shard in after), size, smaller)


def _written(run: StoredRun, target: int) -> list[Segment]:
    """Write the new shards, and return their segments, the last one with the state of the run."""
    number = run.segments[-1].number + 1
    groups = list(_groups(run, target))
    if len(groups) == len(run.segments):
        return run.segments
    segments = [Segment(number=number + i, shards=_merged(run, number + i, group)) for i, group in enumerate(groups)]
    return [*segments[:-1], segments[-1].model_copy(update={"state": run.segments[-1].state})]


def _groups(run: StoredRun, target: int) -> Iterator[list[Segment]]:
    """Group consecutive segments; shards of one kind in a group have one schema, and none grows far beyond the target.

    A segment that is large already is a group of its own or ends one, so that compacting twice changes nothing.
    """
    group: list[Segment] = []
    sizes: dict[str, int] = {}
    prints: dict[str, str] = {}
    for segment in run.segments:
        own = {shard.kind: schema_print(run.path / shard.path) for shard in segment.shards}
        grown = {shard.kind: sizes.get(shard.kind, 0) + shard.bytes for shard in segment.shards}
        clash = any(prints.get(kind, print_) != print_ for kind, print_ in own.items())
        if group and (clash or max(grown.values(), default=0) > target):
            yield group
            group, sizes, prints = [], {}, {}
        group.append(segment)
        prints |= own
        for shard in segment.shards:
            sizes[shard.kind] = sizes.get(shard.kind, 0) + shard.bytes
    if group:
        yield group


def _merged(run: StoredRun, number: int, group: Sequence[Segment]) -> tuple[StoredShard, ...]:
    kinds = dict.fromkeys(shard.kind for segment in group for shard in segment.shards)
    shards = []
    for kind in kinds:
        paths = [_checked(run, shard) for segment in group for shard in segment.shards if shard.kind == kind]
        name = f"{paths[0].parent.name}/part-{number:05d}.parquet"
        shards.append(StoredShard(path=name, kind=kind, **concatenate(paths, run.path / name)._asdict()))
    return tuple(shards)


def _checked(run: StoredRun, shard: StoredShard) -> Path:
    source = run.layout.shard(shard)
    assert isinstance(source, Path)  # the run lies in a directory
    return source


def _replace(root: Path, old: Sequence[Segment], new: Sequence[Segment]) -> None:
    manifest = load_part(root / MANIFEST, Manifest) if (root / MANIFEST).exists() else None
    plan = _Plan(manifest=manifest, segments=tuple(new))
    write_json(root / PLAN, plan.model_dump())
    now, was = (StoredRun(Directory(root), "", list(segments)) for segments in (new, old))
    write_json(root / FINGERPRINT, {"now": now.fingerprint_of_shards, "was": was.fingerprint})
    if manifest is not None:
        with disk_errors(root):
            (root / MANIFEST).unlink()
            sync_directory(root)
    write_atomically(root / JOURNAL, b"".join(segment.model_dump_json().encode() + b"\n" for segment in new))
    _finish_earlier(root)
    recover(root)  # deletes the old shards


def _finish_earlier(root: Path) -> None:
    """Write the manifest of a compaction that was killed: the new one if its journal is in force, else the old one."""
    if not (root / PLAN).exists():
        return
    plan = load_part(root / PLAN, _Plan)
    if plan.manifest is not None and not (root / MANIFEST).exists():
        names = {shard.path for segment in read_journal(root / JOURNAL)[0] for shard in segment.shards}
        new = tuple(shard for segment in plan.segments for shard in segment.shards)
        shards = new if names == {shard.path for shard in new} else plan.manifest.shards
        if names == {shard.path for shard in shards}:  # else the run went on meanwhile, and completes itself
            write_json(root / MANIFEST, plan.manifest.model_copy(update={"shards": shards}).model_dump())
    with disk_errors(root):
        (root / PLAN).unlink()
