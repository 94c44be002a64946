"""Names typed by the user → records of runs: kinds by their folders, single records by id, prefix or position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from agentprop.config.parts import CorpusSettings
from agentprop.errors import InputError
from agentprop.records import RECORDS, Problem, Record, Reject, Skill, Trajectory, Verdict
from agentprop.storage.reader import FOLDERS, StoredRun

PRIMARY = {"extract": "skill", "propose": "problem", "verify": "verdict", "curate": "problem"}
"""Stage → the kind of its main records."""
LOOKED_UP: tuple[type[Record], ...] = (Problem, Skill, Trajectory, Verdict, Reject)
"""Types that `show` finds, in the order in which an id is tried."""
POSITION_DIGITS = 7
"""Most digits of a position; ids have twenty characters."""

R = TypeVar("R", bound=Record)


def kind_of(name: str) -> str:
    """Normalise `problems` or `problem` to `problem`. Raises InputError."""
    for kind, folder in FOLDERS.items():
        if name in (kind, folder):
            return kind
    raise InputError(f"there are no records called {name}", hint=f"one of {', '.join(FOLDERS.values())}")


def primary_of(run: StoredRun) -> type[Record]:
    """Type of the run's main records, or else of some that it holds."""
    kinds = [PRIMARY.get(run.stage, ""), *run.rows]
    held = [kind for kind in kinds if run.rows.get(kind)]
    return RECORDS[held[0] if held else kinds[0]]


def open_runs(paths: Sequence[str], layout: CorpusSettings) -> list[StoredRun]:
    """Open runs, and files of problems as runs; the first is the one that was asked for."""
    from agentprop.stages.common.foreign import open_sources

    return open_sources(paths, layout)


def find(runs: Sequence[StoredRun], wanted: str) -> Record:
    """Find the one record with an id, the beginning of an id, a skill's name or a position. Raises InputError."""
    if wanted.isdigit() and len(wanted) <= POSITION_DIGITS:
        return _at(runs[0], int(wanted))
    for record_type in LOOKED_UP:
        found = {record.id: record for run in runs for record in _matching(run, record_type, wanted)}
        if len(found) > 1:
            some = ", ".join(islice(found, 3))
            raise InputError(f"{len(found)} records match {wanted}, such as {some}", hint="give more of the id")
        if found:
            return next(iter(found.values()))
    raise InputError(f"{runs[0].name} holds no record {wanted}", hint=f"`agentprop cat {runs[0].name}` lists its ids")


def _matching(run: StoredRun, record_type: type[R], wanted: str) -> Iterator[Record]:
    if not run.rows.get(record_type.kind):
        return
    if record_type is Skill:
        yield from (skill for skill in run.iter(Skill) if skill.name == wanted or skill.id.startswith(wanted))
    else:
        yield from run.find(record_type, wanted)


def _at(run: StoredRun, position: int) -> Record:
    record_type = primary_of(run)
    record = next(islice(run.iter(record_type), position, None), None)
    if record is None:
        held = run.rows.get(record_type.kind, 0)
        hint = f"positions go from 0 to {held - 1}" if held else "run its stage first"
        raise InputError(f"{run.name} holds {held} records of kind {record_type.kind}, none at {position}", hint=hint)
    return record


def related(runs: Sequence[StoredRun], record_type: type[R], column: str, value: str) -> list[R]:
    """Find the records of one type that refer to another record, in any of the runs, without repeats."""
    found: dict[str, R] = {}
    for run in runs:
        for segment in run.segments:
            held = any(shard.kind == record_type.kind for shard in segment.shards)
            if held:
                found |= {r.id: r for r in run.iter(record_type, segment) if getattr(r, column) == value}
    return list(found.values())
