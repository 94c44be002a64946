"""What Linux has and other systems may lack → the same by other means, or nothing.

Reading runs, showing, exporting and reporting need none of it, so no import fails for its absence. `fcntl` and
`resource` are None on Windows; whoever cannot do without them runs code that is not trusted, and is refused before.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import os
import signal
from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import TypeVar

try:
    import fcntl
    import resource
except ModuleNotFoundError:  # Windows
    fcntl = resource = None  # type: ignore[assignment]
try:
    import msvcrt
except ModuleNotFoundError:  # everything else
    msvcrt = None  # type: ignore[assignment]

__all__ = [
    "CLOSE_ON_EXEC",
    "fcntl",
    "lock_file",
    "memory_bytes",
    "parse_expression",
    "parse_python",
    "resource",
    "signals_blocked",
    "sync_directory",
    "unblock_signals",
    "usable_cores",
]

CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
"""Flag of `os.open`; Windows needs none, because descriptors are not inherited there."""


def lock_file(descriptor: int) -> None:
    """Lock a file as long as the descriptor is open. Raises BlockingIOError if another process holds the lock."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt is not None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(errno.EAGAIN, "the file is locked") from error


def sync_directory(path: Path) -> None:
    """Make renames and removals inside `path` survive a power cut; Windows cannot sync a directory."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def usable_cores() -> int:
    """Return the number of cores that this process may use; of all cores, if the system does not say which."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int | None:
    """Return the memory of the machine; None if the system does not say."""
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@contextlib.contextmanager
def signals_blocked(signals: Set[signal.Signals]) -> Iterator[None]:
    """Let signals wait until the end of the block, for children that are started in it too; nothing on Windows."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock_signals(signals: Set[signal.Signals]) -> None:
    """Let signals come that were blocked when this process was started; nothing on Windows."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


Tree = TypeVar("Tree")
PARSED_AGAIN = 5
"""CPython 3.11 counts the depth of trees for all threads together, so one that parses can fail because of another."""


def parse_python(source: str) -> ast.Module:
    """Parse a program, again if another thread was in the way. Raises SyntaxError, ValueError, RecursionError."""
    return _parsed(lambda: ast.parse(source))


def parse_expression(source: str) -> ast.Expression:
    """The same for an expression."""
    return _parsed(lambda: ast.parse(source, mode="eval"))


def _parsed(parse: Callable[[], Tree]) -> Tree:
    for _ in range(PARSED_AGAIN):
        with contextlib.suppress(SystemError):
            return parse()
    return parse()
