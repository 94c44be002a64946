"""stdin → the stream of a stage, or a file of somebody's rows: JSON lines or an Arrow stream, told apart by its head.

A stage's stream is read as it arrives. Rows of others are first written to a file, which is read like any other, twice
where a layout has to be found, and deleted when the process ends.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import BinaryIO

from agentprop.errors import InputError
from agentprop.notices import STDIN_FOLDER
from agentprop.records import PipedProblem
from agentprop.storage.durable import disk_errors
from agentprop.storage.heads import arrow_head, is_arrow, is_stream_of, rejoined

STDIN = "-"


@cache
def piped() -> BinaryIO | Path:
    """The stream of a stage, or the file that holds the rows of others. Raises InputError if nothing comes."""
    # A separate file object: a thread may still wait in it when the interpreter ends and closes sys.stdin.
    pipe = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    head = arrow_head(pipe)
    if not head:
        raise InputError("the input stream is empty", hint="read what the command before the pipe printed")
    if is_arrow(head) and is_stream_of(head, PipedProblem):
        return rejoined(head, pipe)
    return _written(head, pipe, "stdin.arrow" if is_arrow(head) else "stdin.jsonl")


def _written(head: bytes, pipe: BinaryIO, name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=STDIN_FOLDER))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / name
    with disk_errors(path), path.open("wb") as file:
        file.write(head)
        shutil.copyfileobj(pipe, file)
    return path
