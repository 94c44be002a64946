"""Replies that are on disk before they are used."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import signal
import sqlite3
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from agentprop.errors import RunError
from agentprop.models.cache import APPLICATION_ID, ReplyCache, key_of

ME = ("role", "model")


def put(cache: ReplyCache, *items: tuple[bytes, bytes]) -> None:
    async def all_at_once() -> None:
        await asyncio.gather(*(cache.put(ME, {"requests": 1}, key=key, body=body) for key, body in items))

    asyncio.run(all_at_once())


@pytest.mark.parametrize("body", [b"{}", b' {"a": 1}', b"{" + b"x" * 5000 + b"}", b" " * 2000 + b"{}"])
def test_a_response_comes_back_byte_for_byte_in_another_session(tmp_path: Path, body: bytes) -> None:
    first = ReplyCache(tmp_path / "r")
    put(first, (key_of(b"k"), body))
    assert first.get(key_of(b"k")) == body
    first.close()
    second = ReplyCache(tmp_path / "r")
    assert second.get(key_of(b"k")) == body
    assert second.get(key_of(b"other")) is None
    second.close()


def test_once_put_returns_it_is_in_the_file(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "r")
    put(cache, (b"k", b"{}"))
    with sqlite3.connect(tmp_path / "r") as other:  # another connection sees commits alone
        assert other.execute("SELECT count(*) FROM replies").fetchone() == (1,)
        assert other.execute("SELECT value FROM totals WHERE name = 'requests'").fetchone() == (1,)
    cache.close()


def test_the_first_reply_to_a_request_stays(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "r")
    put(cache, (b"k", b'{"n":1}'))
    put(cache, (b"k", b'{"n":2}'))
    assert cache.get(b"k") == b'{"n":1}'
    assert cache.totals()[ME]["requests"] == 2  # both were paid for
    cache.close()


def write_some(path: Path, first: int) -> None:
    cache = ReplyCache(path)
    put(cache, *((str(number).encode(), b"{}") for number in range(first, first + 300)))
    cache.close()


def test_processes_share_one_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_some, args=(tmp_path / "r", first)) for first in (0, 300)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    cache = ReplyCache(tmp_path / "r")
    assert len(cache) == cache.totals()[ME]["requests"] == 600
    cache.close()


def open_together(path: Path, files: int, start: Barrier) -> None:
    for number in range(files):
        start.wait(60)  # with a time-out, in case another process failed
        ReplyCache(path / str(number)).close()


def test_processes_that_make_one_file_at_the_same_time_all_get_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    makers = [context.Process(target=open_together, args=(tmp_path, 60, start)) for _ in range(3)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert [maker.exitcode for maker in makers] == [0, 0, 0]


def kill_itself(path: Path, statement: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the file, and be killed at the start of the statement with this number."""
    numbers = itertools.count()

    def trace(_: str) -> None:
        if next(numbers) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(*args: Any, **more: Any) -> sqlite3.Connection:
        connection = sqlite3.Connection(*args, **more)
        connection.set_trace_callback(trace)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    ReplyCache(path).close()


def test_a_file_whose_maker_was_killed_at_any_statement_is_simply_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = multiprocessing.get_context("fork")
    for statement in itertools.count():
        path = tmp_path / str(statement)
        maker = context.Process(target=kill_itself, args=(path, statement, monkeypatch))
        maker.start()
        maker.join()
        cache = ReplyCache(path)
        put(cache, (b"k", b"{}"))
        assert (cache.get(b"k"), len(cache)) == (b"{}", 1)
        cache.close()
        if maker.exitcode == 0:
            break
        assert maker.exitcode == -signal.SIGKILL
    assert statement > 10


def test_an_empty_file_becomes_one_of_replies(tmp_path: Path) -> None:
    (tmp_path / "r").touch()
    cache = ReplyCache(tmp_path / "r")
    put(cache, (b"k", b"{}"))
    cache.close()
    with sqlite3.connect(tmp_path / "r") as other:
        assert other.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a database " * 100)
    with pytest.raises(RunError, match="cannot store replies"):
        ReplyCache(text)
    assert text.read_text().startswith("not a database")
    with sqlite3.connect(tmp_path / "foreign") as foreign:
        foreign.execute("CREATE TABLE theirs (x)")
    with pytest.raises(RunError, match="is not a file of replies"):
        ReplyCache(tmp_path / "foreign")


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    ReplyCache(tmp_path / "r").close()
    with sqlite3.connect(tmp_path / "r") as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(RunError, match="newer agentprop"):
        ReplyCache(tmp_path / "r")


def test_a_disk_that_takes_nothing_more_fails_the_request_that_paid(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "r")
    with sqlite3.connect(tmp_path / "r") as other:
        other.execute("DROP TABLE replies")  # every commit fails from now on
    with pytest.raises(RunError, match="cannot store replies"):
        put(cache, (b"k", b"{}"))
    cache.close()


def test_servers_words_are_kept_once_per_distinct_text_also_in_files_of_earlier_versions(tmp_path: Path) -> None:
    first = ReplyCache(tmp_path / "r")
    first.close()
    with sqlite3.connect(tmp_path / "r") as connection:
        connection.execute("DROP TABLE heard")
    connection.close()
    cache = ReplyCache(tmp_path / "r")
    for number in range(3):
        cache.hear(("teacher", "m"), "rejected", "it was #", f"it was {number}")
    cache.close()
    assert cache.heard() == {(("teacher", "m"), "rejected", "it was #"): ("it was 0", 3)}


def test_a_stored_response_that_is_no_reply_makes_room_for_the_next_one(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "r")
    put(cache, (b"k", b"{}"))
    cache.forget(b"k")
    put(cache, (b"k", b'{"n":2}'))
    assert cache.get(b"k") == b'{"n":2}'
    cache.close()
