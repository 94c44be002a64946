"""Raw output of one child and how it ended, before it is interpreted."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentprop.sandbox.frames import FrameReader
from agentprop.sandbox.inside.protocol import ChildExit
from agentprop.sandbox.limits import Allowance


@dataclass(slots=True)
class ChildOutput:
    """Raw output of one child, and how it ended."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    first: bytes = b""
    """First byte of the result pipe: ENTERED, or FAILED, which a reason follows."""
    reader: FrameReader = field(default_factory=FrameReader)
    bad_frame: str | None = None
    cancelled: str | None = None
    """Reason for which the harness had the child killed: output-limit, timeout, bad-frame or over."""
    ended: ChildExit | None = None
    allowance: Allowance | None = None
    """What the child was allowed; None for one that never came to be."""
    starved_of_memory: bool = False
    """Whether the kernel killed a process of ours for want of memory while the child was alive."""


def unavailable(reason: str) -> ChildOutput:
    """Return the output of a child that could not be started."""
    child = ChildOutput()
    child.reader.buffer += reason.encode()
    return child
