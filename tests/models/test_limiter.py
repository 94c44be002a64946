"""The limit on requests under way, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agentprop.models.limiter import INITIAL_CONCURRENCY, Limiter, RateCap


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def round_of(limiter: Limiter, *, failing: bool = False) -> None:
    """Run as many requests as are allowed, all under way together."""

    async def together() -> None:
        slots = [limiter.slot() for _ in range(int(limiter.allowed))]
        rounds = [(await slot.__aenter__()).round for slot in slots]
        for slot, number in zip(slots, rounds, strict=True):
            limiter.pushed_back(number) if failing else limiter.succeeded()
            await slot.__aexit__(None, None, None)

    asyncio.run(together())


def test_concurrency_doubles_until_the_server_pushes_back_then_grows_by_one() -> None:
    limiter = Limiter(1000)
    round_of(limiter)
    assert INITIAL_CONCURRENCY < limiter.allowed <= 2 * INITIAL_CONCURRENCY
    round_of(limiter)
    reached = limiter.allowed
    round_of(limiter, failing=True)
    assert limiter.allowed == reached / 2  # once, although every request of the round was pushed back
    before = limiter.allowed
    round_of(limiter)
    assert before < limiter.allowed <= before + 1


def test_concurrency_stays_between_one_and_the_most() -> None:
    limiter = Limiter(10)
    for _ in range(10):
        round_of(limiter)
    assert limiter.allowed == 10
    for _ in range(10):
        round_of(limiter, failing=True)
    assert limiter.allowed == 1


def run_all(limiter: Limiter, work: Callable[[int], Awaitable[None]], count: int) -> None:
    async def main() -> None:
        async def one(number: int) -> None:
            async with limiter.slot():
                await work(number)

        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(one(number))

    asyncio.run(main())


def test_never_more_than_allowed_are_under_way_and_the_queue_is_in_order() -> None:
    limiter = Limiter(5)
    running, most, order = 0, 0, []

    async def work(number: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        order.append(number)
        await asyncio.sleep(0.001)
        running -= 1

    run_all(limiter, work, 50)
    assert most == 5
    assert order == list(range(50))
    assert limiter.under_way == 0


def test_cancelled_waiters_leave_no_trace() -> None:
    limiter = Limiter(1)

    async def hold(release: asyncio.Event) -> None:
        async with limiter.slot():
            await release.wait()

    async def main() -> None:
        release = asyncio.Event()
        tasks = [asyncio.create_task(hold(release)) for _ in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()  # still in the queue
        release.set()
        await asyncio.sleep(0)  # the first leaves and admits the third
        tasks[2].cancel()  # admitted and cancelled before it could run
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [task.cancelled() for task in tasks] == [False, True, True, False]
        assert limiter.under_way == 0

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_pause_holds_everybody_and_ends() -> None:
    limiter = Limiter(5)

    async def main() -> None:
        limiter.pushed_back(0, retry_after_s=0.02)
        task = asyncio.create_task(limiter.enter(0))
        await asyncio.sleep(0)
        assert not task.done()
        await task

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_cap_spreads_what_is_asked_at_once() -> None:
    clock = Clock()
    pace = RateCap(60, clock=clock)
    waits = [pace.reserve(1) for _ in range(6)]
    assert waits == [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]  # two seconds' worth at once, and the one that is due
    clock.now = 100.0
    assert pace.reserve(1) == 0.0


def test_a_cap_on_tokens_learns_what_was_really_used() -> None:
    clock = Clock()
    pace = RateCap(6000, clock=clock)
    pace.reserve(1000)
    pace.correct(-800)
    assert pace.reserve(1) == 0.0
    pace.correct(1000)
    assert pace.reserve(1) > 9.0
