"""Steps and their numbers → a live table on a terminal, or a line now and then if stderr is not a terminal."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.table import Table

log = logging.getLogger("agentprop")

LOG_SECONDS = 15.0
"""Seconds between lines if stderr is not a terminal."""
CURVE = 48
"""Number of steps that a curve shows."""
BARS = "▁▂▃▄▅▆▇█"


class ProgressTable:
    """Progress display: `with ProgressTable("train-sft", total, watch=("loss",)) as table: table.update(step, values)`.

    `watch` names the numbers that a line shows; on a terminal the table shows all numbers, and these with a curve.
    """

    def __init__(self, label: str, total: int | None, *, watch: Sequence[str], quiet: bool = False) -> None:
        self.label, self.total, self.watch = label, total, tuple(watch)
        self._quiet = quiet
        self._curves: dict[str, deque[float]] = {name: deque(maxlen=CURVE) for name in self.watch}
        self._values: dict[str, Any] = {}
        self._step = 0
        self._logged = time.monotonic()
        self._view: Any = None

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live as View

            self._view = View(console=Console(stderr=True), transient=True, refresh_per_second=4)
            self._view.start()
        return self

    def update(self, step: int, values: Mapping[str, Any]) -> None:
        """Show the newest numbers; numbers that are not given keep their last value."""
        self._step = max(step, self._step)
        self._values |= values
        for name, curve in self._curves.items():
            if isinstance(values.get(name), int | float):
                curve.append(float(values[name]))
        if self._view is not None:
            self._view.update(self.table())
        elif time.monotonic() - self._logged >= LOG_SECONDS:
            self._logged = time.monotonic()
            self.say()

    def say(self) -> None:
        """Print the watched numbers as one line, to the log and to stderr."""
        shown = [f"{name} {_text(self._values[name])}" for name in self.watch if name in self._values]
        line = " · ".join([f"{self.label}: step {self._step}" + (f"/{self.total}" if self.total else ""), *shown])
        log.info(line)
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)

    def table(self) -> Table:
        """Build the table that a terminal shows."""
        from rich.table import Table

        total = f" of {self.total}" if self.total else ""
        title = f"{self.label} · step {self._step}{total}"
        table = Table(title=title, title_justify="left", box=None, show_header=False)
        for name, value in self._values.items():
            table.add_row(name, _text(value), curve(list(self._curves.get(name, ()))))
        return table

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._view is not None:
            self._view.stop()


def curve(values: Sequence[float]) -> str:
    """Draw numbers as bars in eighths of a line.

    >>> curve([0, 1, 2])
    '▁▅█'
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    if high <= low:
        return BARS[0] * len(values)
    return "".join(BARS[round((value - low) / (high - low) * (len(BARS) - 1))] for value in values)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
