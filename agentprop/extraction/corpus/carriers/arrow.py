"""Arrow files → rows: `.arrow` as `datasets` saves and caches it, `.feather` as pandas writes it."""

from __future__ import annotations

from collections.abc import Iterator

from agentprop.errors import InputError, ShardError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.rows import Rows
from agentprop.extraction.corpus.streams import seekable


def read_arrow(file: SourceFile) -> Iterator[Rows]:
    """The rows of all record batches."""
    from agentprop.storage import read_foreign_arrow  # pyarrow is for those who need it

    try:
        with seekable(file) as source:
            yield from read_foreign_arrow(source, str(file))
    except ShardError as error:
        raise InputError(error.message, hint=error.hint) from error


CARRIER = Carrier("Arrow", (".arrow", ".feather", ".ipc"), read_arrow)
