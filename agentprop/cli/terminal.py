"""Text for people on standard output or standard error: rich's console, with the failures of every other command."""

from __future__ import annotations

from typing import Any, NoReturn

from rich.console import Console

LEAST = 20
"""Fewest columns that are believed: some containers say that a terminal has none."""


class Terminal(Console):
    """A console that colours nothing by itself, and says no less to a terminal without a width."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, **options)
        if self.width < LEAST:
            self.width = LEAST if self.width > 0 else 80

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to whoever ends the command: a reader that has seen enough is no failure."""
        raise BrokenPipeError
