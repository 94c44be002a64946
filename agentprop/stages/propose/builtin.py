"""Batches → candidates: the protocol of a source of candidates, and the built-in proposer in worker processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from agentprop.agent.candidates import CandidateMaker
from agentprop.agent.sources import own_sources
from agentprop.boundary import died
from agentprop.engine import Parts, WorkerDied, flattened, ordered_map, usual_workers
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.stages.common.plan import CandidateBatch, Plan
from agentprop.stages.propose.digest import Digest, digests
from agentprop.stages.propose.ledger import BATCH, Ledger

FEWEST = 4
"""Least number of candidates of a batch."""
WORTH_COMPILING = 96
"""Problems from which on a worker's sandbox compiles the library once, and not again for every process."""
CANDIDATES_PER_OWED = 1.25
"""Candidates that are made at once for each problem that is owed, all workers together."""


class CandidateSource(Protocol):
    """A source of candidates: a proposer with its processes."""

    bound: str
    """The bound that ended the candidates, if one of the source's own did."""
    awaited: str
    """What is under way when a person asks it to stop."""

    def results(self, limit: int, stop: Callable[[], bool], idle: Callable[[], None]) -> Iterator[list[Digest]]:
        """Yield the candidates up to a limit, some at a time, in order, as the caller commits them."""
        ...

    def progress(self, seconds: float, *, quiet: bool) -> str:
        """A note on the progress of a session that has lasted so long."""
        ...

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """Cost part of the summary."""
        ...


class BuiltinSource:
    """The built-in proposer in worker processes."""

    bound = ""
    awaited = "the candidates under way"

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self.plan, self.ledger = plan, ledger
        self._before = ledger.accepted
        self._workers = plan.config.workers or usual_workers()

    def results(self, limit: int, stop: Callable[[], bool], idle: Callable[[], None]) -> Iterator[list[Digest]]:
        """Yield the candidates of each batch, in order."""
        made = ordered_map(
            make,
            self._batches(limit),
            workers=self._workers,
            window=self.ledger.window,
            initializer=prepare,
            initargs=(self.plan,),
            stop=stop,
            idle=idle,
            split=CandidateBatch.split,
        )
        yield from surviving(made)

    def _batches(self, limit: int) -> Iterator[CandidateBatch]:
        first = self.ledger.next
        while (batch := self.ledger.batch(first, limit, self._size())) is not None:
            yield batch
            first = batch.indices.stop - self.ledger.offset

    def _size(self) -> int:
        """Candidates of the next batch: few if few problems are owed, so that a small run ends early.

        Which candidates are made, and in which order they count, does not depend on it.
        """
        if self.plan.config.partitions > 1:
            return BATCH
        return min(BATCH, max(FEWEST, math.ceil(CANDIDATES_PER_OWED * self.ledger.owed / self._workers)))

    def progress(self, seconds: float, *, quiet: bool) -> str:
        """Share of the candidates that were accepted, and the speed of this session, without what it found done."""
        share = self.ledger.accepted / max(self.ledger.counts["candidates"], 1)
        speed = (self.ledger.accepted - self._before) / max(seconds, 1e-9)
        return f"{share:.0%} of candidates · {speed:.{0 if speed >= 10 else 1}f}/s"

    def spending(self, accepted: int, target: int) -> dict[str, Any]:
        """Cost part of the summary: nothing."""
        return {}


def surviving(made: Iterator[list[Digest] | WorkerDied | Parts]) -> Iterator[list[Digest]]:
    """The candidates of each batch; one that takes its worker along, twice by itself, has failed."""
    return flattened(made, _lost)


def _lost(lost: WorkerDied) -> list[Digest]:
    return [Digest(index, "", failure=died(lost.message)) for index in lost.item.indices]


# --- in the worker ---

_maker: CandidateMaker | None = None


def prepare(plan: Plan) -> None:
    """Set up a worker: its planner and its own sandbox."""
    global _maker  # one per process, set up once by the engine's initializer
    config, planner = plan.config, plan.planner()
    sources = own_sources(planner.library) if config.n >= WORTH_COMPILING else None
    sandbox = Sandbox(preload=(), slots=1, sources=sources, allow_weak=config.allow_weak_sandbox)
    executor = Executor(sandbox)
    _maker = CandidateMaker(
        planner,
        plan.curriculum,
        executor,
        plan.rules,
        config.seed,
        plan.judges,
        tries=config.tries,
        variety=plan.variety,
    )


def make(batch: CandidateBatch) -> list[Digest]:
    """Make the candidates of a batch."""
    assert _maker is not None  # the engine ran prepare()
    return digests(_maker.batch(batch.indices, batch.mastery, batch.fresh))
