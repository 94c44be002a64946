"""Files, globs and directories to the list of files that documents are read from, each with a short unique name."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Sequence
from pathlib import Path

from agentprop.errors import InputError

SUFFIXES = (".jsonl", ".json", ".parquet", ".csv", ".md", ".txt", ".tex")
"""What is read; each may be followed by `.gz`, except `.parquet`."""
_READ = f"these are read: {' '.join(SUFFIXES)}, or .gz of them"


def find_files(sources: Sequence[str]) -> list[Path]:
    """The files that the sources name, in order, each once. Raises InputError for a source that names none."""
    found: dict[Path, None] = {}
    for source in sources:
        found.update(dict.fromkeys(_expand(source)))
    return list(found)


def _expand(source: str) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        files = sorted(item for item in path.rglob("*") if item.is_file() and kind_of(item))
        if not files:
            raise InputError(f"{source} holds no document file", hint=_READ)
        return files
    if path.exists():
        if not kind_of(path):
            raise InputError(f"{source} is not a kind of file that documents are read from", hint=_READ)
        return [path]
    matches = sorted(Path(match) for match in glob.glob(source, recursive=True)) if glob.has_magic(source) else []
    files = [match for match in matches if match.is_file() and kind_of(match)]
    if not files:
        raise InputError(
            f"there is no file {source}", hint="check the path; quote a pattern so that ** reaches agentprop"
        )
    return files


def kind_of(path: Path) -> str | None:
    """The suffix that says how a file is read, without `.gz`; None for files that are not read."""
    name = path.name.lower()
    name = name.removesuffix(".gz") if not name.endswith(".parquet.gz") else name
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix) and not path.name.startswith(".")), None)


def fingerprints(files: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of each file by the name its documents carry: what a run that reads them depends on."""
    found = {}
    for path, name in file_names(files).items():
        with checked(path).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def file_names(files: Sequence[Path]) -> dict[Path, str]:
    """File names; where two files share one, as many parents as tell them apart."""
    depth = 1
    while len({path.absolute().parts[-depth:] for path in files}) < len(files):
        depth += 1
    return {path: "/".join(path.absolute().parts[-depth:]).lstrip("/") for path in files}


def checked(path: Path) -> Path:
    """The path, after the checks that every kind of file shares."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}", hint="check the path and its permissions"
        ) from None
    if not head:
        raise InputError(f"{path} is empty", hint="leave it out, or give a file with documents")
    if b"\x00" in head and kind_of(path) != ".parquet" and not path.name.endswith(".gz"):
        raise InputError(f"{path} is a binary file", hint="give text files; compressed ones must end in .gz")
    return path
