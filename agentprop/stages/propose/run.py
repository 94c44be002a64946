"""Skills → accepted problems.

Candidates are made in batches by worker processes; this process commits them in index order, so that acceptance,
deduplication, mastery and the files are the same for any number of workers, and for a run that was killed and resumed.
Memory: one window of batches, and two digests of eight bytes per accepted problem.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agentprop.config import ProposeConfig
from agentprop.engine import Interruption
from agentprop.errors import BoundReached, TooManyFailures
from agentprop.stages.common.benchmarks import open_benchmarks
from agentprop.stages.common.library import gather
from agentprop.stages.common.plan import CandidateBatch, Plan, plan_of
from agentprop.stages.common.progress import Progress
from agentprop.stages.common.sink import Sink
from agentprop.stages.propose.builtin import BuiltinSource, CandidateSource
from agentprop.stages.propose.ledger import BATCH, Ledger
from agentprop.stages.propose.models import conversations, window_of
from agentprop.stages.propose.sinks import open_sink, passed_on

CANDIDATES_PER_PROBLEM = 20
"""Default bound on candidates: this many for each problem asked for, plus a thousand."""


def run(config: ProposeConfig, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Propose until `config.n` problems are accepted. Raises BoundReached if a bound comes first."""
    plan = plan_of(config, gather(config.skills, bundled=config.bundled_skills))
    ledger = Ledger(config, plan.curriculum, open_benchmarks(config), window_of(config))
    with (
        open_sink(plan, out, fresh, ledger) as sink,
        _proposing(plan, sink.folder, ledger.window) as source,
    ):

        def summary() -> dict[str, Any]:
            return {**ledger.summary(), "target": config.n, **source.spending(ledger.accepted, config.n)}

        try:
            bound = _loop(plan, source, ledger, sink, quiet) if ledger.accepted < config.n else None
        except TooManyFailures:
            sink.finish(summary(), complete=False)
            raise
        told = summary()
        sink.finish(told, complete=bound is None)
    if bound is not None:
        raise BoundReached(
            f"stopped at {bound} with {ledger.accepted} of {config.n} problems accepted",
            hint="raise the bound and run the same command again; it continues from here",
        )
    return told


def _loop(plan: Plan, source: CandidateSource, ledger: Ledger, sink: Sink, quiet: bool) -> str | None:
    """Make and commit batches until the target or a bound; returns the bound that was reached, if any."""
    config, started = plan.config, time.monotonic()
    limit = config.max_candidates or CANDIDATES_PER_PROBLEM * config.n + 1000
    reached, begun = f"--max-candidates {limit}", ledger.next
    if begun >= limit:
        return reached

    def batches() -> Iterator[CandidateBatch]:
        """Yield the batches up to the bound."""
        for number in range(begun // BATCH, math.ceil(limit / BATCH)):
            first = number * BATCH
            yield CandidateBatch(range(max(first, begun), min(first + BATCH, limit)), ledger.mastery_for(number))

    with Interruption() as stop, Progress("propose", config.n, quiet=quiet) as bar:
        bar.update(done=ledger.accepted)
        for result in source.results(batches(), stop, sink.tick):
            for candidate in result:
                if ledger.accepted < config.n:
                    records = ledger.commit(candidate)
                    sink.add(records, passed_on(records, plan.library))
            if ledger.next % BATCH == 0:
                ledger.close_batch()
            sink.commit(ledger.state())
            rate = ledger.accepted / max(ledger.counts["candidates"], 1)
            speed = (ledger.accepted) / max(time.monotonic() - started, 1e-9)
            bar.update(done=ledger.accepted, note=f"{rate:.0%} of candidates · {speed:.0f}/s")
            ledger.tolerance.check()
            if ledger.accepted >= config.n:
                return None
            if ledger.next >= limit:
                return reached
            if config.max_minutes is not None and time.monotonic() - started > 60 * config.max_minutes:
                return f"--max-minutes {config.max_minutes:g}"
        if stop():
            raise KeyboardInterrupt
    return None


@contextmanager
def _proposing(plan: Plan, folder: Path | None, window: int) -> Iterator[CandidateSource]:
    if plan.config.proposer == "builtin":
        yield BuiltinSource(plan)
        return
    with conversations(plan, folder, window) as source:
        yield source
