"""Files that nobody but their owner may read, because they can hold what was said to a model, or a key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from agentprop.portable import CLOSE_ON_EXEC

MODE = 0o600


def private_file(path: Path) -> BinaryIO:
    """Open a file for writing, emptied, that its owner alone may read, even if it was there already."""
    make_private(path)
    return path.open("wb")


def make_private(path: Path) -> None:
    """Make a file, if it is not there, and let only its owner read it.

    A file that is there is not opened: closing it would end the locks that SQLite holds on it in this process.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | CLOSE_ON_EXEC, MODE))
    except FileExistsError:
        found = path.stat()
        if hasattr(os, "geteuid") and found.st_mode & 0o777 != MODE and found.st_uid == os.geteuid():
            path.chmod(MODE)
