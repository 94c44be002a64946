"""Replies and reference programs → grades, in worker processes here or on a cluster; the conversations stay here.

What probing and evaluating compute is the grading: a comparison of two answers takes milliseconds to seconds, a program
with its tests as much and a sandbox. The workers are given the problem, its tests and a reply, never a model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial

from agentprop.boundary import died
from agentprop.config.base import StageConfig
from agentprop.engine import WorkerLost, worker_executor
from agentprop.grading.probers import Grade, Grader, ReplyGrader
from agentprop.grading.program_check import program_judge
from agentprop.grading.program_tests import ProgramTests
from agentprop.records import Problem
from agentprop.sandbox import Sandbox

# --- in the worker ---

_sandbox: Sandbox | None = None


def prepare(allow_weak: bool) -> None:
    """Set up a worker process with its own sandbox."""
    global _sandbox  # one per process, set up once by the engine's initializer
    _sandbox = Sandbox(slots=1, allow_weak=allow_weak)


def worker_sandbox() -> Sandbox:
    """Return the sandbox of this worker."""
    assert _sandbox is not None  # the engine ran prepare()
    return _sandbox


def grade(problem: Problem, tests: ProgramTests | None, text: str) -> Grade:
    """Grade a reply; `tests` are the row's, if they are not data in agentprop's own form."""
    sandbox = worker_sandbox()
    judges = partial(program_judge, {} if tests is None else {problem.id: tests}, sandbox)
    return asyncio.run(ReplyGrader(sandbox, judges)(problem, text))


# --- in the stage ---


@contextmanager
def grading_workers(config: StageConfig) -> Iterator[Executor | None]:
    """Open the workers of a cluster, or as many processes as the settings name; None means threads of this process."""
    with worker_executor(config.workers, prepare, (config.allow_weak_sandbox,)) as executor:
        yield executor


def grader(executor: Executor | None, tests: Mapping[str, ProgramTests]) -> Grader | None:
    """Return what has the workers grade a reply; `tests` are looked up when a reply is there. None without workers."""
    return None if executor is None else partial(_graded, executor, tests.get)


async def _graded(
    executor: Executor, tests: Callable[[str], ProgramTests | None], problem: Problem, text: str
) -> Grade:
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(executor, grade, problem, tests(problem.id), text)
    except WorkerLost as lost:
        return Grade("internal", died(str(lost)).told)
