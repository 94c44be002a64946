"""Signals to a request to stop: the first asks the work to drain, the second ends it at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
"""What asks a stage to stop."""


class Interruption:
    """`with Interruption() as stop`: the first SIGINT or SIGTERM sets `stop`, the second raises KeyboardInterrupt.

    Pass it as `stop` to `ordered_map`: it drains, the stage commits what came back, and asks `stop()` why it ended.
    Only in the main thread. `notify` is called at the first signal, in the handler: keep it to a line on stderr.
    """

    def __init__(self, notify: Callable[[], None] | None = None) -> None:
        self._notify = notify
        self._requested = False
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether to stop."""
        return self._requested

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
        if self._notify:
            self._notify()
