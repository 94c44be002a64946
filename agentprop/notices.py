"""Notes to the user that interrupt nothing: `note: …` on stderr, each once in a process."""

from __future__ import annotations

import sys
from functools import cache


@cache
def note(text: str) -> None:
    """Print a note, the first time only."""
    print(f"note: {text}", file=sys.stderr)


def note_renamed(old: str, new: str, origin: str) -> None:
    """Note the present name of a setting that was given under a former one, which still works."""
    note(f"the setting {old} ({origin}) is now called {new}")
