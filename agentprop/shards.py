"""Records ↔ Parquet shards and Arrow streams; the only module that knows pyarrow.

The Arrow schema is declared from the pydantic model and never inferred, so a column has one type in every shard ever
written. A shard is at most one open segment of a run (a few hundred records), so it is encoded in memory and reaches
the disk in one atomic step; reading goes row group by row group. Pages carry checksums, ids are recomputed on reading.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import time
import types
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, Self, TypeVar, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from agentprop.errors import ShardError
from agentprop.files import write_atomically
from agentprop.records import SCHEMA_VERSION, Record

ROW_GROUP = 256
"""Records read or written in one piece: what bounds memory."""
STREAM_SECONDS = 1.0
"""A record waits no longer than this in a stream that is being written."""

_VERSION_KEY = b"agentprop.schema_version"
_KIND_KEY = b"agentprop.kind"
_ROWS_KEY = b"agentprop.rows"
_LEAVES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
_REMAKE = "restore it from a copy, or run the stage that wrote it again with --fresh"

R = TypeVar("R", bound=Record)
Row = dict[str, Any]


class Shard(NamedTuple):
    """What a manifest says about one written shard."""

    rows: int
    """Records in it."""
    bytes: int
    """Size of the file."""
    sha256: str
    """Of the file."""


class PipeClosed(BrokenPipeError):
    """The reader at the other end of the pipe has gone, as `head` does: nothing is wrong, end quietly."""


# --- schemas ---


def arrow_schema(record_type: type[Record]) -> pa.Schema:
    """The columns of a record type, by its annotations; its kind and schema version are in the metadata."""
    metadata = {_KIND_KEY: record_type.kind.encode(), _VERSION_KEY: str(SCHEMA_VERSION).encode()}
    return pa.schema(_fields(record_type), metadata=metadata)


def _fields(model: type[BaseModel]) -> list[pa.Field]:
    return [_field(name, info.annotation) for name, info in model.model_fields.items()]


def _field(name: str, annotation: Any) -> pa.Field:
    inner = _without_none(annotation)
    return pa.field(name, _arrow_type(inner), nullable=inner is not annotation)


def _without_none(annotation: Any) -> Any:
    """`X | None` → `X`; anything else as it is."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    members = [member for member in get_args(annotation) if member is not type(None)]
    if len(members) != 1:
        raise TypeError(f"a column cannot hold {annotation}: give it one type, or one type and None")
    return members[0]


