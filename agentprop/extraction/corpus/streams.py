"""A source file → its bytes: decompressed, in UTF-8, and never more than a record of them in memory.

Compression is known by the suffix, or by the first bytes of a file whose name does not tell. A file that unpacks to a
thousand times its size is refused once it has given a gibibyte. Zstandard comes through pyarrow, which is here anyway.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from agentprop.errors import InputError
from agentprop.extraction.corpus.encodings import CHUNK, UTF8, recognise
from agentprop.extraction.corpus.files import SourceFile, compression_of
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES

MAX_RATIO, RATIO_FROM = 1000, 1 << 30
"""How many times its size a file may unpack to, once it has given so many bytes."""
MAX_UNPACKED_BYTES = 4 << 30
"""Largest Parquet, Arrow, PDF or Word file that is unpacked to a temporary file."""
_BUFFER = 1 << 18
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_DAMAGED = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, zipfile.BadZipFile)


@contextmanager
def opened(file: SourceFile) -> Iterator[BinaryIO]:
    """The text of a file as UTF-8, without a byte order mark. Raises InputError if it cannot be read or is no text.

    Bytes that are no text in the file's encoding come out as bytes that are no UTF-8: their record can be told apart.
    """
    encoding = file.encoding or encoding_of(file)
    with unpacked(file) as stream:
        if codecs.lookup(encoding).name == UTF8:
            if stream.peek(3)[:3] == codecs.BOM_UTF8:  # type: ignore[attr-defined]
                stream.read(3)
            yield stream
        else:
            yield cast(BinaryIO, io.BufferedReader(_Transcoded(stream, encoding), _BUFFER))


def encoding_of(file: SourceFile) -> str:
    """The encoding of a file's text, from its bytes."""
    with unpacked(file) as stream:
        chunks = (chunk for _ in range(64) if (chunk := stream.read(CHUNK)))
        return recognise(chunks, str(file))


@contextmanager
def unpacked(file: SourceFile) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed. Raises InputError where they cannot be read, end early, or never end."""
    kind = compression_of(file.filename)
    try:
        with _raw(file) as (raw, size):
            head = raw.peek(8)  # type: ignore[attr-defined]
            if not head:
                raise InputError(f"{file} is empty", hint="leave it out, or give a file with documents")
            kind = kind or next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
            stream = raw if kind is None else _decompressed(raw, kind)
            yield stream if kind is None and not file.member else _bounded(stream, size, file)
    except _DAMAGED:
        archive = "zip" if kind is None else kind
        raise InputError(
            f"{file} is not a whole {archive} file", hint="copy it again, or decompress it first"
        ) from None
    except OSError as error:
        if kind is not None and error.errno is None:  # bzip2 and Zstandard have no exceptions of their own
            raise InputError(
                f"{file} is not a whole {kind} file", hint="copy it again, or decompress it first"
            ) from None
        hint = "check the path, its permissions and its disk"
        raise InputError(f"{file} cannot be read: {error.strerror or error}", hint=hint) from None


@contextmanager
def _raw(file: SourceFile) -> Iterator[tuple[BinaryIO, int]]:
    """The stored bytes of a file, and how many there are."""
    if not file.member:
        with file.path.open("rb") as raw:
            yield raw, file.path.stat().st_size
        return
    archive = archive_of(file.path)
    entry = archive.getinfo(file.member)
    try:
        member = archive.open(entry)
    except (RuntimeError, NotImplementedError) as error:  # a password, or a method that zipfile does not know
        raise InputError(f"{file} cannot be unpacked: {error}", hint="unpack the archive first") from None
    with member:
        yield cast(BinaryIO, io.BufferedReader(member, _BUFFER)), entry.compress_size


@contextmanager
def archived(path: Path) -> Iterator[zipfile.ZipFile]:
    """The directory of a zip archive. Raises InputError if the archive cannot be read."""
    try:
        yield archive_of(path)
    except (zipfile.BadZipFile, ValueError):
        raise InputError(f"{path} is not a whole zip file", hint="copy it again") from None
    except OSError as error:
        hint = "check the path and its permissions"
        raise InputError(f"{path} cannot be read: {error.strerror or error}", hint=hint) from None


def archive_of(path: Path) -> zipfile.ZipFile:
    """A zip archive, kept open: looking through its directory for every member would take long."""
    return _archive(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _archive(path: Path, changed: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _decompressed(raw: BinaryIO, kind: str) -> BinaryIO:
    if kind == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if kind == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(raw))
    if kind == "xz":
        return cast(BinaryIO, lzma.LZMAFile(raw))
    from agentprop.storage import zstd_stream  # pyarrow is for those who need it

    return zstd_stream(raw)


def _bounded(stream: BinaryIO, size: int, file: SourceFile) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Bounded(stream, size, file), _BUFFER))


class _Bounded(io.RawIOBase):
    """Counts what is unpacked. Raises InputError beyond `MAX_RATIO`."""

    def __init__(self, stream: BinaryIO, size: int, file: SourceFile) -> None:
        self._stream, self._most, self._file, self._given = stream, MAX_RATIO * max(size, 1), file, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._given += len(data)
        if self._given > max(self._most, RATIO_FROM):
            raise InputError(
                f"{self._file} unpacks to more than {MAX_RATIO} times its size", hint="unpack it first, if it is sound"
            )
        return len(data)


def _damaged(error: UnicodeError) -> tuple[str, int]:
    """What an encoding cannot read becomes a character that no UTF-8 has."""
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


codecs.register_error("agentprop.damaged", _damaged)


class _Transcoded(io.RawIOBase):
    """Bytes of another encoding as UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream, self._waiting = stream, b""
        self._decoder = codecs.getincrementaldecoder(encoding)("agentprop.damaged")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._waiting and not self._ended:
            data = self._stream.read(_BUFFER)
            self._ended = not data
            text = self._decoder.decode(data, final=self._ended)
            self._waiting = text.encode(UTF8, "surrogatepass")
        given = self._waiting[: len(buffer)]
        self._waiting = self._waiting[len(given) :]
        buffer[: len(given)] = given
        return len(given)


@contextmanager
def seekable(file: SourceFile) -> Iterator[Path | BinaryIO]:
    """A file that can be read anywhere: itself, or unpacked to a temporary file. Raises InputError for a huge one."""
    if file.plain is not None:
        with unpacked(file):  # it is there, and not empty
            pass
        yield file.plain
        return
    with unpacked(file) as stream, tempfile.SpooledTemporaryFile(max_size=64 << 20) as place:
        while chunk := stream.read(CHUNK):
            place.write(chunk)
            if place.tell() > MAX_UNPACKED_BYTES:
                most = MAX_UNPACKED_BYTES >> 30
                raise InputError(f"{file} unpacks to more than {most} GiB", hint="unpack it first")
        place.seek(0)
        yield cast(BinaryIO, place)


def whole(file: SourceFile) -> bytes:
    """The text of a file at once, as UTF-8. Raises InputError beyond `MAX_RECORD_BYTES`."""
    with opened(file) as stream:
        data = stream.read(MAX_RECORD_BYTES + 1)
    if len(data) > MAX_RECORD_BYTES:
        raise too_long(file, "the text")
    return data


def too_long(file: SourceFile, what: str) -> InputError:
    """The error for a record beyond `MAX_RECORD_BYTES`."""
    limit = MAX_RECORD_BYTES // 2**20
    return InputError(f"{what} of {file} is longer than {limit} MiB", hint="split it into one record per line")
