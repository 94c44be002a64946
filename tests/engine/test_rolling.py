"""Work that waits, in worker processes: all items start at once, results come in order, no process is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from test_engine import square, wait_until_gone

from agentprop.engine import WorkerDied, ordered_as_wanted, ordered_map
from agentprop.errors import InputError
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage

Work = Callable[[Any], Awaitable[Any]]


@asynccontextmanager
async def meeting() -> AsyncIterator[Work]:
    """Items that end only once four are under way in this process."""
    here = 0
    four = asyncio.Event()

    async def work(item: int) -> tuple[int, int]:
        nonlocal here
        here += 1
        if here >= 4:
            four.set()
        await four.wait()
        return item, os.getpid()

    yield work


@asynccontextmanager
async def falling() -> AsyncIterator[Work]:
    """Items of which the later ones end first."""

    async def work(item: int) -> int:
        await asyncio.sleep(0.3 / (1 + item))
        return item * item

    yield work


@asynccontextmanager
async def failing(how: str) -> AsyncIterator[Work]:
    """Items of which number 3 fails."""

    async def work(item: int) -> int:
        if item == 3 and how == "outage":
            raise ModelOutage("it is over", cause=ModelFailure(FailureKind.QUOTA, "nothing left", status=402))
        if item == 3 and how == "failure":
            raise ModelFailure(FailureKind.SERVER, "boom", status=500, retry_after_s=2.0)
        return item

    if how == "start":
        raise InputError("no server", hint="start it")
    yield work


@asynccontextmanager
async def dying(marker: Path, times: int) -> AsyncIterator[Work]:
    """Items of which number 0 kills its process, `times` times."""

    async def work(item: int) -> int:
        if item == 0 and len(list(marker.iterdir())) < times:
            (marker / str(os.getpid())).touch()
            await asyncio.sleep(0.05)
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.sleep(0.01)
        return item

    yield work


@asynccontextmanager
async def endless(folder: Path) -> AsyncIterator[Work]:
    """Items that never end from number 5 on; on closing, the cancelled ones are written to a file."""
    cancelled: list[int] = []

    async def work(item: int) -> int:
        try:
            await asyncio.sleep(0 if item < 5 else 3600)
        except asyncio.CancelledError:
            cancelled.append(item)
            raise
        return item

    try:
        yield work
    finally:
        (folder / str(os.getpid())).write_text(" ".join(map(str, sorted(cancelled))))


def a_window_of(window: int, items: Iterable[int]) -> Callable[[int], int | None]:
    """Want items as long as fewer than `window` are open."""
    source = iter(items)
    return lambda count: next(source, None) if count < window else None


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_begins_all_it_is_given(workers: int) -> None:
    found = list(ordered_as_wanted(meeting, (), a_window_of(8, range(8)), workers=workers))
    assert [item for item, _ in found] == list(range(8))
    assert len({pid for _, pid in found}) == workers


@pytest.mark.parametrize("window", [1, 3, 20])
def test_results_come_in_order_and_items_are_pulled_as_for_work_that_computes(window: int) -> None:
    consumed, pulled_after = 0, []

    def items() -> Iterator[int]:
        for index in range(12):
            pulled_after.append(consumed)
            yield index

    for result in ordered_as_wanted(falling, (), a_window_of(window, items()), workers=2):
        assert result == consumed**2
        consumed += 1
    assert pulled_after == [max(0, index - window + 1) for index in range(12)]


def test_an_exception_comes_in_its_place_with_all_it_carries() -> None:
    seen = []
    with pytest.raises(ModelFailure) as failed:
        for result in ordered_as_wanted(failing, ("failure",), a_window_of(6, range(6)), workers=2):
            seen.append(result)
    error = failed.value
    assert seen == [0, 1, 2]
    assert (error.kind, error.status, error.retry_after_s, str(error)) == (FailureKind.SERVER, 500, 2.0, "boom")
    assert error.hint and "in a worker process" in "".join(error.__notes__)
    with pytest.raises(ModelOutage, match="it is over") as over:
        list(ordered_as_wanted(failing, ("outage",), a_window_of(6, range(6)), workers=1))
    assert over.value.kind is FailureKind.QUOTA


def test_a_worker_that_cannot_be_set_up_is_the_error_it_met() -> None:
    with pytest.raises(InputError, match="no server") as failed:
        list(ordered_as_wanted(failing, ("start",), a_window_of(6, range(6)), workers=2))
    assert failed.value.hint == "start it"


def test_what_a_dead_worker_held_is_done_by_another_one(tmp_path: Path) -> None:
    assert list(ordered_as_wanted(dying, (tmp_path, 1), a_window_of(10, range(10)), workers=2)) == list(range(10))


def test_an_item_that_was_first_at_two_deaths_is_given_up(tmp_path: Path) -> None:
    first, *rest = ordered_as_wanted(dying, (tmp_path, 2), a_window_of(10, range(10)), workers=1)
    assert isinstance(first, WorkerDied) and first.item == 0
    assert rest == list(range(1, 10))


def test_stop_gives_up_what_is_under_way_and_closes(tmp_path: Path) -> None:
    found: list[Any] = []
    for result in ordered_as_wanted(
        endless, (tmp_path,), a_window_of(10, range(100)), workers=2, stop=lambda: len(found) == 5
    ):
        found.append(result)
    assert found == list(range(5))
    closed = {int(path.name): path.read_text().split() for path in tmp_path.iterdir()}
    cancelled = {int(item) for items in closed.values() for item in items}
    assert set(range(5, 10)) <= cancelled <= set(range(5, 15)), "some had just been handed out and not begun"
    assert wait_until_gone(set(closed)) == set()


def test_a_caller_that_leaves_closes_too(tmp_path: Path) -> None:
    results = ordered_as_wanted(endless, (tmp_path,), a_window_of(10, range(100)), workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()  # type: ignore[attr-defined]
    assert len(list(tmp_path.iterdir())) == 2
    assert wait_until_gone({int(path.name) for path in tmp_path.iterdir()}) == set()


def test_the_two_kinds_of_work_agree() -> None:
    waited = list(ordered_as_wanted(falling, (), a_window_of(5, range(30)), workers=2))
    assert waited == list(ordered_map(square, range(30), workers=2, window=5))
