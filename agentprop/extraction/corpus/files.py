"""A file that documents are read from: one on disk, or a member of a zip archive, with the name its documents carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}
"""Last suffix of a name → how the file is compressed."""


@dataclass(frozen=True)
class SourceFile:
    """Where the bytes are, and what their documents are called."""

    path: Path
    """The file, or the archive that holds it."""
    member: str = ""
    """Its name inside the archive."""
    name: str = ""
    """Short and unique within a corpus; its documents are `<name>#<index>`."""
    split: str = ""
    """train, test or validation, if its path says so."""
    encoding: str | None = None
    """Encoding of its text; None means: recognised."""
    side: Path | None = None
    """A file beside it that may hold its solutions."""

    @property
    def filename(self) -> str:
        """The last part of its name, in lower case."""
        return (self.member or self.path.name).rpartition("/")[2].lower()

    @property
    def plain(self) -> Path | None:
        """Its path, if the file can be opened as it stands."""
        return None if self.member or compression_of(self.filename) else self.path

    def __str__(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)

    def beside(self) -> SourceFile | None:
        """The file that may hold its solutions."""
        return None if self.side is None else replace(self, path=self.side, name=self.side.name, side=None)


def compression_of(filename: str) -> str | None:
    """How a file of this name is compressed."""
    return next((kind for suffix, kind in COMPRESSIONS.items() if filename.endswith(suffix)), None)


def without_compression(filename: str) -> str:
    """The name that the file has once it is decompressed."""
    suffix = next((suffix for suffix in COMPRESSIONS if filename.endswith(suffix)), "")
    return filename.removesuffix(suffix)
