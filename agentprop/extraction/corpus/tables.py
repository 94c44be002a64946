"""`.jsonl`, `.json` and `.csv` files to rows, one at a time; a damaged row is told apart from a damaged file."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from agentprop.errors import InputError

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Longest line, record or prose file in bytes after decompression; a longer one is an error, never read whole."""
_CHUNK = 1024 * 1024

Row = dict[str, Any]


class Bad(NamedTuple):
    """A row that cannot be used."""

    code: str
    message: str
    excerpt: str


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, decompressed where its name ends in `.gz`. Raises InputError for damaged compression."""
    try:
        with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
            yield cast(BinaryIO, file)
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise InputError(f"{path} is not a whole gzip file", hint="copy it again, or decompress it first") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}", hint="check the disk it lies on"
        ) from None


def too_long(path: Path, what: str) -> InputError:
    """The error for a record beyond `MAX_RECORD_BYTES`."""
    limit = MAX_RECORD_BYTES // 2**20
    return InputError(f"{what} of {path} is longer than {limit} MiB", hint="split it into one record per line")


def read_jsonl(path: Path) -> Iterator[Row | Bad]:
    """One JSON object a line; blank lines are skipped."""
    with opened(path) as file:
        number = 0
        while line := file.readline(MAX_RECORD_BYTES + 1):
            number += 1
            if len(line) > MAX_RECORD_BYTES:
                raise too_long(path, f"line {number}")
            if line.strip():
                yield _object(line, number)


def _object(line: bytes, number: int) -> Row | Bad:
    try:
        value = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        return Bad("not-utf-8", f"line {number} is not UTF-8 (byte {error.start})", _excerpt(line))
    except (ValueError, RecursionError) as error:
        return Bad("not-json", f"line {number} is not JSON: {_first_line(error)}", _excerpt(line))
    if not isinstance(value, dict):
        return Bad("not-an-object", f"line {number} is not a JSON object", _excerpt(line))
    return value


def read_json(path: Path) -> Iterator[Row | Bad]:
    """The objects of an array, of the one array in an object, or the object itself; arrays are read piece by piece."""
    with opened(path) as file:
        stream = _JsonStream(path, file)
        if stream.peek() == "[":
            yield from stream.array()
            return
        number = 0
        while stream.peek():
            number += 1
            yield from _spread(stream.value())


def _spread(value: Any) -> Iterator[Row | Bad]:
    if not isinstance(value, dict):
        yield Bad("not-an-object", "a value at the top level is not a JSON object", str(value)[:200])
        return
    arrays = [item for item in value.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
    for row in arrays[0] if len(arrays) == 1 else [value]:
        yield row if isinstance(row, dict) else Bad("not-an-object", "an element is not a JSON object", str(row)[:200])


class _JsonStream:
    """Values cut off the front of a text that is read in chunks; at most one value and a chunk are held."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._text = TextIOWrapper(file, encoding="utf-8-sig", errors="strict")
        self._decoder = json.JSONDecoder()
        self._buffer = ""
        self._ended = False

    def peek(self) -> str:
        """The next character that is not space; empty at the end."""
        self._buffer = self._buffer.lstrip()
        while not self._buffer and self._more(_CHUNK):
            self._buffer = self._buffer.lstrip()
        return self._buffer[:1]

    def array(self) -> Iterator[Row | Bad]:
        self._buffer = self._buffer[1:]
        while (character := self.peek()) != "]":
            if not character:
                raise self._damaged("it ends inside an array")
            if character == ",":
                self._buffer = self._buffer[1:]
                continue
            value = self.value()
            yield (
                value
                if isinstance(value, dict)
                else Bad("not-an-object", "an element is not a JSON object", str(value)[:200])
            )

    def value(self) -> Any:
        """The next value; the buffer is doubled until it holds one whole."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer)
            except (ValueError, RecursionError) as error:
                if len(self._buffer) > MAX_RECORD_BYTES:
                    raise too_long(self._path, "a value") from None
                if not self._more(max(_CHUNK, len(self._buffer))):
                    raise self._damaged(_first_line(error)) from None
                continue
            self._buffer = self._buffer[end:]
            return value

    def _more(self, size: int) -> bool:
        try:
            piece = "" if self._ended else self._text.read(size)
        except UnicodeDecodeError:
            raise InputError(f"{self._path} is not UTF-8 text", hint="convert it, for example with iconv") from None
        self._ended = self._ended or not piece
        self._buffer += piece
        return bool(piece)

    def _damaged(self, why: str) -> InputError:
        return InputError(f"{self._path} is not JSON: {why}", hint="one object per line belongs into a .jsonl file")


def read_csv(path: Path) -> Iterator[Row | Bad]:
    """Rows by the names of the header line; a quoted field may span lines."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    with opened(path) as file:
        reader = csv.DictReader(_lines(path, file), strict=True)
        number = 0
        while True:
            number += 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise InputError(
                    f"record {number} of {path} is not CSV: {error}", hint="check its quotation marks"
                ) from None
            if row is None:
                return
            yield _whole_row(row, number)


def _lines(path: Path, file: BinaryIO) -> Iterator[str]:
    """Lines as text; bytes that are not UTF-8 become U+FFFD, by which their row is known later."""
    number = 0
    while line := file.readline(MAX_RECORD_BYTES + 1):
        number += 1
        if len(line) > MAX_RECORD_BYTES:
            raise too_long(path, f"line {number}")
        yield line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").replace("\x00", "\ufffd")


def _whole_row(row: dict[str | Any, Any], number: int) -> Row | Bad:
    text = " ".join(str(value) for value in row.values())
    if "\ufffd" in text:
        return Bad("not-utf-8", f"record {number} is not UTF-8", text[:200])
    if None in row or None in row.values():
        return Bad("wrong-columns", f"record {number} has another number of fields than the header", text[:200])
    return row


def text_of(value: Any) -> str:
    """A field as text: lists of lines are joined, numbers written out, anything else is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return ""


def _excerpt(line: bytes) -> str:
    return line[:200].decode("utf-8", errors="replace").strip()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
