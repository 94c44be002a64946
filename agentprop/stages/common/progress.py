"""Progress of a stage: a live bar if stderr is a terminal, or else a line now and then."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType
from typing import Self

log = logging.getLogger("agentprop")
LOG_SECONDS = 15.0
"""Seconds between lines."""


class Progress:
    """`with Progress("propose", 100) as bar: bar.update(done=3, note="91% accepted")`."""

    def __init__(self, label: str, total: int | None, *, quiet: bool = False) -> None:
        self.label, self.total, self.quiet = label, total, quiet
        self.done, self.note = 0, ""
        self._logged = time.monotonic()
        self._bar: object | None = None
        self._shown = False

    def __enter__(self) -> Self:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
                TimeRemainingColumn(),
            )
            bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = bar.add_task(self.label, total=self.total, note="")
            bar.start()
            self._bar = bar
        return self

    def update(self, *, done: int, note: str = "") -> None:
        """Show the progress; cheap enough to call for every batch."""
        self.done, self.note = done, note
        if self._bar is not None:
            if not self._shown:  # what earlier sessions did counts for the bar, and not for its speed
                self._bar.reset(self._task, completed=done, total=self.total, note=note)  # type: ignore[attr-defined]
                self._shown = True
            self._bar.update(self._task, completed=done, total=self.total, note=note)  # type: ignore[attr-defined]
        elif time.monotonic() - self._logged >= LOG_SECONDS:
            self._logged = time.monotonic()
            line = f"{self.label}: {done}" + (f"/{self.total}" if self.total else "") + (f" · {note}" if note else "")
            log.info(line)
            if not self.quiet:
                print(line, file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]
