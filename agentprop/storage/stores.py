"""Keys → bytes, in a directory or on an object store: the few operations that a run needs of the place where it lies.

Nothing here renames, appends or locks. What else a directory can do, its runs use beside this (see `directory.py`).
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from agentprop.errors import RunError
from agentprop.portable import sync_directory
from agentprop.storage.durable import disk_errors, write_atomically
from agentprop.storage.parts import read_errors

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
"""Schemes of URLs that name a place on an object store."""
TO_DISK = "give --out a path, and copy what is there with the store's own tool"
A_COPY = "copy the run with the store's own tool, and name the copy"
"""Hints for what needs a disk: where to write instead, and what to read instead."""
_URL = re.compile(rf"({'|'.join(SCHEMES)})://")
_LIKE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


class Store(Protocol):
    """A place that holds bytes by key; keys are paths with `/`, relative to it."""

    @property
    def name(self) -> str:
        """The place as the user named it."""
        ...

    def put(self, key: str, data: bytes | memoryview, *, private: bool = False) -> None:
        """Write all of an object, in place of an older one; whoever reads it sees one or the other, never a part."""
        ...

    def put_new(self, key: str, data: bytes | memoryview) -> bool:
        """Write all of an object if there is none; False if there is. Of several writers one alone gets True."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return an object, or None if there is none."""
        ...

    def list(self, prefix: str = "") -> dict[str, int]:
        """Return the keys below a folder with the sizes of their objects in bytes."""
        ...

    def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        ...


def is_url(place: str | Path) -> bool:
    """Whether a place is on an object store.

    >>> is_url("s3://bucket/runs/a"), is_url("runs/a"), is_url("hf:gsm8k")
    (True, False, False)
    """
    return isinstance(place, str) and _URL.match(place) is not None


def check_place(place: str | Path) -> None:
    """Raise RunError for a URL of a kind that nothing is written to: as a path it would be a folder called `hdfs:`."""
    if isinstance(place, str) and (like := _LIKE_URL.match(place)) and not is_url(place) and not Path(place).exists():
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        # The rest may hold a password.
        raise RunError(
            f"a place that begins with {like[0]} is neither a path nor a URL of an object store",
            hint=f"give a path (a folder of that name needs ./ before it), or a URL with one of {known}",
        )


def check_here(out: str | Path, what: str, hint: str = TO_DISK) -> None:
    """Raise RunError for a place on an object store: `what` is written to a disk only."""
    check_place(out)
    if is_url(out):
        raise RunError(f"{what} cannot be written to {out}: it needs a place on this machine's disk", hint=hint)


class LocalStore:
    """A directory on a disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def name(self) -> str:
        return str(self.root)

    def put(self, key: str, data: bytes | memoryview, *, private: bool = False) -> None:
        write_atomically(self._made(key), data, private=private)

    def put_new(self, key: str, data: bytes | memoryview) -> bool:
        path = self._made(key)
        whole = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        write_atomically(whole, data)
        try:
            with disk_errors(path):
                os.link(whole, path)
                sync_directory(path.parent)
        except RunError as error:
            if isinstance(error.__cause__, FileExistsError):
                return False
            raise
        finally:
            whole.unlink(missing_ok=True)
        return True

    def get(self, key: str) -> bytes | None:
        path = self.root / key
        with read_errors(path):
            return path.read_bytes() if path.exists() else None

    def list(self, prefix: str = "") -> dict[str, int]:
        return {str(path.relative_to(self.root)): path.stat().st_size for path in sorted(self._files(prefix))}

    def _files(self, prefix: str) -> Iterator[Path]:
        return (path for path in (self.root / prefix).rglob("*") if path.is_file())

    def delete(self, key: str) -> None:
        path = self.root / key
        with disk_errors(path):
            path.unlink(missing_ok=True)

    def _made(self, key: str) -> Path:
        path = self.root / key
        with disk_errors(path):
            path.parent.mkdir(exist_ok=True)
        return path
