"""Responses → a file on disk before they are used, so that no response is ever paid for twice.

A response is stored as received and parsed again when it is read. There is one SQLite file per run, and rows are only
added. Its totals of tokens and money grow in the same transaction, so they are right after a kill at any moment. A
thread commits the rows that have gathered while the previous commit was syncing: a commit delays its own requests, but
never the event loop. Several processes may use the file at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
import sqlite3
import threading
import time
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentprop.errors import RunError
from agentprop.models.accounts import Account
from agentprop.private_files import make_private

FILE = "replies.sqlite"
APPLICATION_ID = 0x61677270
VERSION = 1
BUSY_S = 120.0
GATHER = 256
"""Most rows of one commit."""
COMPRESS_FROM = 1024
"""Smallest response, in bytes, that is worth compressing."""

HEARD = """
CREATE TABLE IF NOT EXISTS heard (
    role TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL, pattern TEXT NOT NULL, text TEXT NOT NULL,
    value INTEGER NOT NULL, PRIMARY KEY (role, model, kind, pattern)
) WITHOUT ROWID;
"""
"""Words of servers about requests that were given up; files of earlier versions get this table when they are opened."""
SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS totals (
    role TEXT NOT NULL, model TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (role, model, name)
) WITHOUT ROWID;
{HEARD}
"""
ADD_REPLIES = "INSERT OR IGNORE INTO replies (key, body) VALUES {rows}"
ADD_TOTALS = (
    "INSERT INTO totals (role, model, name, value) VALUES {rows} "
    "ON CONFLICT (role, model, name) DO UPDATE SET value = value + excluded.value"
)
ADD_HEARD = (
    "INSERT INTO heard (role, model, kind, pattern, text, value) VALUES {rows} "
    "ON CONFLICT (role, model, kind, pattern) DO UPDATE SET value = value + excluded.value"
)


def key_of(canonical: bytes) -> bytes:
    """Return the key of a normalised request: 128 bits of its SHA-256."""
    return hashlib.sha256(canonical).digest()[:16]


@dataclass(frozen=True)
class _Row:
    """One exchange to be committed."""

    account: Account
    counts: Mapping[str, int]
    key: bytes | None
    body: bytes
    done: asyncio.Future[None] | None = field(compare=False)
    heard: tuple[str, str, str] | None = None


class ReplyCache:
    """Cache of responses in one file; open it in the process and thread that use it, and close it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _disk_error(path, error) from error
        self._reader = _open(path)
        self._closed_with: dict[tuple[Account, str, str], tuple[str, int]] | None = None
        self._rows: queue.SimpleQueue[_Row | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="agentprop-replies", daemon=True)
        self._thread.start()

    def get(self, key: bytes) -> bytes | None:
        """Return the response stored under a key, or None."""
        row = self._reader.execute("SELECT body FROM replies WHERE key = ?", (key,)).fetchone()
        return _unpacked(row[0]) if row else None

    async def put(self, account: Account, counts: Mapping[str, int], *, key: bytes | None, body: bytes) -> None:
        """Store a response and its counts (without a key only the counts); return when both are on disk."""
        done = asyncio.get_running_loop().create_future()
        self._rows.put(_Row(account, dict(counts), key, body, done))
        await done

    def forget(self, key: bytes) -> None:
        """Drop a stored response that is no reply, so that the next one takes its place."""
        self._rows.put(_Row(("", ""), {}, key, b"", None))

    def hear(self, account: Account, kind: str, pattern: str, text: str) -> None:
        """Store a server's words about a request that was given up; nobody waits for the disk."""
        self._rows.put(_Row(account, {}, None, b"", None, (kind, pattern, text)))

    def heard(self) -> dict[tuple[Account, str, str], tuple[str, int]]:
        """Return what servers said in all sessions and processes: (account, kind, pattern) → a sample and the count.

        A closed cache returns what it held when it was closed.
        """
        if self._closed_with is not None:
            return self._closed_with
        rows = self._reader.execute("SELECT role, model, kind, pattern, text, value FROM heard")
        return {((role, model), kind, pattern): (text, count) for role, model, kind, pattern, text, count in rows}

    def totals(self) -> dict[Account, Counter[str]]:
        """Return what all sessions and processes have spent, by account."""
        found: dict[Account, Counter[str]] = {}
        for role, model, name, value in self._reader.execute("SELECT role, model, name, value FROM totals"):
            found.setdefault((role, model), Counter())[name] = value
        return found

    def __len__(self) -> int:
        return int(self._reader.execute("SELECT count(*) FROM replies").fetchone()[0])

    def close(self) -> None:
        """Commit the waiting rows, and close."""
        self._rows.put(None)
        self._thread.join()
        self._closed_with = self.heard()
        self._reader.close()

    def _write(self) -> None:
        connection = _open(self.path)
        try:
            while rows := self._gather():
                _notify(rows, _commit(connection, self.path, rows))
        finally:
            connection.close()

    def _gather(self) -> list[_Row]:
        """Return the waiting rows: at least one, or none once the cache is closed."""
        rows: list[_Row] = []
        while len(rows) < GATHER:
            try:
                row = self._rows.get(block=not rows)
            except queue.Empty:
                break
            if row is None:
                self._rows.put(None)  # for the next call, which then has nothing else to wait for
                break
            rows.append(row)
        return rows


