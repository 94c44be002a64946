"""Files that can hold what was said to a model, or a key: only their owner reads them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from agentprop.models.cache import ReplyCache
from agentprop.private_files import make_private, private_file

WRITES = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return path.stat().st_mode & 0o777


def test_a_file_that_was_there_loses_its_readers_and_its_contents(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before")
    path.chmod(0o644)
    with private_file(path) as file:
        file.write(b"after")
    assert (mode(path), path.read_text()) == (0o600, "after")


def test_the_files_of_a_reply_cache_are_for_their_owner(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "replies.sqlite")
    modes = {path.name: mode(path) for path in tmp_path.iterdir()}
    cache.close()
    assert "replies.sqlite" in modes and set(modes.values()) == {0o600}


def test_making_a_file_private_again_keeps_the_locks_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE replies (key)")
    connection.execute("BEGIN IMMEDIATE")
    make_private(path)
    told = subprocess.run([sys.executable, "-c", WRITES, path], capture_output=True, text=True, check=True).stdout
    assert told == "database is locked\n"
    connection.close()
