"""Problems → verdicts of one verifier that needs no model: on all cores, or a program's own in a thread beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agentprop.boundary import died
from agentprop.config import VerifyConfig
from agentprop.engine import WorkerDied, batched, each_alone, flattened, ordered_map, usual_workers
from agentprop.grading.judgement import LocalVerifier
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.common.local_judge import JudgedProblem, LocalJudge, failed

BATCH = 64
WINDOW = 8
TOGETHER = 8
"""Problems that a program's own verifier is given at a time."""
PATIENCE_S = 0.25
"""Seconds between looks at whether the run is to stop."""

# --- in the worker ---

_worker: LocalJudge | None = None


def prepare(name: str, library: dict[str, Package], allow_weak: bool) -> None:
    """Set up a worker process with its own sandbox."""
    global _worker  # one per process, set up once by the engine's initializer
    _worker = LocalJudge(library, Executor(Sandbox(preload=(), slots=1, allow_weak=allow_weak)), name)


def judge(items: Sequence[ProblemItem]) -> list[JudgedProblem]:
    """Judge a batch."""
    assert _worker is not None  # the engine ran prepare()
    return asyncio.run(_worker.judge_all(items))


# --- in the stage ---


@dataclass(frozen=True)
class Workers:
    """Worker processes that judge batches."""

    config: VerifyConfig
    library: dict[str, Package]

    def results(
        self, items: Iterable[ProblemItem], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[JudgedProblem]]:
        """Yield the judged problems, in order."""
        judged = ordered_map(
            judge,
            batched(items, BATCH),
            workers=self.config.workers or usual_workers(),
            window=WINDOW,
            initializer=prepare,
            initargs=(self.config.verifier[0], self.library, self.config.allow_weak_sandbox),
            stop=stop,
            idle=idle,
            split=each_alone,
        )
        return flattened(judged, self._lost)

    def _lost(self, lost: WorkerDied) -> list[JudgedProblem]:
        return [failed(self.config.verifier[0], item, died(lost.message)) for item in lost.item]

    def spending(self, counts: Any) -> dict[str, Any]:
        """Cost part of the summary: nothing."""
        return {}


@dataclass(frozen=True)
class OwnThread:
    """A program's own verifier, which other processes could not be given: a few problems at a time, in one thread."""

    judge: LocalJudge
    thread: ThreadPoolExecutor

    @classmethod
    @contextmanager
    def opened(cls, config: VerifyConfig, library: dict[str, Package], verifier: LocalVerifier) -> Iterator[OwnThread]:
        """Open it with a sandbox."""
        with (
            Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox,
            ThreadPoolExecutor(1, "agentprop-verify") as thread,
        ):
            yield cls(LocalJudge(library, Executor(sandbox), config.verifier[0], verifier=verifier), thread)

    def results(
        self, items: Iterable[ProblemItem], stop: Callable[[], bool], idle: Callable[[], None]
    ) -> Iterator[list[JudgedProblem]]:
        """Yield the judged problems, in order."""
        for batch in batched(items, TOGETHER):
            if stop():
                return
            judged = self.thread.submit(asyncio.run, self.judge.judge_all(batch))
            while not judged.done():
                idle()
                wait([judged], PATIENCE_S)
            yield judged.result()

    def spending(self, counts: Any) -> dict[str, Any]:
        """Cost part of the summary: unknown here."""
        return {}
