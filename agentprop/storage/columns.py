"""Records ↔ columns that another process made: what is written to a shard without being rebuilt as records on the way.

Making columns costs most of what it takes to store a record. A process that makes records makes their columns too; the
process that commits them moves rows and never looks inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import pyarrow as pa

from agentprop.records import RECORDS, Record
from agentprop.storage.arrow_schema import arrow_schema, batch_of, records_of


@dataclass(frozen=True)
class Columns:
    """Records of one kind as columns; they cross a pipe between processes as one buffer."""

    kind: str
    """Name of the kind of record."""
    data: bytes
    """One Arrow record batch in the schema of this kind, as an IPC message."""

    @classmethod
    def of(cls, records: Sequence[Record]) -> Columns:
        """Make columns of records of one kind. Raises ShardError that names a record which cannot be stored."""
        batch = batch_of(records, arrow_schema(type(records[0])))
        return cls(records[0].kind, batch.serialize().to_pybytes())

    @cached_property
    def batch(self) -> pa.RecordBatch:
        """The columns; shared with `data`, not copied."""
        return pa.ipc.read_record_batch(pa.py_buffer(self.data), arrow_schema(RECORDS[self.kind]))

    def __reduce__(self) -> tuple[type[Columns], tuple[str, bytes]]:
        return Columns, (self.kind, self.data)  # without the batch that may have been read of it


@dataclass(frozen=True, slots=True)
class PackedRecord:
    """One record in columns."""

    columns: Columns
    row: int
    """Number of its row, from 0."""

    @property
    def kind(self) -> str:
        """Name of the kind of record."""
        return self.columns.kind

    def record(self) -> Record:
        """Rebuild the record."""
        rows = self.columns.batch.slice(self.row, 1).to_pylist()
        return next(records_of(rows, RECORDS[self.kind], "columns of another process"))


Storable = Record | PackedRecord
"""What a run stores: a record, or a row of columns that another process made."""


def size_of(stored: Storable) -> int:
    """Bytes that a record takes until it is written: its share of its columns, or the length of its JSON."""
    if isinstance(stored, PackedRecord):
        return len(stored.columns.data) // int(stored.columns.batch.num_rows)
    return len(stored.model_dump_json())


def rebuilt(stored: Storable) -> Record:
    """The record itself."""
    return stored.record() if isinstance(stored, PackedRecord) else stored


def packed(records: Sequence[Record]) -> Iterator[PackedRecord]:
    """Pack records, and yield them in the same order; those of one kind share their columns."""
    kinds: dict[str, list[Record]] = {}
    places = []
    for record in records:
        same = kinds.setdefault(record.kind, [])
        places.append((record.kind, len(same)))
        same.append(record)
    columns: Mapping[str, Columns] = {kind: Columns.of(some) for kind, some in kinds.items()}
    return (PackedRecord(columns[kind], row) for kind, row in places)


def batch_of_stored(stored: Sequence[Storable], schema: pa.Schema) -> pa.RecordBatch:
    """Make one batch of what is to be stored, in order; rows of the same columns are moved together."""
    batches = []
    for columns, some in groupby(stored, lambda one: one.columns if isinstance(one, PackedRecord) else None):
        if columns is None:
            batches.append(batch_of([one for one in some if not isinstance(one, PackedRecord)], schema))
        else:
            batches.append(_rows(columns.batch, [one.row for one in some if isinstance(one, PackedRecord)]))
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches or [batch_of([], schema)])


def _rows(batch: pa.RecordBatch, rows: Sequence[int]) -> pa.RecordBatch:
    """The rows of a batch, without a copy if they follow each other, as most do."""
    first, count = rows[0], len(rows)
    if list(rows) == list(range(first, first + count)):
        return batch.slice(first, count)
    return batch.take(pa.array(rows))
