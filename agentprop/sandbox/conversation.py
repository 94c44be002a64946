"""What one child wrote and how it ended, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentprop.sandbox.frames import FrameReader
from agentprop.sandbox.inside.protocol import Ended
from agentprop.sandbox.limits import Allowance


@dataclass(slots=True)
class ChildRecord:
    """What one child wrote and how it ended."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    first: bytes = b""
    """First byte of the result pipe; whatever follows a `F` is the reason."""
    reader: FrameReader = field(default_factory=FrameReader)
    bad_frame: str | None = None
    cancelled: str | None = None
    """Why the harness had the child killed: output-limit, timeout, bad-frame or over."""
    ended: Ended | None = None
    allowance: Allowance | None = None
    """What the child was allowed; None for one that never came to be."""
    starved_of_memory: bool = False
    """Whether the kernel killed a process of ours for want of memory while the child was alive."""


def unavailable(reason: str) -> ChildRecord:
    """The conversation of a child that never came to be."""
    talk = ChildRecord()
    talk.reader.buffer += reason.encode()
    return talk
