"""Files to documents: rows of any layout become question, solution, answer, program and what else their source knows.

The layout of a file is found in its first rows (`layout.detect`) and told; a row that it does not fit is looked at by
itself. A fault of one record comes out as an `UnreadableRecord` in its place, and so does a fault that ends a file.
Only if no file gives a single document is there an `InputError`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers import Carrier, carrier_of
from agentprop.extraction.corpus.document import Document, Fields, UnreadableRecord
from agentprop.extraction.corpus.exchanges import as_chat
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.layout.answers import final_answer as _final_answer
from agentprop.extraction.corpus.layout.assemble import Assembler
from agentprop.extraction.corpus.layout.detect import SAMPLE, detect
from agentprop.extraction.corpus.layout.evidence import Layout
from agentprop.extraction.corpus.layout.names import split_of
from agentprop.extraction.corpus.replies import answered, reply_fields
from agentprop.extraction.corpus.rows import Bad, Row, Split, size_of
from agentprop.extraction.corpus.sides import only_answers, with_solutions
from agentprop.extraction.corpus.sources import Sources, Wanted, as_files, is_chosen
from agentprop.extraction.corpus.streams import archived, encoding_of
from agentprop.extraction.corpus.unfold import nesting, unfolded

SAMPLE_BYTES = 64 << 20
"""Bytes of rows, roughly, in which a layout is found at most."""


class ReadRow(NamedTuple):
    """A record as it was read, and what became of it."""

    row: Row
    """The record; empty if it could not be read."""
    made: Document | UnreadableRecord
    """The document, or why there is none."""


@dataclass
class FileReport:
    """What was read of one file."""

    file: SourceFile
    """The file."""
    carrier: str = ""
    """What it is."""
    encoding: str = ""
    """Encoding of its text; empty for kinds that are no text."""
    layout: Layout | None = None
    """What was taken for what."""
    documents: int = 0
    """Documents in it."""
    unreadable: Counter[str] = field(default_factory=Counter)
    """Reason code → records without a document."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Split → records that were not wanted."""
    others: int = 0
    """Further layouts, of rows that the first one does not fit."""
    joined: str = ""
    """The file whose solutions it has, or to which it gave its own."""
    fault: str = ""
    """Why it could not be read, or not to its end."""


@dataclass(frozen=True)
class CorpusReading:
    """How a corpus is read."""

    fields: Fields = field(default_factory=Fields)
    """Fields that a person named."""
    splits: tuple[str, ...] = ()
    """Splits that are read; none named means as `wanted` says."""
    wanted: Wanted = "all"
    """Which splits are read if none are named."""


class Corpus:
    """Files that are read once, in order, and the report of that."""

    def __init__(
        self,
        sources: Sources,
        reading: CorpusReading,
        announce: Callable[[FileReport], None] | None = None,
        limit: int | None = None,
    ) -> None:
        """`announce` is told of each layout as it is found; `limit` is how many records of a file are read."""
        self.sources, self.reading, self._limit = sources, reading, limit
        self.reports: list[FileReport] = []
        self._announce = announce or (lambda report: None)

    def documents(self) -> Iterator[Document | UnreadableRecord]:
        """Every record of every file. Raises InputError if there is no document in any of them."""
        return (read.made for read in self.rows())

    def rows(self) -> Iterator[ReadRow]:
        """The same with the record as it was."""
        faults: list[InputError] = []
        sides = self._sides()
        for file in self.sources.files:
            report = FileReport(file, joined=sides.get(file.path, ""))
            self.reports.append(report)
            if file.path in sides:
                continue  # it is read with the file that it belongs to
            try:
                reader = _FileReader(file, self.reading, report, self._announce, file.side in sides)
                yield from itertools.islice(reader.rows(), self._limit)
            except InputError as error:
                report.fault = error.message
                faults.append(error)
                if len(self.sources.files) > 1 or report.documents:
                    yield ReadRow({}, UnreadableRecord(id=file.name, code="unreadable-file", message=error.message))
        if faults and not any(report.documents for report in self.reports):
            raise faults[0]

    def _sides(self) -> dict[Path, str]:
        """Files that hold nothing but the solutions of another file → the other file's name."""
        beside = [(file.name, side) for file in self.sources.files if (side := file.beside()) is not None]
        return {side.path: name for name, side in beside if only_answers(side)}


def read_documents(
    files: Sequence[SourceFile | Path], fields: Fields | None = None
) -> Iterator[Document | UnreadableRecord]:
    """Every record of every file, in order. Raises InputError if none of them is a document."""
    return Corpus(Sources(as_files(files)), CorpusReading(fields or Fields())).documents()


def final_answer(solution: str) -> str:
    """What a worked solution ends in; nothing if it does not say."""
    return _final_answer(solution).text


def known_carrier(file: SourceFile) -> Carrier:
    """Who reads a file. Raises InputError if nobody does."""
    carrier = carrier_of(file.filename)
    if carrier is None:
        with archived(file.path):  # a damaged archive says so
            raise InputError(f"{file} is not a kind of file that documents are read from", hint="leave it out")
    return carrier