def _open(path: Path) -> sqlite3.Connection:
    try:
        make_private(path)  # SQLite gives the files beside it the mode that this one has
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        found, version, tables = _file_state(connection)
        if tables and found != APPLICATION_ID:
            raise RunError(f"{path} is not a file of replies", hint="move it away, or choose another --out")
        if version > VERSION:
            raise RunError(f"{path} was written by a newer agentprop", hint="upgrade agentprop")
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        if not tables:
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        elif not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'heard'").fetchone():
            connection.executescript(f"BEGIN IMMEDIATE; {HEARD} COMMIT;")
    except (sqlite3.Error, OSError) as error:
        raise _disk_error(path, error) from error
    return connection


def _file_state(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Return application id, version and number of tables, in one transaction: another process may be creating them."""
    asked = ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    connection.execute("BEGIN")
    try:
        found, version, tables = (int(connection.execute(one).fetchone()[0]) for one in asked)
    finally:
        connection.execute("ROLLBACK")
    return found, version, tables


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite's own time-out does not cover two processes doing this at once."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.005)


def _commit(connection: sqlite3.Connection, path: Path, rows: list[_Row]) -> RunError | None:
    totals: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        totals.update({(*row.account, name): value for name, value in row.counts.items()})
    replies = [(row.key, _packed(row.body)) for row in rows if row.key is not None and row.done is not None]
    forgotten = [(row.key,) for row in rows if row.key is not None and row.done is None]
    heard = Counter((*row.account, *row.heard) for row in rows if row.heard is not None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM replies WHERE key = ?", forgotten)
        _insert(connection, ADD_REPLIES, replies)
        _insert(connection, ADD_TOTALS, [(*name, value) for name, value in totals.items()])
        _insert(connection, ADD_HEARD, [(*words, count) for words, count in heard.items()])
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return _disk_error(path, error)
    return None


def _insert(connection: sqlite3.Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert all rows by one statement: between statements this thread would have to win back the GIL each time."""
    if rows:
        places = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
        connection.execute(statement.format(rows=places), [value for row in rows for value in row])


def _notify(rows: list[_Row], error: RunError | None) -> None:
    """Wake the waiting requests, with one call per event loop."""
    futures = [row.done for row in rows if row.done is not None]
    for loop in {future.get_loop() for future in futures}:
        mine = [future for future in futures if future.get_loop() is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, mine, error)


def _resolve(futures: list[asyncio.Future[None]], error: RunError | None) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None) if error is None else future.set_exception(error)


def _packed(body: bytes) -> bytes:
    return zlib.compress(body, 1) if len(body) >= COMPRESS_FROM else body


def _unpacked(body: bytes) -> bytes:
    """Decompress a body that was compressed: it begins with an x, and no JSON does."""
    return zlib.decompress(body) if body[:1] == b"x" else body


def _disk_error(path: Path, error: sqlite3.Error | OSError) -> RunError:
    return RunError(
        f"cannot store replies in {path}: {error}", hint="free some space or check the disk, then run again"
    )
