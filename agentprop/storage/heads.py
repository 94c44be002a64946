"""The first bytes of a stream → what it is, without losing them.

An Arrow stream opens with a marker and the length of its schema; the schema says whether agentprop wrote it.
"""

from __future__ import annotations

import io
from typing import BinaryIO, cast

import pyarrow as pa

from agentprop.records import Record
from agentprop.storage.arrow_schema import KIND_KEY

MARKER = b"\xff\xff\xff\xff"
MOST = 64 << 20
"""Bytes of a schema; what claims to have more is no stream that anyone wrote."""


def arrow_head(pipe: BinaryIO) -> bytes:
    """The first bytes of a stream: all of its schema if it is Arrow, and a few bytes of anything else."""
    head = pipe.read(len(MARKER))
    if head != MARKER:
        return head
    size = pipe.read(4)
    length = int.from_bytes(size, "little")
    return head + size + (pipe.read(length) if 0 < length <= MOST else b"")


def is_arrow(head: bytes) -> bool:
    """Whether a stream with this head is Arrow's, or the beginning of one that was cut off."""
    return head.startswith(MARKER)


def is_stream_of(head: bytes, record_type: type[Record]) -> bool:
    """Whether agentprop wrote a stream of such records; so it says too of one that broke off in its schema."""
    try:
        schema = pa.ipc.read_schema(pa.BufferReader(head))
    except (pa.ArrowException, OSError, EOFError):
        return True  # reading it on says what is wrong
    return (schema.metadata or {}).get(KIND_KEY) is not None


class Rejoined(io.RawIOBase):
    """A stream with its head put back."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end."""
        taken, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
        return taken + self._rest.read(size if size < 0 else size - len(taken))


def rejoined(head: bytes, rest: BinaryIO) -> BinaryIO:
    """A stream with its head put back."""
    return cast(BinaryIO, Rejoined(head, rest))