def _arrow_type(annotation: Any) -> pa.DataType:
    if get_origin(annotation) is Literal:
        return _arrow_type(type(get_args(annotation)[0]))
    if get_origin(annotation) is tuple and get_args(annotation)[1:] == (...,):
        return pa.list_(_field("element", get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(_fields(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return pa.string()
    if annotation in _LEAVES:
        return _LEAVES[annotation]
    raise TypeError(f"a column cannot hold {annotation}: free-form values are stored as JSON strings")


def _batch(records: Sequence[Record], schema: pa.Schema) -> pa.RecordBatch:
    try:
        return pa.RecordBatch.from_pylist([record.model_dump() for record in records], schema=schema)
    except (UnicodeEncodeError, OverflowError, pa.ArrowInvalid) as error:
        culprit = next(record for record in records if not _storable(record, schema))
        raise ShardError(
            f"{culprit.kind} {culprit.id} cannot be stored: {error}",
            hint="texts must be valid Unicode (no lone surrogates) and integers must fit 64 bits",
        ) from error


def _storable(record: Record, schema: pa.Schema) -> bool:
    try:
        pa.RecordBatch.from_pylist([record.model_dump()], schema=schema)
    except (UnicodeEncodeError, OverflowError, pa.ArrowInvalid):
        return False
    return True


# --- shards ---


def write_shard(path: Path, record_type: type[R], records: Iterable[R]) -> Shard:
    """Write one shard in one atomic step; the records must fit in memory."""
    schema = arrow_schema(record_type)
    sink = pa.BufferOutputStream()
    rows = 0
    with pq.ParquetWriter(sink, schema, compression="zstd", use_dictionary=True, write_page_checksum=True) as writer:
        for chunk in _chunks(records, ROW_GROUP):
            writer.write_batch(_batch(chunk, schema))
            rows += len(chunk)
        writer.add_key_value_metadata({_ROWS_KEY.decode(): str(rows)})
    data = memoryview(sink.getvalue())
    write_atomically(path, data)
    return Shard(rows, len(data), hashlib.sha256(data).hexdigest())


def read_shard(path: Path, record_type: type[R]) -> Iterator[R]:
    """The shard's records, a row group at a time; a record whose id does not match its content is refused."""
    return _records(read_rows(path, record_type), record_type, str(path))


def read_rows(path: Path, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[Row]:
    """The shard's records, or some columns of them, as plain dicts and without recomputing their ids."""
    with _read_errors(str(path)), pq.ParquetFile(path, page_checksum_verification=True) as file:
        _check_schema(file.schema_arrow, record_type, str(path))
        owed = int(file.metadata.metadata.get(_ROWS_KEY, file.metadata.num_rows))
        for batch in file.iter_batches(ROW_GROUP, columns=columns, use_threads=False):
            yield from batch.to_pylist()
            owed -= batch.num_rows
    if owed:  # the footer, where Parquet keeps its own counts, has no checksum
        raise ShardError(f"{path} is truncated or damaged (it lacks {owed} rows)", hint=_REMAKE)


def count_rows(path: Path) -> int:
    """Number of records, from the shard's footer alone."""
    with _read_errors(str(path)), pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def _records(rows: Iterable[Row], record_type: type[R], source: str) -> Iterator[R]:
    for row in rows:
        try:
            yield record_type.model_validate(row)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or row.get("id")
            message = f"{source} holds a damaged {record_type.kind}: {where}: {first['msg']}"
            raise ShardError(message, hint=_REMAKE) from error


def _check_schema(found: pa.Schema, record_type: type[Record], source: str) -> None:
    metadata = found.metadata or {}
    if _KIND_KEY not in metadata or not metadata.get(_VERSION_KEY, b"").isdigit():
        raise ShardError(f"{source} was not written by agentprop", hint="name a run directory, or a shard inside one")
    version = int(metadata[_VERSION_KEY])
    if version > SCHEMA_VERSION:
        raise ShardError(
            f"{source} has schema version {version}, and this agentprop reads up to {SCHEMA_VERSION}",
            hint="upgrade agentprop",
        )
    kind = metadata[_KIND_KEY].decode(errors="replace")
    if kind != record_type.kind:
        raise ShardError(f"{source} holds records of kind {kind}, not {record_type.kind}", hint="name another run")
    if version == SCHEMA_VERSION and not found.equals(arrow_schema(record_type)):
        raise ShardError(f"{source} has columns other than those of a {kind}", hint=_REMAKE)


@contextlib.contextmanager
def _read_errors(source: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ShardError(f"{source} does not exist", hint=_REMAKE) from error
    except PermissionError as error:
        raise ShardError(f"{source} cannot be read: permission denied", hint="make it readable") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ShardError(f"{source} is truncated or damaged ({reason})", hint=_REMAKE) from error


def _chunks(items: Iterable[R], size: int) -> Iterator[list[R]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


# --- streams ---


class StreamWriter:
    """Records as an Arrow IPC stream into a pipe; the end is marked only when the block ends without an exception.

    A record is sent when 256 wait or a second has passed since the last sending: by `write`, or by `tick` where the
    caller has nothing to write for a while.
    """

    def __init__(self, pipe: BinaryIO, record_type: type[Record]) -> None:
        self._pipe = pipe
        self._schema = arrow_schema(record_type)
        self._waiting: list[Record] = []
        self._sent_at = time.monotonic()
        with self._reader_may_leave():
            self._writer = pa.ipc.new_stream(pipe, self._schema)
            pipe.flush()

    def write(self, record: Record) -> None:
        """Queue one record, and send what waits if it is time."""
        self._waiting.append(record)
        if len(self._waiting) >= ROW_GROUP:
            self.send()
        self.tick()

    def tick(self) -> None:
        """Send what has waited for a second."""
        if self._waiting and time.monotonic() - self._sent_at >= STREAM_SECONDS:
            self.send()

    def send(self) -> None:
        """Send what waits; the reader sees it at once. Raises PipeClosed when there is no reader any more."""
        with self._reader_may_leave():
            if self._waiting:
                self._writer.write_batch(_batch(self._waiting, self._schema))
            self._pipe.flush()
        self._waiting = []
        self._sent_at = time.monotonic()

    def close(self) -> None:
        """Send what waits and mark the end."""
        self.send()
        with self._reader_may_leave():
            self._writer.close()
            self._pipe.flush()

    @contextlib.contextmanager
    def _reader_may_leave(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError as error:
            raise PipeClosed(*error.args) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exception: type[BaseException] | None, *_: object) -> None:
        if exception is None:
            self.close()


def write_stream(pipe: BinaryIO, record_type: type[R], records: Iterable[R]) -> int:
    """Write all records to a pipe as they come; returns how many. Raises PipeClosed when the reader has left."""
    count = 0
    with StreamWriter(pipe, record_type) as writer:
        for record in records:
            writer.write(record)
            count += 1
    return count


def read_stream(pipe: BinaryIO, record_type: type[R], source: str = "the input stream") -> Iterator[R]:
    """The records of a stream as they arrive; a stream that stops without its end mark is a ShardError."""
    return _records(_stream_rows(pipe, record_type, source), record_type, source)


def _stream_rows(pipe: BinaryIO, record_type: type[Record], source: str) -> Iterator[Row]:
    watched = _Watched(pipe)
    try:
        with pa.ipc.open_stream(watched) as reader:
            _check_schema(reader.schema, record_type, source)
            for batch in reader:
                batch.validate(full=True)  # Arrow follows a stream's offsets wherever they point
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise _stream_error(watched, source) from error
    if watched.exhausted:
        raise _stream_error(watched, source)


def _stream_error(watched: _Watched, source: str) -> ShardError:
    hint = "see what the command before the pipe says, and run both again"
    if not watched.start:
        return ShardError(f"{source} is empty", hint=hint)
    if not b"\xff\xff\xff\xff".startswith(watched.start):
        return ShardError(f"{source} is not an Arrow stream", hint="pipe from a stage that runs with --out -")
    if watched.exhausted:
        return ShardError(f"{source} stopped before its end", hint=hint)
    return ShardError(f"{source} is damaged", hint=hint)


class _Watched:
    """A pipe that remembers how it starts, and whether the reader ever met its end.

    Arrow takes an end of file between two messages for the end of the stream; after a real end mark it reads no more.
    """

    closed = False

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self.start = b""
        self.exhausted = False

    def read(self, size: int = -1) -> bytes:
        """As the pipe's own read; text instead of a stream is refused before Arrow takes it for a size."""
        data = self._pipe.read(size)
        self.exhausted |= len(data) < size
        if not self.start:
            self.start = data[:4]
            if not b"\xff\xff\xff\xff".startswith(self.start):
                raise OSError("not an Arrow stream")
        return data

    def readable(self) -> bool:
        """What Arrow asks of a file."""
        return True

    def close(self) -> None:
        """The pipe belongs to the caller."""


class TableWriter:
    """Rows into a Parquet file for anyone, a row group at a time; the columns are declared from the type of the row.

    The caller writes under a temporary name and renames: until `close` the file is not one.
    """

    def __init__(self, path: Path, row_type: type[BaseModel]) -> None:
        self._schema = pa.schema(_fields(row_type))
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Row] = []

    def write(self, row: BaseModel) -> None:
        """Add one row."""
        self._waiting.append(row.model_dump())
        if len(self._waiting) >= ROW_GROUP:
            self._send()

    def _send(self) -> None:
        self._writer.write_batch(pa.RecordBatch.from_pylist(self._waiting, schema=self._schema))
        self._waiting = []

    def close(self) -> None:
        """Write what waits, and the end."""
        if self._waiting:
            self._send()
        self._writer.close()


def read_foreign_parquet(path: Path) -> Iterator[Row]:
    """The rows of anyone's Parquet file as plain dicts, a batch at a time."""
    with _read_errors(str(path)), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROW_GROUP):
            yield from batch.to_pylist()
