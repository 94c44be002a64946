"""Shards of one kind → an Arrow table or a polars frame, for programs that work with columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from agentprop.errors import InputError
from agentprop.records import Record
from agentprop.storage.arrow_schema import arrow_schema, check_schema
from agentprop.storage.parquet import Source, read_errors

if TYPE_CHECKING:
    from polars import DataFrame as DataFrame

Table: TypeAlias = pa.Table


def read_table(sources: Iterable[Source], record_type: type[Record], columns: Sequence[str] | None = None) -> pa.Table:
    """Read shards into one table with the declared schema. Raises ShardError for a damaged or foreign one."""
    schema = arrow_schema(record_type)
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    return pa.concat_tables([wanted.empty_table(), *(_shard(source, record_type, wanted) for source in sources)])


def _shard(source: Source, record_type: type[Record], wanted: pa.Schema) -> pa.Table:
    opened = source if isinstance(source, Path) else pa.BufferReader(source.data)
    with read_errors(str(source)), pq.ParquetFile(opened, page_checksum_verification=True) as file:
        check_schema(file.schema_arrow, record_type, str(source))
        held = [name for name in wanted.names if name in file.schema_arrow.names]
        table = file.read(columns=held, use_threads=False).replace_schema_metadata(None)
    for field in wanted:
        if field.name not in held:  # an older version did not have it
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(wanted.names).cast(wanted)


def to_polars(table: pa.Table) -> DataFrame:
    """Convert a table without copying it. Raises InputError if polars is not installed."""
    try:
        import polars
    except ImportError as error:
        raise InputError("polars is not installed", hint="pip install polars") from error
    frame = polars.from_arrow(table)
    assert isinstance(frame, polars.DataFrame)
    return frame
