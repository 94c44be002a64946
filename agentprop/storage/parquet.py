"""Records ↔ Parquet shards."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from agentprop.engine import batched
from agentprop.errors import ShardError
from agentprop.records import Record
from agentprop.storage.arrow_schema import REMAKE, R, Row, arrow_schema, check_schema, fields, records_of
from agentprop.storage.columns import Storable, batch_of_stored
from agentprop.storage.durable import write_atomically

ROW_GROUP = 256
"""Records read or written at a time, which bounds memory."""
LARGE_ROW_GROUP = 16_384
"""Records of a row group in a compacted shard: few enough for memory, and many enough that footers stay small."""
_ROWS_KEY = b"agentprop.rows"


class Shard(NamedTuple):
    """Description of a written shard, for journal and manifest."""

    rows: int
    """Number of records."""
    bytes: int
    """Size of the file in bytes."""
    sha256: str
    """SHA-256 of the file."""


@dataclass(frozen=True)
class FetchedShard:
    """A shard that was read into memory."""

    name: str
    """Where it comes from."""
    data: bytes
    """Its bytes."""

    def __str__(self) -> str:
        return self.name


Source = Path | FetchedShard
"""A shard: a file, or what was read of one."""


def write_shard(path: Path, record_type: type[R], records: Iterable[R]) -> Shard:
    """Write one shard in one atomic step; its records must fit in memory."""
    data, shard = encode_shard(record_type, records)
    write_atomically(path, data)
    return shard


def encode_shard(record_type: type[Record], records: Iterable[Storable]) -> tuple[memoryview, Shard]:
    """Make the bytes of a shard in memory."""
    schema = arrow_schema(record_type)
    sink = pa.BufferOutputStream()
    rows = 0
    with pq.ParquetWriter(sink, schema, compression="zstd", use_dictionary=True, write_page_checksum=True) as writer:
        for chunk in batched(records, ROW_GROUP):
            writer.write_batch(batch_of_stored(chunk, schema))
            rows += len(chunk)
        writer.add_key_value_metadata({_ROWS_KEY.decode(): str(rows)})
    data = memoryview(sink.getvalue())
    return data, Shard(rows, len(data), hashlib.sha256(data).hexdigest())


def concatenate(paths: Sequence[Path], target: Path) -> Shard:
    """Write the rows of shards of one schema as one shard, in order, in one atomic step; it must fit in memory."""
    schema = pq.read_schema(paths[0])
    sink = pa.BufferOutputStream()
    rows = 0
    options = {"compression": "zstd", "use_dictionary": True, "write_page_checksum": True, "write_page_index": True}
    with pq.ParquetWriter(sink, schema, **options) as writer:
        for group in _groups(paths):
            table = pa.Table.from_batches(group, schema=schema)
            writer.write_table(table, row_group_size=LARGE_ROW_GROUP)
            rows += table.num_rows
        writer.add_key_value_metadata({_ROWS_KEY.decode(): str(rows)})
    data = memoryview(sink.getvalue())
    write_atomically(target, data)
    return Shard(rows, len(data), hashlib.sha256(data).hexdigest())


def _groups(paths: Sequence[Path]) -> Iterator[list[pa.RecordBatch]]:
    """Rows of all shards in groups of LARGE_ROW_GROUP, the last one smaller."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for path in paths:
        with read_errors(str(path)), pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(ROW_GROUP, use_threads=False):
                waiting.append(batch)
                rows += batch.num_rows
                if rows >= LARGE_ROW_GROUP:
                    yield waiting
                    waiting, rows = [], 0
    if waiting:
        yield waiting


def schema_print(path: Path) -> str:
    """Return a text that is the same for shards whose rows can be put together."""
    with read_errors(str(path)):
        schema = pq.read_schema(path).remove_metadata()
        metadata = pq.read_schema(path).metadata or {}
    kept = sorted((key, value) for key, value in metadata.items() if key != _ROWS_KEY)
    return f"{schema.to_string()} {kept}"


def read_shard(source: Source, record_type: type[R]) -> Iterator[R]:
    """Yield a shard's records, reading a row group at a time. Raises ShardError if an id does not match its content."""
    return records_of(read_rows(source, record_type), record_type, str(source))


def read_rows(source: Source, record_type: type[Record], columns: Sequence[str] | None = None) -> Iterator[Row]:
    """The shard's records, or some columns of them, as plain dicts and without recomputing their ids."""
    name = str(source)
    opened = source if isinstance(source, Path) else pa.BufferReader(source.data)
    with read_errors(name), pq.ParquetFile(opened, page_checksum_verification=True) as file:
        check_schema(file.schema_arrow, record_type, name)
        missing = int(file.metadata.metadata.get(_ROWS_KEY, file.metadata.num_rows))
        for batch in file.iter_batches(ROW_GROUP, columns=columns, use_threads=False):
            yield from batch.to_pylist()
            missing -= batch.num_rows
    if missing:  # Parquet's own counts are in the footer, which has no checksum
        raise ShardError(f"{name} is truncated or damaged (it lacks {missing} rows)", hint=REMAKE)


def count_rows(path: Path) -> int:
    """Number of records, from the shard's footer alone."""
    with read_errors(str(path)), pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


@contextlib.contextmanager
def read_errors(source: str, hint: str = REMAKE) -> Iterator[None]:
    """Turn what a damaged or missing file makes of reading it into a ShardError."""
    try:
        yield
    except FileNotFoundError as error:
        raise ShardError(f"{source} does not exist", hint=hint) from error
    except PermissionError as error:
        raise ShardError(f"{source} cannot be read: permission denied", hint="check the file's permissions") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ShardError(f"{source} is truncated or damaged ({reason})", hint=hint) from error


class TableWriter:
    """Writer of a Parquet file for other tools, a row group at a time, with columns declared from the row's type.

    Write under a temporary name and rename afterwards: the file is incomplete until `close`.
    """

    def __init__(self, path: Path, row_type: type[BaseModel]) -> None:
        self._schema = pa.schema(fields(row_type))
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
        """Write the remaining rows and the footer."""
        if self._waiting:
            self._send()
        self._writer.close()
