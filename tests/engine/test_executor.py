"""Calls of coroutines and threads in real worker processes: results, errors, deaths, and workers that cannot start."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import Executor

import pytest

from agentprop.engine import WorkerLost, worker_executor
from agentprop.errors import InputError, RunError


def own_pid(number: int) -> tuple[int, int]:
    return number, os.getpid()


def fail(number: int) -> int:
    raise InputError(f"{number} is odd", hint="give four")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse_to_start() -> None:
    raise OSError("nothing is ready here")


def test_coroutines_and_threads_share_the_workers() -> None:
    async def all_of(executor: Executor) -> list[tuple[int, int]]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(executor, own_pid, n) for n in range(40)))

    with worker_executor(2) as executor:
        assert executor is not None
        found = [*asyncio.run(all_of(executor)), *executor.map(own_pid, range(40, 50))]
    assert [number for number, _ in found] == list(range(50))
    assert os.getpid() not in {pid for _, pid in found} and len({pid for _, pid in found}) <= 2


def test_a_call_raises_what_its_function_raised_and_one_that_kills_is_lost_alone() -> None:
    with worker_executor(1) as executor:
        assert executor is not None
        failing, dying, other = executor.submit(fail, 3), executor.submit(die), executor.submit(own_pid, 4)
        with pytest.raises(InputError, match="3 is odd"):
            failing.result()
        with pytest.raises(WorkerLost, match="died twice"):
            dying.result()
        assert other.result()[0] == 4


def test_workers_that_cannot_start_are_an_error_of_the_run_for_every_call() -> None:
    with worker_executor(1, refuse_to_start) as executor:
        assert executor is not None
        for _ in range(2):  # calls that come later are told the same
            with pytest.raises(RunError, match="nothing is ready here"):
                executor.submit(own_pid, 1).result()


def test_threads_do_where_neither_a_number_nor_a_cluster_was_asked_for() -> None:
    with worker_executor(None) as executor:
        assert executor is None
