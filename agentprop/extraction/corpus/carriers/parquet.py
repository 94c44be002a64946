"""Parquet files → rows."""

from __future__ import annotations

from collections.abc import Iterator

from agentprop.errors import InputError, ShardError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.rows import Rows
from agentprop.extraction.corpus.streams import seekable


def read_parquet(file: SourceFile) -> Iterator[Rows]:
    """The rows of all row groups, a batch at a time."""
    from agentprop.storage import read_foreign_parquet  # pyarrow is for those who need it

    try:
        with seekable(file) as source:
            yield from read_foreign_parquet(source, str(file))
    except ShardError as error:
        raise InputError(error.message, hint=error.hint) from error


CARRIER = Carrier("Parquet", (".parquet", ".pq"), read_parquet)
