"""JSON lines → rows: one object a line; an array that somebody gave this suffix is read as the array it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.carriers.json_text import first_line, read_json
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.layout.shapes import unpacked
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Bad, Row, Rows, as_row
from agentprop.extraction.corpus.streams import opened, too_long


def read_json_lines(file: SourceFile) -> Iterator[Rows]:
    """One JSON object a line; blank lines are skipped."""
    if _is_one_value(file):
        yield from read_json(file)
        return
    with opened(file) as stream:
        number = 0
        while line := stream.readline(MAX_RECORD_BYTES + 1):
            number += 1
            if len(line) > MAX_RECORD_BYTES:
                raise too_long(file, f"line {number}")
            if line.strip():
                yield _row(line, number)


def _is_one_value(file: SourceFile) -> bool:
    """Whether the file begins like an array or object that goes on after its first line, or is one array in a line."""
    with opened(file) as stream:
        line = stream.readline(MAX_RECORD_BYTES).strip()
        if line in (b"[", b"{"):
            return True
        return line.startswith(b"[{") and (not line.endswith(b"]") or not stream.read(2).strip())


def _row(line: bytes, number: int) -> Row | Bad:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Bad("not-utf-8", f"line {number} is not UTF-8 (byte {error.start})", _excerpt(line))
    except (ValueError, RecursionError) as error:
        if line.startswith(b"{") and line.rstrip().endswith(b"},"):  # an array without its brackets
            return _row(line.rstrip()[:-1], number)
        found = unpacked(line.decode("utf-8"))  # a dictionary as Python prints it
        if isinstance(found, dict):
            return found
        return Bad("not-json", f"line {number} is not JSON: {first_line(error)}", _excerpt(line))
    return as_row(value, f"line {number}")


def _excerpt(line: bytes) -> str:
    return line[:200].decode("utf-8", errors="replace").strip()


CARRIER = Carrier("JSON lines", (".jsonl", ".ndjson", ".jsonlines", ".jl"), read_json_lines, encoded=True)
