"""Tables in text → rows: comma, semicolon, tab or bar between the fields, with a line of names above or without.

The separator is the one that splits the first records into the most fields of one number. A first line whose cells are
no names (a question, a number) is a record, and the columns are called `column 1`, `column 2`, ….
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO, Literal

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.layout.names import likeness
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Bad, Row, Rows
from agentprop.extraction.corpus.streams import opened, too_long

Quoting = Literal[0, 3]
"""`csv.QUOTE_MINIMAL` or `csv.QUOTE_NONE`."""
SEPARATORS = ",;\t|"
_LOOKED_AT = 20
"""Records by which the separator is chosen."""
_NAMED = ("question", "context", "solution", "answer", "program", "tests", "options", "id", "equation", "unit", "chat")
_STRANGE = re.compile("[\udc80-\udcff]")


def read_delimited(file: SourceFile) -> Iterator[Rows]:
    """Rows by the names of the header line; a quoted field may span lines."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    with opened(file) as stream:
        lines = _lines(file, stream)
        head = list(islice(lines, 10 * _LOOKED_AT))
        named = re.fullmatch(r"sep=(.)\s*", head[0]) if head else None
        head = _without_remarks(head[1:] if named else head)  # Excel names the separator so
        separator, quoting = _dialect(file, head)
        separator = named[1] if named else separator
        records = _records(file, chain(head, lines), separator, quoting)
        first = next(records, None)
        if first is None:
            return
        names, begins = _header(file, first)
        for number, cells in enumerate(records if begins else chain([first], records), 1):
            yield _row(names, cells, number)


def _without_remarks(head: list[str]) -> list[str]:
    """The first lines without remarks above the line of names, `# my corpus, 2024`."""
    begin = next((i for i, line in enumerate(head) if not line.startswith("# ")), 0)
    names = re.split(r"[,;\t|]", head[begin].lower()) if begin else []
    return head[begin:] if any(likeness(part, name.strip(' "\n\r')) for part in _NAMED for name in names) else head


def separator_of(file: SourceFile) -> str:
    """What stands between the fields of a table."""
    with opened(file) as stream:
        head = list(islice(_lines(file, stream), 10 * _LOOKED_AT))
    named = re.fullmatch(r"sep=(.)\s*", head[0]) if head else None
    return named[1] if named else _dialect(file, _without_remarks(head))[0]


def _lines(file: SourceFile, stream: BinaryIO) -> Iterator[str]:
    """Lines as text; bytes that are not UTF-8 become characters by which their row is known later."""
    ended = iter(lambda: stream.readline(MAX_RECORD_BYTES + 1), b"")
    for number, line in enumerate(_of_returns(stream) if _ends_in_returns(stream) else ended, 1):
        if len(line) > MAX_RECORD_BYTES:
            raise too_long(file, f"line {number}")
        yield line.decode("utf-8", errors="surrogateescape").replace("\x00", "\udcff")


def _ends_in_returns(stream: BinaryIO) -> bool:
    """Whether lines end as those of an old Mac do, in a carriage return alone."""
    head = stream.peek(1)  # type: ignore[attr-defined]
    return b"\r" in head and b"\n" not in head


def _of_returns(stream: BinaryIO) -> Iterator[bytes]:
    """Lines that end in a carriage return, with the end of other lines."""
    begun = b""
    while chunk := stream.read(1 << 16):
        *lines, begun = (begun + chunk).split(b"\r")
        yield from (line + b"\n" for line in lines)
        if len(begun) > MAX_RECORD_BYTES:
            break
    yield from [begun] if begun else []


def _dialect(file: SourceFile, head: Sequence[str]) -> tuple[str, Quoting]:
    """(separator, quoting): tables with tabs are often written without any quoting, whatever their fields hold."""
    if file.filename.partition(".")[2].startswith("tsv"):
        quoted = _fields(head, "\t", csv.QUOTE_MINIMAL)
        return "\t", csv.QUOTE_MINIMAL if quoted and len(set(quoted)) == 1 else csv.QUOTE_NONE
    best = max(SEPARATORS, key=lambda separator: _agreement(_fields(head, separator, csv.QUOTE_MINIMAL)))
    return best, csv.QUOTE_MINIMAL


def _fields(head: Sequence[str], separator: str, quoting: Quoting) -> list[int]:
    """Numbers of fields of the first records, up to one that cannot be read so."""
    found = []
    reader = csv.reader(head, delimiter=separator, quoting=quoting, strict=True)
    with contextlib.suppress(csv.Error):  # the last record of the head may be cut off
        for cells in islice(reader, _LOOKED_AT):
            found += [len(cells)] if cells else []
    return found


def _agreement(fields: Sequence[int]) -> float:
    """How well a separator fits: records of as many fields as the first, and how many these are."""
    if not fields or fields[0] < 2:
        return 0.0
    return fields.count(fields[0]) / len(fields) + fields[0] / 1000


def _records(file: SourceFile, lines: Iterator[str], separator: str, quoting: Quoting) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"record {number} of {file} is not CSV: {error}", hint="check its quotation marks"
            ) from None
        if cells is None:
            return
        if cells:
            number += 1
            yield cells


def _header(file: SourceFile, cells: Sequence[str]) -> tuple[list[str], bool]:
    """The names of the columns, and whether the first record is what names them. Raises InputError for equal names."""
    names = [cell.strip() for cell in cells]
    if not any(likeness(part, name) for part in _NAMED for name in names) and any(map(_is_no_name, names)):
        return [f"column {number}" for number in range(1, len(cells) + 1)], False
    twice = [name for name, times in Counter(names).items() if times > 1 and name]
    if twice:
        called = " and ".join(repr(name) for name in twice)
        raise InputError(f"{file} has several columns called {called}", hint="rename or drop all but one of them")
    return [name or f"column {number}" for number, name in enumerate(names, 1)], True


def _is_no_name(cell: str) -> bool:
    return len(cell) > 60 or "?" in cell or bool(re.fullmatch(r"[-+]?\d+(?:[.,]\d+)*", cell))


def _row(names: Sequence[str], cells: Sequence[str], number: int) -> Row | Bad:
    text = " ".join(cells)
    if _STRANGE.search(text):
        shown = text[:200].encode("utf-8", "replace").decode("utf-8")
        return Bad("not-utf-8", f"record {number} is not UTF-8", shown)
    if len(cells) != len(names):
        return Bad("wrong-columns", f"record {number} has {len(cells)} fields, and the table {len(names)}", text[:200])
    return dict(zip(names, cells, strict=True))


CARRIER = Carrier("a table", (".csv", ".tsv"), read_delimited, encoded=True)
