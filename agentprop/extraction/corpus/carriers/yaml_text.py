"""YAML → rows: the records of a document of a size that fits into one record.

YAML is read as text throughout: `answer: 010` is 010 and `12:30` no number of seconds. References between its nodes,
which can make a small file huge, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.containers import spread
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Rows, as_row
from agentprop.extraction.corpus.streams import opened, too_long


class _Plain(yaml.BaseLoader):
    """Texts, lists and mappings, and nothing that refers to another node."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it refers to other nodes with `*`")
        return super().compose_node(parent, index)


def read_yaml(file: SourceFile) -> Iterator[Rows]:
    """The records of every document of a file."""
    try:
        documents = list(yaml.load_all(whole(file), _Plain))
    except (yaml.YAMLError, RecursionError) as error:
        told = " ".join(str(error).split())[:200]
        raise InputError(f"{file} is not YAML: {told}", hint="mend the file, or convert it to JSON") from None
    for document in documents:
        yield from records(document)


def whole(file: SourceFile) -> str:
    """The text of a file that fits into one record."""
    with opened(file) as stream:
        text = stream.read(MAX_RECORD_BYTES + 1)
    if len(text) > MAX_RECORD_BYTES:
        raise too_long(file, "the file")
    return text.decode("utf-8", errors="replace")


def records(document: Any) -> Iterator[Rows]:
    """The records of one document."""
    if isinstance(document, list):
        yield from (as_row(element, "an element") for element in document)
    elif document is not None:
        yield from spread(document)


CARRIER = Carrier("YAML", (".yaml", ".yml"), read_yaml, encoded=True)
