"""Anyone's Parquet files, Arrow files and Zstandard streams → rows and bytes, a batch at a time.

Nothing is known of the columns but what the file says. Two columns of one name are refused: a row has room for one.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from agentprop.errors import ShardError
from agentprop.storage.arrow_schema import Row
from agentprop.storage.parquet import read_errors

BATCH = 256
"""Rows decoded at once."""
_BUFFER = 1 << 20
"""Bytes of a column that are held while a row group is decoded; without it all of the row group would be."""
_AGAIN = "copy it again, or convert it to .jsonl"


def read_foreign_parquet(source: Path | BinaryIO, name: str) -> Iterator[Row]:
    """The rows of a Parquet file as plain dicts. Raises ShardError, calling the file by its name."""
    with read_errors(name, _AGAIN):
        reader = pq.ParquetFile(source, pre_buffer=False, buffer_size=_BUFFER)
    with reader:
        _check_names(reader.schema_arrow, name)
        yield from _rows(reader.iter_batches(batch_size=BATCH, use_threads=False), name)


def read_foreign_arrow(source: Path | BinaryIO, name: str) -> Iterator[Row]:
    """The rows of an Arrow file or stream (`.arrow`, `.feather`, a saved dataset). Raises ShardError."""
    with read_errors(name, _AGAIN):
        opened = pa.OSFile(str(source)) if isinstance(source, Path) else pa.PythonFile(source, mode="r")
    with opened as file:
        with read_errors(name, _AGAIN):
            head = file.read(6)
            file.seek(0)
            if head.startswith(b"FEA1"):
                raise ShardError(f"{name} is a Feather file of version 1", hint="write it again as version 2")
            whole = head == b"ARROW1"
            reader = pa.ipc.open_file(file) if whole else pa.ipc.open_stream(file)
            _check_names(reader.schema, name)
        batches = (reader.get_batch(i) for i in range(reader.num_record_batches)) if whole else iter(reader)
        yield from _rows(_valid(batches), name)


def foreign_schema(source: Path | BinaryIO, name: str) -> pa.Schema:
    """The columns of a Parquet file, or of an Arrow file or stream. Raises ShardError."""
    if name.endswith((".parquet", ".pq")):
        with read_errors(name, _AGAIN):
            return pq.read_schema(source)
    opened = pa.OSFile(str(source)) if isinstance(source, Path) else pa.PythonFile(source, mode="r")
    with opened as file, read_errors(name, _AGAIN):
        whole = file.read(6) == b"ARROW1"
        file.seek(0)
        return (pa.ipc.open_file(file) if whole else pa.ipc.open_stream(file)).schema


class ForeignWriter:
    """Rows → a Parquet or Arrow file with the columns of somebody's file and a few more; use it as a context manager.

    Further columns hold text, or numbers where their type is `float`.
    """

    def __init__(self, path: Path, schema: pa.Schema, more: Mapping[str, type]) -> None:
        kept = [field for field in schema if field.name not in more]
        added = [pa.field(name, pa.float64() if kind is float else pa.string()) for name, kind in more.items()]
        self._schema = pa.schema([*kept, *added])
        self._waiting: list[Row] = []
        suffix = path.name.rpartition(".")[2]
        self._parquet = pq.ParquetWriter(path, self._schema) if suffix in ("parquet", "pq") else None
        self._arrow = None if self._parquet is not None else pa.ipc.new_file(str(path), self._schema)

    def write(self, row: Row) -> None:
        """Write a row; columns that it lacks are null."""
        self._waiting.append(row)
        if len(self._waiting) >= BATCH:
            self._send()

    def _send(self) -> None:
        table = pa.Table.from_pylist(self._waiting, schema=self._schema)
        self._waiting = []
        if self._parquet is not None:
            self._parquet.write_table(table)
        elif self._arrow is not None:
            self._arrow.write_table(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting:
            self._send()
        if self._parquet is not None:
            self._parquet.close()
        elif self._arrow is not None:
            self._arrow.close()


def _valid(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches whose lengths and offsets stay within their buffers: in a damaged file they may point anywhere."""
    for batch in batches:
        batch.validate(full=True)
        yield batch


def _rows(batches: Iterator[pa.RecordBatch], name: str) -> Iterator[Row]:
    """Rows of batches, however long the batches are."""
    while True:
        with read_errors(name, _AGAIN):
            batch = next(batches, None)
        if batch is None:
            return
        for start in range(0, batch.num_rows, BATCH):
            with read_errors(name, _AGAIN):
                rows = batch.slice(start, BATCH).to_pylist()
            yield from rows


def _check_names(schema: pa.Schema, name: str) -> None:
    twice = [column for column, number in Counter(schema.names).items() if number > 1]
    if twice:
        raise ShardError(f"{name} has two columns called {' and '.join(twice)}", hint="rename or drop one of them")


def zstd_stream(file: BinaryIO) -> BinaryIO:
    """What a Zstandard stream holds. Reading it raises OSError where the stream is damaged or ends early."""
    unpacked = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    return cast(BinaryIO, io.BufferedReader(unpacked))
