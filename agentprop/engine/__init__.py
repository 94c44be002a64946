"""Ordered work in worker processes: items in, results out in the same order.

Neither the order nor the moment an item is pulled depends on the number of workers: item i + window is pulled right
after the consumer has handled result i, never earlier. So a generator of items may use the results up to i - window
when it makes item i, and a run has the same content on one core or on sixty-four.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from agentprop.engine.choice import on_engine
from agentprop.engine.executor import WorkerLost, worker_executor
from agentprop.engine.interruption import Interruption
from agentprop.engine.placement import Pool, check_local, here
from agentprop.engine.worker import WorkerSetup
from agentprop.engine.worker_pool import Raised, WorkerDied, WorkerPool
from agentprop.portable import usable_cores

__all__ = [
    "Interruption",
    "Parts",
    "WorkerDied",
    "WorkerLost",
    "batched",
    "each_alone",
    "flattened",
    "on_engine",
    "ordered_as_wanted",
    "ordered_map",
    "usable_cores",
    "usual_workers",
    "worker_executor",
]

Item = TypeVar("Item")
Result = TypeVar("Result")

_IDLE_S = 0.25
"""Seconds: `idle` and `stop` are called at least this often while no result arrives."""


@dataclass(frozen=True)
class Parts:
    """Stands in for the result of an item that two workers died with: the results of its parts, each run alone."""

    results: tuple[Any, ...]
    """Result or WorkerDied of each part, in order."""


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Group items into lists of `size` (the last may be shorter), pulling each item only when its list is asked for."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def usual_workers() -> int:
    """Return the default number of workers: one for each core of this machine, or of the cluster in use."""
    return here().cores()


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    window: int,
    initializer: Callable[..., None] | None = None,
    initargs: tuple[Any, ...] = (),
    stop: Callable[[], bool] | None = None,
    idle: Callable[[], None] | None = None,
    split: Callable[[Item], Sequence[Item]] | None = None,
) -> Iterator[Result | WorkerDied | Parts]:
    """Yield `function(item)` for each item, in order, from `workers` processes of this machine or of a cluster.

    An exception raised by `function` is raised here, at its place in the order. Once `stop` returns True no more items
    are pulled, the items that workers hold are finished and yielded, and the iteration ends, so the results are a
    prefix of the full sequence. `idle` is called at least every quarter of a second while the caller waits.
    An item that two workers died with is divided by `split`, and its parts run one after the other in a process that
    does nothing else.
    """
    _check(workers, window)
    setup = WorkerSetup(function, initializer, initargs)
    pool = here().open(workers, setup)
    try:
        for outcome in _in_order(pool, iter(items), window, stop or _never, idle):
            yield _divided(outcome, setup, split, idle)
        pool.finish()
    finally:
        pool.kill()


def ordered_as_wanted(
    opening: Callable[..., AbstractAsyncContextManager[Callable[[Item], Awaitable[Result]]]],
    arguments: tuple[Any, ...],
    wanted: Callable[[int], Item | None],
    *,
    workers: int,
    stop: Callable[[], bool] | None = None,
    idle: Callable[[], None] | None = None,
    split: Callable[[Item], Sequence[Item]] | None = None,
) -> Iterator[Result | WorkerDied | Parts]:
    """The same for items that wait instead of computing, and of which only as many are begun as are wanted.

    A worker starts every item it receives at once, in its event loop. `opening(*arguments)` is an asynchronous context
    manager that gives the worker its coroutine function and closes its resources when the worker ends. After each
    result was handled, `wanted(number of open items)` is asked for further ones until it returns None; the iteration
    ends when it has returned None and every item has been handled. Once `stop` returns True, or when the caller leaves,
    items under way are cancelled.
    """
    check_local("conversations")
    setup = WorkerSetup(opening, arguments=arguments, waits=True)
    pool: WorkerPool[Item] = WorkerPool(workers, setup)
    try:
        for outcome in _as_wanted(pool, wanted, stop or _never, idle):
            yield _divided(outcome, setup, split, idle)
    finally:
        pool.finish()
        pool.kill()


def flattened(
    outcomes: Iterable[list[Result] | WorkerDied | Parts], died: Callable[[WorkerDied], list[Result]]
) -> Iterator[list[Result]]:
    """Yield the results of batches; `died` gives those of the items of a batch, or of a part of one, that is lost."""
    for outcome in outcomes:
        parts = outcome.results if isinstance(outcome, Parts) else (outcome,)
        yield [one for part in parts for one in (died(part) if isinstance(part, WorkerDied) else part)]


def each_alone(batch: Sequence[Item]) -> list[list[Item]]:
    """Divide a batch into batches of one item."""
    return [[item] for item in batch]


def _divided(
    outcome: Any, setup: WorkerSetup, split: Callable[[Item], Sequence[Item]] | None, idle: Callable[[], None] | None
) -> Any:
    """Return the outcome, or those of the item's parts if workers died with the item and it has several."""
    parts = split(outcome.item) if split is not None and isinstance(outcome, WorkerDied) else ()
    if len(parts) < 2:
        return outcome
    team = WorkerPool[Item](1, setup) if setup.waits else here().open(1, setup)
    results = []
    try:
        for number, part in enumerate(parts):
            team.add(number, part)
            while number not in team.done:
                _serve(team, idle)
            results.append(_taken(team, number))
        team.finish()
    finally:
        team.kill()
    return Parts(tuple(results))


def _check(workers: int, window: int) -> None:
    if workers < 1 or window < 1:
        raise ValueError("there must be at least one worker and a window of at least one")


def _in_order(
    pool: Pool,
    items: Iterator[Item],
    window: int,
    stop: Callable[[], bool],
    idle: Callable[[], None] | None,
) -> Iterator[Any]:
    pulled = _pull(pool, items, 0, window)
    yielded = 0
    while yielded < pulled:
        pool.serve(0)
        while yielded not in pool.done:
            if stop():
                pulled = pool.drop_waiting(pulled)
                if yielded >= pulled:
                    return
            _serve(pool, idle)
        yield _taken(pool, yielded)
        yielded += 1
        if not stop():
            pulled = _pull(pool, items, pulled, 1)


def _as_wanted(
    pool: Pool,
    wanted: Callable[[int], Item | None],
    stop: Callable[[], bool],
    idle: Callable[[], None] | None,
) -> Iterator[Any]:
    begun = yielded = 0
    while not stop():
        while (item := wanted(begun - yielded)) is not None:
            pool.add(begun, item)
            begun += 1
        if yielded >= begun:
            return
        pool.serve(0)
        while yielded not in pool.done:
            if stop():
                return
            _serve(pool, idle)
        yield _taken(pool, yielded)
        yielded += 1


def _serve(pool: Pool, idle: Callable[[], None] | None) -> None:
    """Serve the workers for a while, then let the caller do what it does meanwhile."""
    pool.serve(_IDLE_S)
    if idle:
        idle()


def _taken(pool: Pool, number: int) -> Any:
    """Take the outcome of an item that is done. Raises what its function raised."""
    outcome = pool.done.pop(number)
    if isinstance(outcome, Raised):
        raise outcome.error
    return outcome


def _pull(pool: Pool, items: Iterator[Item], pulled: int, count: int) -> int:
    """Pull up to `count` more items and return the number pulled in all."""
    for _ in range(count):
        try:
            item = next(items)
        except StopIteration:
            break
        pool.add(pulled, item)
        pulled += 1
    return pulled


def _never() -> bool:
    return False
