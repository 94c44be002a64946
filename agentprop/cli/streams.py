"""Standard streams as a process may find them, closed or broken → streams that the rest can rely on.

stdout is the product: where it cannot take it, the command fails. stderr is the talk: where nobody listens, it is lost
and the work goes on. A descriptor that was closed is never left free, or the next file to be opened would become it.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import IO, Any

from agentprop.errors import InputError, RunError

STDOUT, STDERR = 1, 2


class Talk:
    """A text stream that drops what it cannot write."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or lose, a text."""
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Write, or lose, what is buffered."""
        try:
            self._stream.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        """Be the stream in every other respect."""
        return getattr(self._stream, name)


def prepare() -> None:
    """Put working streams in place. Raises RunError where there is no standard output or no working directory."""
    closed = [number for number in range(3) if _filled(number)]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # JSON is UTF-8 wherever it is printed, and no locale may stop a message
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 (for the life of the process)
    talk = sys.stderr or open(STDERR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (likewise)
    sys.stderr = Talk(talk)
    if STDOUT in closed:
        sys.stdout = open(STDOUT, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (likewise)
        raise RunError("standard output is closed", hint="redirect it to a file or to /dev/null")
    try:
        os.getcwd()
    except OSError as error:
        raise RunError(
            f"the working directory cannot be entered: {error.strerror}", hint="change to one that exists"
        ) from None


def _filled(number: int) -> bool:
    """Open /dev/null under a standard descriptor if that was closed, and tell whether it was."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)  # it takes the lowest number that is free
        return True
    return False


def check_stream(out: str, *, what: str) -> None:
    """Refuse `--out -` on a terminal, before any work is done: what would go there is not for reading."""
    if out == "-" and sys.stdout.isatty():
        raise InputError(
            f"standard output is a terminal, and {what} go there as a binary stream",
            hint="pipe it into another stage or a file, or give --out a directory",
        )


def refuse_stream(out: str, command: str) -> None:
    """Refuse `--out -` where nothing is streamed."""
    if out == "-":
        raise InputError(f"{command} has nothing to stream to standard output", hint="give --out a run directory")


def discard_stdout() -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, STDOUT)
    os.close(nothing)
