"""Records ↔ Arrow streams on pipes.

The last message of a stream holds no records, but their number and the SHA-256 of all bytes before it. So a stream that
was cut off or changed is never taken for a complete one. Other readers of Arrow see an empty batch.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Self

import pyarrow as pa

from agentprop.errors import ShardError
from agentprop.records import Record
from agentprop.storage.arrow_schema import R, Row, arrow_schema, batch_of, check_schema, records_of
from agentprop.storage.parquet import ROW_GROUP

STREAM_SECONDS = 1.0
"""Longest time in seconds that a record waits before it is sent."""
_ROWS_KEY, _SHA_KEY = b"agentprop.rows", b"agentprop.sha256"
_HINT = "read what the command before the pipe printed, and run both again"


class PipeClosed(BrokenPipeError):
    """The reader of the pipe has ended, as `head` does; not an error, the stage should end quietly."""


class StreamWriter:
    """Writer of records to a pipe as an Arrow stream; the end is marked only if the block ends without an exception.

    Records are sent when 256 wait or a second has passed since the last time: by `write`, or by `tick` while the
    caller has nothing to write.
    """

    def __init__(self, pipe: BinaryIO, record_type: type[Record]) -> None:
        self._pipe = _HashingPipe(pipe)
        self._schema = arrow_schema(record_type)
        self._waiting: list[Record] = []
        self._rows = 0
        self._sent_at = time.monotonic()
        with self._closed_pipe_errors():
            self._writer = pa.ipc.new_stream(self._pipe, self._schema)
            self._pipe.flush()

    def write(self, record: Record) -> None:
        """Queue one record, and send the queued ones if they are due."""
        self._waiting.append(record)
        if len(self._waiting) >= ROW_GROUP:
            self.send()
        self.tick()

    def tick(self) -> None:
        """Send the queued records if the first has waited for a second."""
        if self._waiting and time.monotonic() - self._sent_at >= STREAM_SECONDS:
            self.send()

    def send(self) -> None:
        """Send the queued records, which the reader sees at once. Raises PipeClosed if there is no reader any more."""
        with self._closed_pipe_errors():
            if self._waiting:
                self._writer.write_batch(batch_of(self._waiting, self._schema))
            self._pipe.flush()
        self._rows += len(self._waiting)
        self._waiting = []
        self._sent_at = time.monotonic()

    def close(self) -> None:
        """Send the queued records and mark the end."""
        self.send()
        nothing = batch_of([], self._schema)
        with self._closed_pipe_errors():
            if not self._rows:
                self._writer.write_batch(nothing)  # Arrow sends the schema only with the first batch
            end = {_ROWS_KEY: str(self._rows).encode(), _SHA_KEY: self._pipe.digest.hexdigest().encode()}
            self._writer.write_batch(nothing, custom_metadata=end)
            self._writer.close()
            self._pipe.flush()

    @contextlib.contextmanager
    def _closed_pipe_errors(self) -> Iterator[None]:
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
    """Write all records to a pipe as they come, and return their number. Raises PipeClosed if the reader has ended."""
    count = 0
    with StreamWriter(pipe, record_type) as writer:
        for record in records:
            writer.write(record)
            count += 1
    return count


def read_stream(pipe: BinaryIO, record_type: type[R], source: str = "the input stream") -> Iterator[R]:
    """Yield the records of a stream as they arrive. Raises ShardError if it lacks its end mark or was changed."""
    return records_of(_stream_rows(pipe, record_type, source), record_type, source)


def _stream_rows(pipe: BinaryIO, record_type: type[Record], source: str) -> Iterator[Row]:
    checked = _CheckedPipe(pipe)
    rows, whole = 0, False
    try:
        with pa.ipc.open_stream(checked) as reader:
            check_schema(reader.schema, record_type, source)
            for batch, metadata, digest in _messages(reader, checked):
                whole = metadata.get(_ROWS_KEY) == str(rows).encode() and metadata.get(_SHA_KEY) == digest.encode()
                if _SHA_KEY in metadata and not whole:
                    raise ShardError(f"{source} is not what was sent: a part of it is missing or changed", hint=_HINT)
                batch.validate(full=True)  # Arrow follows a stream's offsets wherever they point
                rows += batch.num_rows
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise _stream_error(checked, source) from error
    if checked.exhausted or not whole:
        raise _stream_error(checked, source)


def _messages(
    reader: pa.RecordBatchStreamReader, checked: _CheckedPipe
) -> Iterator[tuple[pa.RecordBatch, dict[bytes, bytes], str]]:
    """Yield (batch, its metadata, SHA-256 of the stream before it); Arrow reads one message at a time."""
    while True:
        digest = checked.digest.hexdigest()
        try:
            batch, metadata = reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            return
        yield batch, dict(metadata or {}), digest


def _stream_error(checked: _CheckedPipe, source: str) -> ShardError:
    if not checked.start:
        return ShardError(f"{source} is empty", hint=_HINT)
    if not b"\xff\xff\xff\xff".startswith(checked.start):
        return ShardError(f"{source} is not an Arrow stream", hint="pipe from a stage that runs with --out -")
    if checked.exhausted:
        return ShardError(f"{source} stopped before its end", hint=_HINT)
    return ShardError(f"{source} is damaged", hint=_HINT)


class _HashingPipe:
    """Pipe that computes the SHA-256 of what is written to it."""

    closed = False

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write to the pipe."""
        self.digest.update(data)
        return self._pipe.write(data)

    def flush(self) -> None:
        """Flush the pipe."""
        self._pipe.flush()

    def writable(self) -> bool:
        """Return True, as Arrow requires of a file."""
        return True

    def close(self) -> None:
        """Do nothing: the pipe belongs to the caller."""


class _CheckedPipe:
    """Pipe that records its first bytes, the SHA-256 of what was read, and if the end of file was reached.

    Arrow takes an end of file between two messages for the end of the stream; after a real end mark it reads no more.
    """

    closed = False

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self.start = b""
        self.digest = hashlib.sha256()
        self.exhausted = False

    def read(self, size: int = -1) -> bytes:
        """Read from the pipe; refuse anything but a stream, since Arrow would take its first bytes for a size."""
        data = self._pipe.read(size)
        self.digest.update(data)
        self.exhausted |= len(data) < size
        if not self.start:
            self.start = data[:4]
            if not b"\xff\xff\xff\xff".startswith(self.start):
                raise OSError("not an Arrow stream")
        return data

    def readable(self) -> bool:
        """Return True, as Arrow requires of a file."""
        return True

    def close(self) -> None:
        """Do nothing: the pipe belongs to the caller."""
