"""A run directory → its records: typed iterators, Arrow tables, polars frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeVar

from agentprop.errors import InputError
from agentprop.records import (
    RECORDS,
    Attempt,
    Difficulty,
    Problem,
    Question,
    Record,
    Reject,
    Skill,
    Trajectory,
    Verdict,
)
from agentprop.storage.run import StoredRun, open_run

if TYPE_CHECKING:
    from agentprop.storage.tables import DataFrame, Table

R = TypeVar("R", bound=Record)


class RunRecords:
    """The records of a run directory, read as they are asked for and checked against their checksums."""

    def __init__(self, stored: StoredRun) -> None:
        self._stored = stored

    def __fspath__(self) -> str:
        """Path or URL of the run, so that the run is itself a source for `verify`."""
        return self._stored.name

    def __repr__(self) -> str:
        """Name the directory and count the records."""
        counts = ", ".join(f"{count} {kind}" for kind, count in self.rows.items())
        return f"<{self.stage} run {self._stored.name}: {counts or 'no records'}>"

    @property
    def stage(self) -> str:
        """The stage that wrote it."""
        return self._stored.stage

    @property
    def complete(self) -> bool:
        """True if the stage has finished."""
        return self._stored.complete

    @property
    def config(self) -> dict[str, Any]:
        """The settings that it was made with."""
        return self._stored.config

    @property
    def summary(self) -> dict[str, Any]:
        """The numbers that the command prints; empty before the first end of a command."""
        return self._stored.summary or {}

    @property
    def rows(self) -> dict[str, int]:
        """Number of records by kind."""
        return self._stored.rows

    def iter(self, kind: type[R]) -> Iterator[R]:
        """Yield the records of a class, in order."""
        return self._stored.iter(kind)

    @property
    def problems(self) -> Iterator[Problem]:
        """The problems."""
        return self.iter(Problem)

    @property
    def trajectories(self) -> Iterator[Trajectory]:
        """The episodes they came from."""
        return self.iter(Trajectory)

    @property
    def verdicts(self) -> Iterator[Verdict]:
        """The verdicts on problems."""
        return self.iter(Verdict)

    @property
    def attempts(self) -> Iterator[Attempt]:
        """The attempts of verifiers and probers."""
        return self.iter(Attempt)

    @property
    def difficulties(self) -> Iterator[Difficulty]:
        """The measured pass rates."""
        return self.iter(Difficulty)

    @property
    def skills(self) -> Iterator[Skill]:
        """The skills that were extracted, or proposed with."""
        return self.iter(Skill)

    @property
    def questions(self) -> Iterator[Question]:
        """The questions of a benchmark."""
        return self.iter(Question)

    @property
    def rejects(self) -> Iterator[Reject]:
        """What was refused or failed, with the reason."""
        return self.iter(Reject)

    def arrow(self, kind: str | type[Record] = "problem", columns: Sequence[str] | None = None) -> Table:
        """Read the records of a kind, or some columns of them, as an Arrow table. Raises InputError for a kind or
        column that there is not."""
        record = _kind(kind) if isinstance(kind, str) else kind
        unknown = set(columns or ()) - record.model_fields.keys()
        if unknown:
            raise InputError(
                f"a {record.kind} has no column {min(unknown)}", hint=f"columns: {', '.join(record.model_fields)}"
            )
        return self._stored.table(record, columns)

    def polars(self, kind: str | type[Record] = "problem", columns: Sequence[str] | None = None) -> DataFrame:
        """Read the same as a polars frame; polars must be installed."""
        from agentprop.storage.tables import to_polars

        return to_polars(self.arrow(kind, columns))


def load(run: str | PathLike[str]) -> RunRecords:
    """Open a run directory, finished or not. Raises RunError if it is none."""
    return RunRecords(open_run(fspath(run), warn=False))


def _kind(name: str) -> type[Record]:
    if name not in RECORDS:
        raise InputError(f"there are no records of kind {name}", hint=f"kinds: {', '.join(sorted(RECORDS))}")
    return RECORDS[name]
