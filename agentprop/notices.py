"""Words to the user that stop nothing: `note: …` on stderr, each once in a process."""

from __future__ import annotations

import sys
from functools import cache


@cache
def note(text: str) -> None:
    """Say it, the first time."""
    print(f"note: {text}", file=sys.stderr)


def note_renamed(old: str, new: str, where: str) -> None:
    """Tell the present name of a setting that was given under a former one, which goes on working."""
    note(f"the setting {old} ({where}) is called {new} now")
