"""Messages of fixed size between the harness and a zygote; bodies and results are sent by other ways."""

from __future__ import annotations

import struct
from typing import NamedTuple

PROFILES = ("pure", "scratch", "program", "no-open")

ENTERED = b"S"
FAILED = b"F"
CANCEL = b"K"

EXITED, DEADLINE, CANCELLED = 0, 1, 2


class ChildLimits(NamedTuple):
    """Request: limits of one child, sent with descriptors of body, stdin, stdout, stderr, result and perhaps a peer."""

    profile: int
    """Index of the profile in PROFILES."""
    wall_ms: int
    cpu_s: int
    memory_bytes: int
    """Address space in bytes on top of the zygote's own."""
    file_bytes: int
    open_files: int
    processes: int

    def pack(self) -> bytes:
        return LIMITS.pack(*self)


class ChildExit(NamedTuple):
    """Reply: how the child ended."""

    reason: int
    """Reason for the end: EXITED, DEADLINE or CANCELLED."""
    wait_status: int
    user_s: float
    system_s: float
    wall_s: float
    max_rss_kb: int

    def pack(self) -> bytes:
        return ENDED.pack(*self)


LIMITS = struct.Struct("<IIIQQII")
ENDED = struct.Struct("<iidddQ")