class _FileReader:
    """One file on its way to documents."""

    def __init__(
        self,
        file: SourceFile,
        reading: CorpusReading,
        report: FileReport,
        announce: Callable[[FileReport], None],
        joined: bool,
    ) -> None:
        self._file, self._reading, self._report, self._announce = file, reading, report, announce
        self._side = file.beside() if joined else None
        self._nesting: tuple[str, ...] = ()
        self._others: dict[frozenset[str], Assembler | None] = {}

    def rows(self) -> Iterator[ReadRow]:
        """The records of the file and what they became. Raises InputError if it has none, or cannot be read on."""
        carrier = known_carrier(self._file)
        self._report.carrier = carrier.name
        if carrier.encoded:
            self._report.encoding = self._file.encoding or encoding_of(self._file)
            self._file = replace(self._file, encoding=self._report.encoding)
        records = self._wanted(carrier)
        if self._side is not None:
            self._report.joined, records = self._side.name, with_solutions(self._side, records)
        head, fault = _head(records)
        if replies := reply_fields([one for one in head if isinstance(one, dict)]):
            records = answered(replies, lambda: self._wanted(carrier))
            head, fault = _head(records)
        assembler = self._assembler([one for one in head if isinstance(one, dict)])
        if assembler is None:
            raise fault or self._nothing_found(head)
        index = 0
        for record in itertools.chain(head, records):
            for row in unfolded(record, self._nesting) if self._nesting and isinstance(record, dict) else (record,):
                yield self._read(f"{self._file.name}#{index}", row, assembler)
                index += 1
        if fault is not None:
            raise fault

    def _assembler(self, rows: list[Row]) -> Assembler | None:
        """What makes documents of the rows, found in the first of them, and told."""
        self._nesting = nesting(rows)
        inner = list(itertools.islice((one for row in rows for one in unfolded(row, self._nesting)), SAMPLE))
        layout = detect(inner, self._reading.fields) if inner else None
        self._report.layout = layout
        if layout is not None:
            self._announce(self._report)
        return None if layout is None else Assembler(layout)

    def _read(self, item: str, row: Row | Bad, assembler: Assembler) -> ReadRow:
        if isinstance(row, Bad):
            made: Document | UnreadableRecord = UnreadableRecord(id=item, **row._asdict())
            row = {}
        else:
            made = assembler(item, row)
            if isinstance(made, UnreadableRecord) and made.code == "no-question":
                made = self._by_itself(item, row) or made
        if isinstance(made, Document):
            self._report.documents += 1
        else:
            self._report.unreadable[made.code] += 1
        return ReadRow(row, made)

    def _by_itself(self, item: str, row: Row) -> Document | UnreadableRecord | None:
        """The document of a row with other fields than the first ones have."""
        names = frozenset(name for name, value in row.items() if value is not None and value != "")
        if names not in self._others and self._reading.fields.question is None:
            layout = detect([row], self._reading.fields)
            self._others[names] = None if layout is None else Assembler(layout)
            self._report.others += layout is not None
        assembler = self._others.get(names)
        return None if assembler is None else assembler(item, row)

    def _wanted(self, carrier: Carrier) -> Iterator[Row | Bad]:
        """The records of the wanted splits of a file that holds several."""
        names: list[str] | None = None
        skipped = ""
        for record in carrier.rows(self._file):
            if isinstance(record, Split):
                skipped = ""
                if self._reading.splits or (self._reading.wanted != "all" and split_of(record.name)):
                    names = names or [one.name for one in carrier.rows(self._file) if isinstance(one, Split)]
                    chosen = is_chosen(record.name, names, self._reading.splits, self._reading.wanted)
                    skipped = "" if chosen else record.name
            elif skipped:
                self._report.left_out[skipped] += 1
            else:
                apart = self._reading.fields.reply is not None  # then the reply is no part of what is read
                yield record if apart or not isinstance(record, dict) else as_chat(record)

    def _nothing_found(self, head: Sequence[Row | Bad]) -> InputError:
        """The error for a file without a single document, from its first rows."""
        bad = next((one for one in head if isinstance(one, Bad)), None)
        names = sorted({str(name) for one in head if isinstance(one, dict) for name in one})
        asked = self._reading.fields.question
        if not names and bad is not None:
            return InputError(f"{self._file} holds no record that can be read: {bad.message}", hint=_hint(self._file))
        if asked is not None:
            return InputError(f"no record of {self._file} has a text field {asked!r}", hint=_hint(self._file, names))
        seen = f" (its fields: {', '.join(names[:8])})" if names else ""
        return InputError(f"no record of {self._file} holds a question{seen}", hint=_hint(self._file))


def _head(records: Iterator[Row | Bad]) -> tuple[list[Row | Bad], InputError | None]:
    """The first records, up to a fault of the file if there is one among them."""
    head: list[Row | Bad] = []
    size = 0
    try:
        for record in records:
            head.append(record)
            size += size_of(record)
            if len(head) >= SAMPLE or size > SAMPLE_BYTES:
                break
    except InputError as error:
        return head, error
    return head, None


def _hint(file: SourceFile, names: Sequence[str] = ()) -> str:
    carrier = carrier_of(file.filename)
    if carrier is not None and carrier.text is not None:
        return "label the parts `Problem:`, `Solution:`, `Answer:`, or use \\begin{problem} … \\end{problem}"
    listed = f"; there are {', '.join(names[:8])}" if names else ""
    return f"name the field with --question-field, such as data.question or messages[0].content{listed}"
