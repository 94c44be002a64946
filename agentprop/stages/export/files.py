"""Rows → files that appear all at once: a single one, several with the split in their names, or a directory.

Everything is written beside its place under a temporary name and moved there at the end, so that no reader ever sees
half an export. Existing files are replaced only with `fresh`, and a directory only if an export wrote all of it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from agentprop.errors import InputError, RunError
from agentprop.records import Part
from agentprop.storage import TableWriter
from agentprop.storage.durable import check_target, disk_errors, write_json
from agentprop.storage.reader import load_json

RECEIPT = "export.json"
"""File in every directory that an export wrote: the list of its files, and their source."""
SUFFIXES = ("jsonl", "parquet")
SPLITS = ("train", "validation", "compositional", "exploratory", "both")


Layout = Callable[[str, str], str]
"""(table, split) → path below the directory."""


class RowWriter(Protocol):
    """An open file of rows."""

    def write(self, row: Any) -> None:
        """Add one row."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class JsonLines:
    """Rows as JSON lines."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, row: Part) -> None:
        """Add one row, nulls kept."""
        self._file.write(row.model_dump_json() + "\n")

    def close(self) -> None:
        """Flush the file and close it; standard output stays open."""
        self._file.flush()
        if self._file is not sys.stdout:
            self._file.close()


class OutputFiles:
    """Open files below a directory, or standard output without one."""

    def __init__(self, directory: Path | None, layout: Layout) -> None:
        self._directory, self._layout = directory, layout
        self._open: dict[str, RowWriter] = {}

    def write(self, table: str, split: str, row: Part) -> None:
        """Add a row to the file of a split, which is created with its first row."""
        name = self._layout(table, split)
        if name not in self._open:
            self._open[name] = self._opened(name, type(row))
        self._open[name].write(row)

    def close(self) -> None:
        """Close all files."""
        for writer in self._open.values():
            writer.close()

    def _opened(self, name: str, row_type: type[Part]) -> RowWriter:
        if self._directory is None:
            return JsonLines(sys.stdout)
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return TableWriter(path, row_type) if path.suffix == ".parquet" else JsonLines(path.open("w", encoding="utf-8"))


def suffix_of(out: str) -> str | None:
    """Kind of file by its name; None for a directory. Raises InputError for a kind that cannot be written."""
    suffix = Path(out).suffix.removeprefix(".")
    if suffix in SUFFIXES:
        return suffix
    if suffix in ("json", "csv", "txt", "arrow", "gz"):
        raise InputError(f"export cannot write a file such as {out}", hint="end its name with .jsonl or .parquet")
    return None


def check_free(out: Path, *, directory: bool, fresh: bool) -> None:
    """Refuse a place that is taken, before any work is done."""
    check_target(out)
    there = ([out] if out.exists() else []) if directory else _files_of(out)
    if not there or (out.is_dir() and directory and not any(out.iterdir())):
        return
    if out.exists() and out.is_dir() != directory:
        kind = "a directory" if out.is_dir() else "a file"
        raise RunError(f"{out} is {kind}", hint="choose another --out")
    if not fresh:
        raise RunError(f"{there[0]} exists already", hint="choose another --out, or replace it with --fresh")
    if directory:
        _check_ours(out)


def check_apart(out: Path, sources: Sequence[str]) -> None:
    """Refuse to replace what the export is made of."""
    for source in sources:
        if Path(source).resolve().is_relative_to(out.resolve()):
            raise RunError(f"{out} is what this export reads", hint="choose another --out")


def _check_ours(out: Path) -> None:
    listed = set(load_json(out / RECEIPT).get("files", ())) if (out / RECEIPT).is_file() else set()
    found = {str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir()}
    foreign = sorted(found - listed - {RECEIPT})
    if foreign:
        raise RunError(
            f"{out} also holds files that no export wrote ({foreign[0]})",
            hint="move them away, or choose another --out",
        )


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """Make a temporary directory next to a path, and remove it at the end."""
    temporary = out.absolute().parent / f".{out.name}.{os.getpid()}.tmp"
    with disk_errors(out):
        temporary.mkdir(parents=True)
    try:
        with disk_errors(out):
            yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def place_directory(made: Path, out: Path, receipt: Mapping[str, Any]) -> None:
    """Move a finished directory to its place; an earlier export there is removed."""
    files = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file())
    write_json(made / RECEIPT, {**receipt, "files": files})
    old = made.with_suffix(".old")
    if out.exists():
        out.rename(old)
    made.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def place_files(made: Path, out: Path) -> None:
    """Move finished files to their places: a single one by its name, several with their splits in the names."""
    found = sorted(made.iterdir())
    places = {path: out if len(found) == 1 else _named(out, path.stem) for path in found}
    for path, place in places.items():
        path.replace(place)
    for old in set(_files_of(out)) - set(places.values()):
        old.unlink()


def _files_of(out: Path) -> list[Path]:
    """Existing files that an export to this name may have written."""
    return [path for path in (out, *(_named(out, split) for split in SPLITS)) if path.exists()]


def _named(out: Path, split: str) -> Path:
    return out.with_name(f"{out.stem}.{split}{out.suffix}")
