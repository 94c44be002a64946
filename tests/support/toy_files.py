"""Two documents in files of every kind, made here."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

ROWS = [
    {"question": "What is 2 + 3?", "answer": "2 + 3 = 5\n#### 5"},
    {"question": "What is 4 · 6?", "answer": "4 · 6 = 24\n#### 24"},
]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def table(separator: str) -> bytes:
    """The rows as a table in text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["question", "answer"], delimiter=separator)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode()


def arrow(*, stream: bool) -> bytes:
    """The rows as an Arrow stream or file."""
    sink = pa.BufferOutputStream()
    data = pa.Table.from_pylist(ROWS)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, data.schema) as writer:
        writer.write_table(data)
    return bytes(sink.getvalue())


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return bytes(sink.getvalue())


def feathered() -> bytes:
    sink = io.BytesIO()
    feather.write_feather(pa.Table.from_pylist(ROWS), sink, compression="zstd")
    return sink.getvalue()


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def zipped(**members: bytes) -> bytes:
    """A zip archive; `__` in a name stands for a dot and `___` for a slash."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("___", "/").replace("__", "."), data)
    return sink.getvalue()


def markup() -> bytes:
    fields = "".join(
        f"<item><question>{row['question']}</question><answer>{row['answer']}</answer></item>" for row in ROWS
    )
    return f'<?xml version="1.0"?>\n<items note="own">{fields}</items>'.encode()


KINDS: dict[str, Callable[[], bytes]] = {
    ".jsonl": lambda: LINES,
    ".ndjson": lambda: LINES,
    ".json": lambda: json.dumps(ROWS).encode(),
    ".csv": lambda: table(","),
    ".semicolons.csv": lambda: table(";"),
    ".tabs.csv": lambda: table("\t"),
    ".tsv": lambda: table("\t"),
    ".excel.csv": lambda: b"sep=|\r\n" + table("|"),
    ".parquet": parquet,
    ".arrow": lambda: arrow(stream=True),
    ".file.arrow": lambda: arrow(stream=False),
    ".feather": feathered,
    ".xml": markup,
    ".jsonl.gz": lambda: gzip.compress(LINES),
    ".jsonl.bz2": lambda: bz2.compress(LINES),
    ".jsonl.xz": lambda: lzma.compress(LINES),
    ".jsonl.zst": lambda: zstd(LINES),
    ".twice.jsonl.zst": lambda: zstd(LINES[:60]) + zstd(LINES[60:]),
    ".csv.zst": lambda: zstd(table(";")),
    ".parquet.gz": lambda: gzip.compress(parquet()),
    ".arrow.zst": lambda: zstd(arrow(stream=True)),
    ".zip": lambda: zipped(corpus__jsonl=LINES),
    ".table.zip": lambda: zipped(data___corpus__parquet=parquet(), README__md=b"Problem: no\n"),
    ".gzip-in.zip": lambda: zipped(corpus__jsonl__gz=gzip.compress(LINES)),
    ".unnamed-gzip.jsonl": lambda: gzip.compress(LINES),
    ".crlf.jsonl": lambda: LINES.replace(b"}\n", b"}\r\n\r\n"),
    ".array.jsonl": lambda: json.dumps(ROWS, indent=2).encode(),
    ".array-in-a-line.jsonl": lambda: json.dumps(ROWS).encode() + b"\n",
    ".lines.json": lambda: LINES,
    ".python.jsonl": lambda: "".join(f"{row}\n" for row in ROWS).encode(),
    ".bom.jsonl": lambda: b"\xef\xbb\xbf" + LINES,
    ".bom.csv": lambda: b"\xef\xbb\xbf" + table(","),
    ".utf16.jsonl": lambda: LINES.decode().encode("utf-16"),
    ".utf16-unmarked.jsonl": lambda: LINES.decode().encode("utf-16-le"),
    ".utf16.csv": lambda: table("\t").decode().encode("utf-16"),
    ".utf32.jsonl": lambda: LINES.decode().encode("utf-32"),
    ".latin1.jsonl": lambda: LINES.decode().encode("latin-1"),
    ".latin1.json": lambda: json.dumps(ROWS, ensure_ascii=False).encode("latin-1"),
    ".latin1.csv": lambda: table(",").decode().encode("latin-1"),
    ".latin1.xml": lambda: markup().decode().replace("?>", ' encoding="iso-8859-1"?>').encode("latin-1"),
    ".latin1.jsonl.gz": lambda: gzip.compress(LINES.decode().encode("latin-1")),
}
"""Suffix → the bytes of a file with the two documents."""


def in_kind(directory: Path, suffix: str) -> Path:
    path = directory / f"corpus{suffix}"
    path.write_bytes(KINDS[suffix]())
    return path
