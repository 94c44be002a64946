"""Decisions → files beside each other: accepted, undetermined and rejected rows, in the layout that they came in.

    out/accepted/problems.csv   out/undetermined/problems.csv   out/rejected/problems.csv

A row keeps its fields and their order, and gets columns whose names begin with `agentprop_`. JSON lines, JSON, CSV,
TSV, Parquet and Arrow come back as what they were; JSON always as one array of rows, compressed files without
compression, and rows of any other kind as JSON lines.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from agentprop.extraction.corpus import SourceFile
from agentprop.extraction.corpus.carriers.delimited import separator_of
from agentprop.extraction.corpus.files import without_compression
from agentprop.extraction.corpus.streams import seekable
from agentprop.stages.curate.decisions import RowDecision
from agentprop.storage import ForeignWriter, foreign_schema
from agentprop.storage.durable import disk_errors

PASS_RATE = "agentprop_pass_rate"
COLUMNS = (
    "agentprop_source",
    "agentprop_id",
    "agentprop_verdict",
    "agentprop_code",
    "agentprop_reason",
    "agentprop_evidence",
    "agentprop_found",
)
"""Columns that every row gets; `agentprop_pass_rate` besides where problems were probed."""


class CuratedWriter(Protocol):
    """A file that rows are written to; a context manager."""

    def write(self, row: dict[str, Any]) -> None:
        """Write a row."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _TextFile:
    """A text file that is open while rows are written to it."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8", newline="")
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._file.close()

    def _end(self) -> None:
        """Write what stands after the last row."""


class _JsonLines(_TextFile):
    """A JSON object to a line."""

    def write(self, row: dict[str, Any]) -> None:
        self._file.write(_json(row) + "\n")


class _JsonArray(_TextFile):
    """One array, a row to a line."""

    def write(self, row: dict[str, Any]) -> None:
        self._file.write(("[\n" if not self._rows else ",\n") + _json(row))
        self._rows += 1

    def _end(self) -> None:
        self._file.write("\n]\n" if self._rows else "[]\n")


class _Table(_TextFile):
    """A table with a line of names; its columns are those of the first row, and ours."""

    def __init__(self, path: Path, separator: str, names: Iterable[str]) -> None:
        super().__init__(path)
        self._writer = csv.DictWriter(
            self._file, list(names), delimiter=separator, extrasaction="ignore", lineterminator="\n"
        )
        self._writer.writeheader()

    def write(self, row: dict[str, Any]) -> None:
        self._writer.writerow(row)


def _json(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False, default=str)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class CuratedFiles:
    """The files of a curated set below a directory; a context manager. Each is opened with its first row."""

    def __init__(self, root: Path, files: Iterable[SourceFile], *, probed: bool) -> None:
        self._root, self._files = root, {file.name: file for file in files}
        self._more: dict[str, type] = dict.fromkeys(COLUMNS, str) | ({PASS_RATE: float} if probed else {})
        self._open: dict[Path, CuratedWriter] = {}
        self._names: dict[str, list[str]] = {}
        self._held: dict[str, list[tuple[RowDecision, float | None]]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            for name in list(self._held) if kind is None else ():
                self._name(name, ())

    @property
    def paths(self) -> list[Path]:
        """The files so far."""
        return sorted(self._open)

    def write(self, decision: RowDecision, rate: float | None = None) -> None:
        """Write a row where its decision says; one that could not be read waits for the first that names the fields."""
        name = decision.source.rpartition("#")[0] or decision.source
        if name not in self._names and not decision.row:
            self._held.setdefault(name, []).append((decision, rate))
            return
        if name not in self._names:
            self._name(name, decision.row)
        self._write(name, decision, rate)

    def _name(self, name: str, names: Iterable[str]) -> None:
        """Settle the fields of a file, and write the rows that waited for that."""
        self._names[name] = [key for key in names if key not in self._more]
        for decision, rate in self._held.pop(name, ()):
            self._write(name, decision, rate)

    def _write(self, name: str, decision: RowDecision, rate: float | None) -> None:
        file = self._files.get(name) or SourceFile(Path(name), name=name)
        row = {key: value for key, value in decision.row.items() if key not in self._more}
        path = self._root / decision.place / self._target(file, row)
        if path not in self._open:
            with disk_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._open[path] = self._stack.enter_context(self._writer(path, file))
        columns = _columns(decision) | ({PASS_RATE: rate} if PASS_RATE in self._more else {})
        with disk_errors(path):
            self._open[path].write({**row, **columns})

    def _target(self, file: SourceFile, row: Mapping[str, Any]) -> str:
        """The name of the file to write; JSON lines where the kind or the fields of the rows cannot be kept."""
        name = without_compression(file.name)
        stem, _, suffix = name.rpartition(".")
        fits = suffix.lower() in WRITERS and (suffix.lower() in FREE or not row or self._fits(file, row))
        return name if fits else f"{stem or name}.jsonl"

    def _fits(self, file: SourceFile, row: Mapping[str, Any]) -> bool:
        return row.keys() <= set(self._names[file.name])

    def _writer(self, path: Path, file: SourceFile) -> CuratedWriter:
        return WRITERS[path.suffix.lower().lstrip(".")](path, file, self._names[file.name], self._more)


def _columns(decision: RowDecision) -> dict[str, Any]:
    values = (
        decision.source,
        decision.problem.get("id"),
        decision.verdict,
        decision.code,
        decision.reason,
        decision.evidence,
        decision.found,
    )
    return dict(zip(COLUMNS, values, strict=True))


Make = Callable[[Path, SourceFile, list[str], Mapping[str, type]], CuratedWriter]


def _lines(path: Path, file: SourceFile, names: list[str], more: Mapping[str, type]) -> CuratedWriter:
    return _JsonLines(path)


def _array(path: Path, file: SourceFile, names: list[str], more: Mapping[str, type]) -> CuratedWriter:
    return _JsonArray(path)


def _table(path: Path, file: SourceFile, names: list[str], more: Mapping[str, type]) -> CuratedWriter:
    return _Table(path, separator_of(file), [*names, *more])


def _columnar(path: Path, file: SourceFile, names: list[str], more: Mapping[str, type]) -> CuratedWriter:
    with seekable(file) as source:
        schema = foreign_schema(source, without_compression(file.filename))
    return ForeignWriter(path, schema, more)


WRITERS: dict[str, Make] = {
    "jsonl": _lines,
    "ndjson": _lines,
    "json": _array,
    "csv": _table,
    "tsv": _table,
    "parquet": _columnar,
    "pq": _columnar,
    "arrow": _columnar,
    "feather": _columnar,
}
"""Suffix → what writes such a file."""
FREE = frozenset({"jsonl", "ndjson", "json"})
"""Suffixes of files whose rows may have any fields."""
