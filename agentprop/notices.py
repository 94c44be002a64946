"""Notes to the user that interrupt nothing: `note: …` on stderr, each once in a process."""

from __future__ import annotations

import re
import sys
from functools import cache

STDIN_FOLDER = "agentprop-stdin-"
"""Beginning of the name of a temporary folder that holds what came on stdin."""


@cache
def note(text: str) -> None:
    """Print a note, the first time only."""
    print(f"note: {text}", file=sys.stderr)


def note_renamed(old: str, new: str, origin: str) -> None:
    """Note the present name of a setting that was given under a former one, which still works."""
    note(f"the setting {old} ({origin}) is now called {new}")


def without_folder(text: str) -> str:
    """The text, in which a file that holds what came on stdin has no folder, of which the user knows nothing.

    >>> without_folder("/tmp/agentprop-stdin-x1/stdin.jsonl holds no record")
    'stdin.jsonl holds no record'
    """
    return re.sub(rf"\S*{STDIN_FOLDER}[^/\\]+[/\\]", "", text)
