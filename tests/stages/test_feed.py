"""Sources that fall silent, and conversations that end, fail or are abandoned."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest

from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import ShardError
from agentprop.stages.common.feed import ThreadedSource


async def gathered(items: ThreadedSource[int], tasks: int) -> list[int | None]:
    return list(await asyncio.gather(*(items.take() for _ in range(tasks))))


def test_items_go_to_tasks_in_the_order_they_asked() -> None:
    async def all_of_it() -> list[int | None]:
        return await gathered(ThreadedSource(iter(range(200)), ahead=3), 203)

    assert asyncio.run(all_of_it()) == [*range(200), None, None, None]


def test_the_loop_goes_on_while_the_source_is_silent() -> None:
    proceed = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        assert proceed.wait(60), "nobody worked meanwhile"
        yield 2

    async def work_meanwhile() -> list[int | None]:
        items = ThreadedSource(source())
        waiting = [asyncio.create_task(items.take()) for _ in range(3)]
        assert await waiting[0] == 1
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting[1].done()
        proceed.set()
        return [await task for task in waiting]

    assert asyncio.run(work_meanwhile()) == [1, 2, None]


def test_an_error_of_the_source_is_raised_in_its_place() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ShardError("the stream stopped before its end")

    async def take_three() -> None:
        items = ThreadedSource(source())
        assert await items.take() == 1
        with pytest.raises(ShardError, match="before its end"):
            await items.take()
        assert await items.take() is None

    asyncio.run(take_three())


def test_a_feed_that_is_closed_reads_no_further() -> None:
    read: list[int] = []
    ended = threading.Event()

    def source() -> Iterator[int]:
        try:
            for number in range(10_000):
                read.append(number)
                yield number
        finally:
            ended.set()

    async def take_one() -> None:
        items = ThreadedSource(source(), ahead=2)
        assert await items.take() == 0
        items.close()

    asyncio.run(take_one())
    assert ended.wait(60)
    assert len(read) < 10


# --- conversations ---


def rolled(batches: list[list[Callable[[], Awaitable[int]]]], closed: list[str]) -> Iterator[list[int]]:
    async def close() -> None:
        closed.append("closed")

    return ordered_rolling(
        lambda batch: batch, batches, concurrency=3, window=2, stop=lambda: False, idle=lambda: None, close=close
    )


async def three() -> int:
    return 3


def test_conversations_of_a_finite_source_end_cleanly() -> None:
    closed: list[str] = []
    assert list(rolled([[three], [three, three]], closed)) == [[3], [3, 3]]
    assert list(rolled([], closed)) == []
    assert closed == ["closed", "closed"]


def test_a_failure_is_raised_as_itself_and_the_others_of_its_batch_are_ended(capfd: pytest.CaptureFixture[str]) -> None:
    ended: list[str] = []

    async def waits() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")
        return 0

    async def fails() -> int:
        raise LookupError("a defect")

    closed: list[str] = []
    with pytest.raises(LookupError, match="a defect"):
        list(rolled([[waits, fails], [fails]], closed))
    assert (ended, closed) == (["cancelled"], ["closed"])
    assert "never retrieved" not in capfd.readouterr().err
