"""Records and the file beside theirs that holds their solutions → records with solutions.

A file called `x_sol` beside `x` is one if its records do not ask anything themselves. Records are joined by their ids,
without ids by their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers import carrier_of
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.layout.detect import detect
from agentprop.extraction.corpus.layout.names import WORD, likeness
from agentprop.extraction.corpus.rows import Bad, Row, size_of

LOOKED_AT = 50
"""Records by which a file is known to hold only answers."""
MOST_BYTES = 256 << 20
"""Bytes of solutions, roughly, that are held in memory."""


def only_answers(side: SourceFile) -> bool:
    """Whether a file holds solutions and asks nothing; one that cannot be read is read by itself, and says why."""
    try:
        rows = list(islice(_rows(side), LOOKED_AT))
    except InputError:
        return False
    answers = any(likeness(part, str(name)) > WORD for part in ("solution", "answer") for row in rows for name in row)
    return answers and detect(rows) is None


def with_solutions(side: SourceFile, records: Iterator[Row | Bad]) -> Iterator[Row | Bad]:
    """The records, each with what the file beside theirs says of it. Raises InputError for a side that is too large."""
    rows: list[Row] = []
    size = 0
    for row in _rows(side):
        rows.append(row)
        size += size_of(row)
        if size > MOST_BYTES:
            most = MOST_BYTES >> 20
            raise InputError(f"{side} holds more than {most} MiB of solutions", hint="join it to its questions first")
    name = _id_field(rows)
    by_id = {_id(row.get(name)): row for row in rows} if name else {}
    for place, record in enumerate(records):
        if isinstance(record, Bad):
            yield record
            continue
        found = by_id.get(_id(record.get(name)), {}) if name else rows[place] if place < len(rows) else {}
        yield {**found, **{key: value for key, value in record.items() if key not in found or value not in (None, "")}}


def _rows(side: SourceFile) -> Iterator[Row]:
    carrier = carrier_of(side.filename)
    if carrier is not None and carrier.text is None:
        yield from (record for record in carrier.rows(side) if isinstance(record, dict))


def _id_field(rows: Sequence[Row]) -> str:
    """The field by which records are told apart: called like an id, and different in each."""
    for name in sorted(rows[0], key=lambda name: -likeness("id", str(name))):
        values = [_id(row.get(name)) for row in rows]
        if likeness("id", str(name)) and all(values) and len(set(values)) == len(values):
            return str(name)
    return ""


def _id(value: object) -> str:
    return str(value).strip() if value is not None else ""
