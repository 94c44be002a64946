"""Bytes → files on disk, so that a crash at any moment leaves the old file or the new one, never a mixture.

Every failure of the disk becomes a `RunError` that names the path and what to try; the old content stays.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentprop.errors import RunError
from agentprop.portable import sync_directory
from agentprop.private_files import private_file

_RESUME = "the same command then goes on with what was finished, or starts anew"
_ADVICE = {
    errno.ENOSPC: ("no space left on the device", f"free some space; {_RESUME}"),
    errno.EDQUOT: ("the disk quota is used up", f"free some space; {_RESUME}"),
    errno.EFBIG: ("the file-size limit was reached", f"raise the limit (ulimit -f); {_RESUME}"),
    errno.EROFS: ("the file system is read-only", "choose a directory you can write with --out"),
    errno.EACCES: ("permission denied", "choose a directory you can write with --out"),
    errno.EPERM: ("permission denied", "choose a directory you can write with --out"),
    errno.EEXIST: ("a file is in the way", "choose another name"),
    errno.ENOTDIR: ("a part of the path is a file, not a directory", "choose another directory with --out"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one with --out"),
    errno.ELOOP: ("it is a link that leads back to itself", "choose another one with --out"),
}


def disk_error(path: Path, error: OSError) -> RunError:
    """Return the error, with a hint, for a system call on `path` that failed."""
    target = dangling(path)
    if target is not None:
        return RunError(f"{path} is a link to {target}, which is not there", hint="make that, or choose another --out")
    reason, hint = _ADVICE.get(error.errno or 0, (error.strerror or str(error), f"check the disk; {_RESUME}"))
    return RunError(f"cannot write {path}: {reason}", hint=hint)


def dangling(path: Path) -> str | None:
    """Return what a symbolic link points at if that is not there."""
    try:
        return os.readlink(path) if path.is_symlink() and not path.exists() else None
    except OSError:
        return None


def check_target(path: Path) -> None:
    """Raise RunError for a place that is a link to nowhere: what is written there would not be where it seems to be."""
    if dangling(path) is not None:
        raise disk_error(path, OSError(errno.EEXIST, os.strerror(errno.EEXIST)))


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into a RunError about `path`."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error


def write_atomically(path: Path, data: bytes | memoryview, *, private: bool = False) -> None:
    """Write under a temporary name in the same directory, sync, rename, sync the directory.

    A `private` file is one that its owner alone may read.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with disk_errors(path):
        try:
            with private_file(temporary) if private else temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)


def append_durably(path: Path, data: bytes) -> None:
    """Append to a file and sync it; on failure the file is cut back to its old length."""
    with disk_errors(path), path.open("ab") as file:
        size = file.tell()
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, size)
            raise


def write_json(path: Path, value: Any, *, private: bool = False) -> None:
    """Write indented JSON atomically, nulls kept."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode(), private=private)


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
