"""Records ↔ Arrow streams on pipes.

The last message of a stream holds no record, but says how many there were and the SHA-256 of all bytes before it: a
stream that was cut, lost a part or was changed on its way is never taken for a whole one. Other readers of Arrow see an
empty batch.
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
"""A record waits no longer than this in a stream that is being written."""
_ROWS_KEY, _SHA_KEY = b"agentprop.rows", b"agentprop.sha256"
_HINT = "see what the command before the pipe says, and run both again"


class PipeClosed(BrokenPipeError):
    """The reader at the other end of the pipe has gone, as `head` does: nothing is wrong, end quietly."""


class StreamWriter:
    """Records as an Arrow IPC stream into a pipe; the end is marked only when the block ends without an exception.

    A record is sent when 256 wait or a second has passed since the last sending: by `write`, or by `tick` where the
    caller has nothing to write for a while.
    """

    def __init__(self, pipe: BinaryIO, record_type: type[Record]) -> None:
        self._pipe = _Summed(pipe)
        self._schema = arrow_schema(record_type)
        self._waiting: list[Record] = []
        self._rows = 0
        self._sent_at = time.monotonic()
        with self._reader_may_leave():
            self._writer = pa.ipc.new_stream(self._pipe, self._schema)
            self._pipe.flush()

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
                self._writer.write_batch(batch_of(self._waiting, self._schema))
            self._pipe.flush()
        self._rows += len(self._waiting)
        self._waiting = []
        self._sent_at = time.monotonic()

    def close(self) -> None:
        """Send what waits and mark the end."""
        self.send()
        nothing = batch_of([], self._schema)
        with self._reader_may_leave():
            if not self._rows:
                self._writer.write_batch(nothing)  # Arrow keeps the schema back until the first batch
            end = {_ROWS_KEY: str(self._rows).encode(), _SHA_KEY: self._pipe.digest.hexdigest().encode()}
            self._writer.write_batch(nothing, custom_metadata=end)
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
    return records_of(_stream_rows(pipe, record_type, source), record_type, source)


def _stream_rows(pipe: BinaryIO, record_type: type[Record], source: str) -> Iterator[Row]:
    watched = _Watched(pipe)
    rows, whole = 0, False
    try:
        with pa.ipc.open_stream(watched) as reader:
            check_schema(reader.schema, record_type, source)
            for batch, said, digest in _messages(reader, watched):
                whole = said.get(_ROWS_KEY) == str(rows).encode() and said.get(_SHA_KEY) == digest.encode()
                if _SHA_KEY in said and not whole:
                    raise ShardError(f"{source} is not what was sent: a part of it is missing or changed", hint=_HINT)
                batch.validate(full=True)  # Arrow follows a stream's offsets wherever they point
                rows += batch.num_rows
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise _stream_error(watched, source) from error
    if watched.exhausted or not whole:
        raise _stream_error(watched, source)


def _messages(
    reader: pa.RecordBatchStreamReader, watched: _Watched
) -> Iterator[tuple[pa.RecordBatch, dict[bytes, bytes], str]]:
    """(batch, what it says besides, SHA-256 of the stream before it); Arrow reads one message at a time."""
    while True:
        digest = watched.digest.hexdigest()
        try:
            batch, said = reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            return
        yield batch, dict(said or {}), digest


def _stream_error(watched: _Watched, source: str) -> ShardError:
    if not watched.start:
        return ShardError(f"{source} is empty", hint=_HINT)
    if not b"\xff\xff\xff\xff".startswith(watched.start):
        return ShardError(f"{source} is not an Arrow stream", hint="pipe from a stage that runs with --out -")
    if watched.exhausted:
        return ShardError(f"{source} stopped before its end", hint=_HINT)
    return ShardError(f"{source} is damaged", hint=_HINT)


class _Summed:
    """A pipe that remembers the SHA-256 of what was written to it."""

    closed = False

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """As the pipe's own write."""
        self.digest.update(data)
        return self._pipe.write(data)

    def flush(self) -> None:
        """As the pipe's own flush."""
        self._pipe.flush()

    def writable(self) -> bool:
        """What Arrow asks of a file."""
        return True

    def close(self) -> None:
        """The pipe belongs to the caller."""


class _Watched:
    """A pipe that remembers how it starts, the SHA-256 of what was read, and whether the reader ever met its end.

    Arrow takes an end of file between two messages for the end of the stream; after a real end mark it reads no more.
    """

    closed = False

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self.start = b""
        self.digest = hashlib.sha256()
        self.exhausted = False

    def read(self, size: int = -1) -> bytes:
        """As the pipe's own read; text instead of a stream is refused before Arrow takes it for a size."""
        data = self._pipe.read(size)
        self.digest.update(data)
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
