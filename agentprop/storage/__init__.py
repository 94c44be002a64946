"""Records ↔ Parquet shards and Arrow streams; the only package that imports pyarrow.

The Arrow schema is declared from the pydantic model and never inferred, so a column has the same type in every shard. A
shard holds at most one segment of a run (a few hundred records), so it is encoded in memory and written to disk in one
atomic step. Reading goes row group by row group. Pages carry checksums, a stream carries one at its end, and ids are
recomputed on reading.
"""

from __future__ import annotations

from agentprop.storage.arrow_schema import Row, arrow_schema
from agentprop.storage.foreign import (
    ForeignWriter,
    foreign_schema,
    read_foreign_arrow,
    read_foreign_parquet,
    zstd_stream,
)
from agentprop.storage.parquet import (
    ROW_GROUP,
    Shard,
    TableWriter,
    count_rows,
    read_rows,
    read_shard,
    write_shard,
)
from agentprop.storage.streams import STREAM_SECONDS, PipeClosed, StreamWriter, read_stream, write_stream

__all__ = [
    "ROW_GROUP",
    "STREAM_SECONDS",
    "ForeignWriter",
    "PipeClosed",
    "Row",
    "Shard",
    "StreamWriter",
    "TableWriter",
    "arrow_schema",
    "count_rows",
    "foreign_schema",
    "read_foreign_arrow",
    "read_foreign_parquet",
    "read_rows",
    "read_shard",
    "read_stream",
    "write_shard",
    "write_stream",
    "zstd_stream",
]
