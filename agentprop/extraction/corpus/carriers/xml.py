"""XML → rows: the elements that are repeated and hold fields.

Which elements these are is seen in the first mebibyte: those with a field that is called like a question, else the most
frequent ones with fields. A row is the attributes and child elements of such an element. Entities that a file declares
are not expanded, and nothing outside the file is opened.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.layout.names import is_record
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Row, Rows
from agentprop.extraction.corpus.streams import opened, too_long

CHUNK = 1 << 16
MAX_DEPTH = 64
_QTI = frozenset({"assessmentItem", "questestinterop", "qti-assessment-item"})
"""Elements that begin questions in QTI, of versions 2, 1 and 3."""
_LOOKED_AT = 16
"""Chunks in which the repeated elements are looked for."""


def read_xml(file: SourceFile) -> Iterator[Rows]:
    """One row for each repeated element, in order."""
    wanted = _repeated(file)
    with opened(file) as stream:
        tree = _Tree(file, wanted)
        while chunk := stream.read(CHUNK):
            tree.feed(chunk)
            yield from tree.taken()
        tree.feed(b"", end=True)
        yield from tree.taken()


@dataclass
class _Element:
    """An element that is open."""

    name: str
    fields: dict[str, Any]
    text: list[str] = field(default_factory=list)

    def value(self) -> Any:
        """What it holds: its fields, or its text."""
        text = "".join(self.text).strip()
        if not self.fields:
            return text
        return {**self.fields, "text": text} if text else self.fields


class _Tree:
    """Elements that are open, and rows that are done."""

    def __init__(self, file: SourceFile, wanted: str) -> None:
        self._file, self._wanted = file, wanted
        self._open: list[_Element] = []
        self._rows: list[Row] = []
        self._inside = self._size = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.EntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data

    def feed(self, data: bytes, *, end: bool = False) -> None:
        """Read on. Raises InputError for what is no XML, or unsafe."""
        try:
            self._parser.Parse(data, end)
        except expat.ExpatError as error:
            raise InputError(f"{self._file} is not XML: {error}", hint="mend the file, or convert it") from None

    def taken(self) -> list[Row]:
        """The rows that were done since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def _refuse(self, *_: object) -> int:
        raise InputError(
            f"{self._file} declares entities, which can make a small file huge or open others",
            hint="expand them first, for example with xmllint --noent, if you trust the file",
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise InputError(f"{self._file} nests more than {MAX_DEPTH} elements", hint="it is no file of records")
        self._open.append(_Element(name, dict(attributes)))
        self._inside += name == self._wanted

    def _data(self, text: str) -> None:
        if self._inside:
            self._size += len(text)
            if self._size > MAX_RECORD_BYTES:
                raise too_long(self._file, f"an element {self._wanted}")
            self._open[-1].text.append(text)

    def _end(self, name: str) -> None:
        done = self._open.pop()
        if self._inside and done.name == self._wanted:
            self._inside -= 1
            value = done.value()
            self._rows.append(value if isinstance(value, dict) else {"text": value})
            self._size = 0
        elif self._inside:
            _add(self._open[-1].fields, name, done.value())


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    """Put a child among the fields of its parent; several of one name are a list."""
    if name not in fields:
        fields[name] = value
    elif isinstance(fields[name], list):
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


def _repeated(file: SourceFile) -> str:
    """The name of the elements that are rows. Raises InputError where there are none."""
    times: Counter[str] = Counter()
    children: defaultdict[str, set[str]] = defaultdict(set)
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        times[name] += 1
        children[name] |= attributes.keys()
        if path:
            children[path[-1]].add(name)
        path.append(name)

    def end(_: str) -> None:
        path.pop()

    scan = _Tree(file, "")
    scan._parser.StartElementHandler, scan._parser.EndElementHandler = start, end
    with opened(file) as stream:
        for _ in range(_LOOKED_AT):
            chunk = stream.read(CHUNK)
            scan.feed(chunk, end=not chunk)
            if not chunk:
                break
    if foreign := _QTI.intersection(times):
        raise InputError(
            f"{file} is in QTI (<{sorted(foreign)[0]}>), which names right answers by identifiers",
            hint="export the questions as Moodle XML, Aiken or CSV instead",
        )
    records = {name for name in times if is_record(children[name])}
    fielded = [name for name in times if len(children[name]) > 1 or name in records]
    if not fielded:
        raise InputError(f"{file} holds no elements with fields", hint="convert it to one record per line")
    return max(
        fielded,
        key=lambda name: (name in records, times[name] > 1, records.isdisjoint(children[name]), times[name]),
    )


CARRIER = Carrier("XML", (".xml",), read_xml, encoded=True)
