"""Files that nobody but their owner may read, because they can hold what was said to a model, or a key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

MODE = 0o600


def private_file(path: Path) -> BinaryIO:
    """Open an empty file for writing, readable by its owner alone, also if it was there already."""
    make_private(path)
    return path.open("wb")


def make_private(path: Path) -> None:
    """Make a file, if it is not there, and let only its owner read it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, MODE))
    path.chmod(MODE)
