"""SIGINT and SIGTERM → a request to stop: the first signal lets the work drain, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
"""Signals that ask a stage to stop."""


class Interruption:
    """`with Interruption() as stop`: the first SIGINT or SIGTERM sets `stop`, the second raises KeyboardInterrupt.

    Pass it as `stop` to `ordered_map`, which then drains; the stage commits the results and calls `stop()` to learn why
    the iteration ended. `notify` runs in the handler of the first signal, so keep it to one line on stderr. Signals
    come to the main thread; in another one, `request_stop` has the effect of the first.
    """

    def __init__(self, notify: Callable[[], None] | None = None) -> None:
        self._notify = notify
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
        if self._notify:
            self._notify()


_elsewhere: dict[int, Interruption] = {}
"""Identifier of a thread that is not the main one → its interruption."""


def request_stop(thread: int) -> None:
    """Ask the work of another thread to stop, as the first signal does in the main thread."""
    if thread in _elsewhere:
        _elsewhere[thread]._requested = True
