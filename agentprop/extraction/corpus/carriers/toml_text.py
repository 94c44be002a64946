"""TOML → rows: the records of a file's arrays of tables, or of its tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.carriers.yaml_text import records, whole
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.rows import Rows


def read_toml(file: SourceFile) -> Iterator[Rows]:
    """The records of a file of a size that fits into one record."""
    try:
        document = tomllib.loads(whole(file))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{file} is not TOML: {error}", hint="mend the file, or convert it to JSON") from None
    yield from records(document)


CARRIER = Carrier("TOML", (".toml",), read_toml, encoded=True)
