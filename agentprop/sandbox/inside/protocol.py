"""The fixed-size messages between the harness and a zygote; bodies and results never travel here."""

from __future__ import annotations

import struct
from typing import NamedTuple

PROFILES = ("pure", "scratch", "program", "no-open")

ENTERED = b"S"
FAILED = b"F"
CANCEL = b"K"

EXITED, DEADLINE, CANCELLED = 0, 1, 2


class ChildLimits(NamedTuple):
    """A request: one child's limits. With it travel body, stdin, stdout, stderr, result and perhaps a peer."""

    profile: int
    """Index into PROFILES."""
    wall_ms: int
    cpu_s: int
    memory_bytes: int
    """On top of what the zygote occupies."""
    file_bytes: int
    open_files: int
    processes: int

    def pack(self) -> bytes:
        return LIMITS.pack(*self)


class Ended(NamedTuple):
    """A reply: how the child ended."""

    reason: int
    """EXITED, DEADLINE or CANCELLED."""
    wait_status: int
    user_s: float
    system_s: float
    wall_s: float
    max_rss_kb: int

    def pack(self) -> bytes:
        return ENDED.pack(*self)


LIMITS = struct.Struct("<IIIQQII")
ENDED = struct.Struct("<iidddQ")
