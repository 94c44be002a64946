"""One body in one interpreter without isolation, with the resource limits that the system supports."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import sys

from . import pair
from .bodies import run_body
from .protocol import ENTERED
from .runner import RESULT_FD


def main() -> None:
    """Run the body on standard input; `sys.argv` holds result descriptor, peer descriptor and limits."""
    result, peer, cpu_s, memory_bytes, open_files = map(int, sys.argv[1:])
    _place(result, RESULT_FD, peer, pair.PEER_FD)
    text = os.read(0, 4)
    body = json.loads(_read(int.from_bytes(text, "little")))
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_NOFILE, open_files)
    _limit(resource.RLIMIT_CORE, 0)
    sys.argv = [""]
    os.write(RESULT_FD, ENTERED)
    run_body(body)
    os._exit(0)


def _place(result: int, result_place: int, peer: int, peer_place: int) -> None:
    """Move the descriptors to where the runner expects them, even if they are swapped, and close all others."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 50) for descriptor in (result, peer) if descriptor >= 0]
    for source, place in zip(high, (result_place, peer_place), strict=False):
        os.dup2(source, place, inheritable=False)
    os.closerange(result_place + len(high), 256)


def _read(size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += os.read(0, size - len(data))
    return data


def _limit(kind: int, value: int) -> None:
    """Lower a resource limit, if this system supports it."""
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (ValueError, OSError):
        print("a resource limit could not be set", file=sys.stderr)
