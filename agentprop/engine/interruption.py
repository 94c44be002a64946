"""SIGINT and SIGTERM → a request to stop: the first signal lets the work drain, the second ends it at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType
from typing import Any, Self

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
"""Signals that ask a stage to stop."""


class Interruption:
    """`with Interruption("the batches under way") as stop`: the first SIGINT or SIGTERM sets `stop`.

    Pass it as `stop` to `ordered_map`, which then drains; the stage commits the results and calls `stop()` to learn why
    the iteration ended. The first signal also says on stderr what is waited for; the second raises KeyboardInterrupt.
    Signals come to the main thread; in another one, `request_stop` has the effect of the first.
    """

    def __init__(self, awaited: str) -> None:
        self._awaited = awaited
        self._requested = False
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Return True once a stop was requested."""
        return self._requested

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        else:
            _elsewhere[threading.get_ident()] = self
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        _elsewhere.pop(threading.get_ident(), None)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
        _say(f"stopping: waiting for {self._awaited} to be kept; once more to stop at once")


_elsewhere: dict[int, Interruption] = {}
"""Identifier of a thread that is not the main one → its interruption."""


def request_stop(thread: int) -> None:
    """Ask the work of another thread to stop, as the first signal does in the main thread."""
    if thread in _elsewhere:
        _elsewhere[thread]._requested = True


def _say(line: str) -> None:
    """Write a line to stderr, past Python's buffer: a signal may come while that is being written to."""
    if os.environ.get("RANK", "0") == "0":  # of the processes of one training, the first speaks for all
        with contextlib.suppress(OSError):
            os.write(2, f"\n{line}\n".encode() if os.isatty(2) else f"{line}\n".encode())
