"""JSON documents → rows, piece by piece: at most one record and a chunk are in memory.

An array is its elements, and a text of several documents each of them. A document that fits into one record is looked
at as a whole (see `containers`); a larger one cannot be a record, so it is a container, and is read as it comes.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from typing import Any, BinaryIO

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.containers import alike, listed, spread
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Bad, Rows, Split, as_row
from agentprop.extraction.corpus.streams import opened, too_long

CHUNK = 1 << 20
MAX_HELD_BYTES = 8 * MAX_RECORD_BYTES
"""Most of a document that is held because it gives its columns one after the other."""
MAX_DEPTH = 4
"""Containers within each other."""
IDS = 3
"""Objects of one kind, one after the other, that make a large document a dictionary of records."""
CUT = 16
"""Characters from the end of the buffer within which a fault may be a token that was cut off, such as `-Infinity`."""
_STRANGE = re.compile("[\udc80-\udcff]")


class RecordTooLong(Exception):
    """A value does not fit into a record."""


def read_json(file: SourceFile) -> Iterator[Rows]:
    """The records of a JSON document, whatever holds them."""
    with opened(file) as stream:
        text = JsonStream(file, stream)
        while first := text.peek():
            if first == "[":
                yield from _elements(text)
                continue
            try:
                value = text.value()
            except RecordTooLong:
                yield from _container(text, 1)
                continue
            yield from [value] if isinstance(value, Bad) else spread(value)


def _elements(text: JsonStream) -> Iterator[Rows]:
    """The elements of an array; an array of arrays whose first names columns is a table."""
    elements = text.array()
    first = next(elements, None)
    if isinstance(first, list):
        yield from listed(chain([first], elements))
    elif first is not None:
        for value in chain([first], elements):
            yield value if isinstance(value, Bad) else as_row(value, "an element")


def _container(text: JsonStream, depth: int) -> Iterator[Rows]:
    """The records of an object that is too large to be one: those of its arrays, or its values if they are alike."""
    held: dict[str, Any] = {}
    begun = text.position
    arrays = by_id = False
    for name in text.members():
        if text.peek_pair() == "[{":
            arrays = True
            yield Split(name)
            yield from _elements(text)
            continue
        try:
            value = text.value(MAX_HELD_BYTES if text.peek() == "[" else MAX_RECORD_BYTES)
        except RecordTooLong:
            if text.peek() != "{" or depth == MAX_DEPTH:
                raise text.too_long("a value") from None
            arrays = True
            yield Split(name)
            yield from _container(text, depth + 1)
            continue
        if isinstance(value, Bad) or by_id:
            yield {"id": name, **value} if isinstance(value, dict) else as_row(value, "a value")
        elif not arrays:
            held[name] = value
            by_id = _begins_by_id(held)
            yield from ({"id": key, **one} for key, one in held.items() if by_id and isinstance(one, dict))
            if text.position - begun > MAX_HELD_BYTES and not by_id:
                raise text.too_long("an object that is no list of records")
    if not arrays and not by_id:
        yield from spread(held)


def _begins_by_id(held: dict[str, Any]) -> bool:
    """Whether the values so far show that the object is a dictionary of records."""
    objects = [one for one in held.values() if isinstance(one, dict)]
    return len(objects) == IDS and alike(objects)


class JsonStream:
    """Values cut off the front of a text that is read in chunks; at most one value and a chunk are held."""

    def __init__(self, file: SourceFile, stream: BinaryIO) -> None:
        self._file, self._stream = file, stream
        self._decode = json.JSONDecoder(strict=False).raw_decode  # hand-made files have tabs in their strings
        self._bytes = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._buffer, self._at, self._gone = "", 0, 0
        self._ended = self._damaged = False

    @property
    def position(self) -> int:
        """Characters taken so far."""
        return self._gone + self._at

    def peek(self) -> str:
        """The next character that is not space; empty at the end."""
        self._skip_space()
        while self._at == len(self._buffer) and self._more(CHUNK):
            self._skip_space()
        return self._buffer[self._at : self._at + 1]

    def peek_pair(self) -> str:
        """The next two characters that are not space, or as many as there are."""
        first = self.peek()
        while True:
            second = WHITESPACE.match(self._buffer, self._at + 1).end()
            if second < len(self._buffer) or not first or not self._more(CHUNK):
                return first + self._buffer[second : second + 1]

    def array(self) -> Iterator[Any]:
        """The elements of the array that begins here. Raises InputError where it breaks off."""
        self._take("[")
        while (character := self.peek()) != "]":
            if not character:
                raise self._broken("it ends inside an array")
            if character == ",":
                self._at += 1
                continue
            try:
                yield self.value()
            except RecordTooLong:
                raise self.too_long("a value") from None
        self._at += 1

    def members(self) -> Iterator[str]:
        """The names of the object that begins here; whoever is given one takes its value before the next."""
        self._take("{")
        while (character := self.peek()) != "}":
            if character == ",":
                self._at += 1
                continue
            name = self.value() if character == '"' else None
            if not isinstance(name, str):
                raise self._broken("it ends inside an object" if not character else "an object holds no name")
            self._take(":")
            yield name
        self._at += 1

    def value(self, limit: int = MAX_RECORD_BYTES) -> Any:
        """The next value; the buffer grows until it holds one whole. Raises TooLong, or InputError for no JSON."""
        while True:
            self._skip_space()
            try:
                value, end = self._decode(self._buffer, self._at)
            except RecursionError:
                raise self._broken("it is nested too deeply") from None
            except json.JSONDecodeError as error:
                if self._ended or not self._is_cut_off(error):
                    raise self._broken(f"{error.msg} at character {self._gone + error.pos}") from None
                if len(self._buffer) - self._at > limit:
                    raise RecordTooLong from None
                self._more(max(CHUNK, len(self._buffer) - self._at))
                continue
            if end == len(self._buffer) and isinstance(value, int | float) and self._more(CHUNK):
                continue  # the number may go on
            text = self._buffer[self._at : end] if self._damaged else ""
            self._at = end
            return Bad("not-utf-8", "a record is not UTF-8", text[:200]) if _STRANGE.search(text) else value

    def too_long(self, what: str) -> InputError:
        """The error for what no limit lets through."""
        return too_long(self._file, what)

    def _skip_space(self) -> None:
        self._at = WHITESPACE.match(self._buffer, self._at).end()

    def _take(self, character: str) -> None:
        if self.peek() != character:
            raise self._broken(f"{character!r} is missing at character {self._gone + self._at}")
        self._at += 1

    def _is_cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether more text may mend it: a string without its end, or anything close to the end of the buffer."""
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - CUT

    def _more(self, size: int) -> bool:
        """Read on, and forget what was taken."""
        data = b"" if self._ended else self._stream.read(size)
        self._ended = not data
        piece = self._bytes.decode(data, final=self._ended)
        self._damaged = self._damaged or (not piece.isascii() and bool(_STRANGE.search(piece)))
        self._gone += self._at
        self._buffer, self._at = self._buffer[self._at :] + piece, 0
        return bool(data)

    def _broken(self, why: str) -> InputError:
        return InputError(f"{self._file} is not JSON: {why}", hint="one object per line belongs into a .jsonl file")


def first_line(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


CARRIER = Carrier("JSON", (".json",), read_json, encoded=True)
