"""Skills → accepted problems.

Candidates are made in batches by worker processes; this process commits them in index order, so that acceptance,
deduplication, mastery and the files are the same for any number of workers, and for a run that was killed and resumed.
Memory: one window of batches, and two digests of eight bytes per accepted problem.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agentprop.config import ProposeConfig
from agentprop.engine import Interruption
from agentprop.errors import AgentpropError, BoundReached, TooManyFailures
from agentprop.stages.common.benchmarks import open_benchmarks
from agentprop.stages.common.library import gather
from agentprop.stages.common.plan import Plan, plan_of
from agentprop.stages.common.progress import Progress
from agentprop.stages.common.sink import Sink
from agentprop.stages.propose.builtin import BuiltinSource, CandidateSource
from agentprop.stages.propose.giving_up import given_up, hopeless, repetition
from agentprop.stages.propose.ledger import BATCH, Ledger
from agentprop.stages.propose.models import conversations, window_of
from agentprop.stages.propose.sinks import open_sink, passed_on

CANDIDATES_PER_PROBLEM, FURTHER_CANDIDATES = 20, 1000
"""Default bound on candidates: this many for each problem asked for, and this many more."""


def run(config: ProposeConfig, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Propose until `config.n` problems are accepted. Raises BoundReached if a bound comes first."""
    plan = plan_of(config, gather(config.skills, bundled=config.bundled_skills))
    ledger = Ledger(config, plan.curriculum, open_benchmarks(config), plan.once, window_of(config))
    with (
        open_sink(plan, out, fresh, ledger) as sink,
        _proposing(plan, sink.folder, ledger) as source,
    ):

        def summary() -> dict[str, Any]:
            return {**ledger.summary(), "target": config.n, **source.spending(ledger.accepted, config.n)}

        try:
            ended = _loop(plan, source, ledger, sink, quiet) if ledger.accepted < config.n else None
        except (TooManyFailures, BoundReached):
            sink.finish(summary(), complete=False)
            raise
        told = summary()
        sink.finish(told, complete=ledger.accepted >= config.n)
    if ended is not None:
        raise ended
    return told


def _loop(plan: Plan, source: CandidateSource, ledger: Ledger, sink: Sink, quiet: bool) -> AgentpropError | None:
    """Make and commit candidates until the target, a bound or a pilot's end; returns what ended the run too early."""
    config, started = plan.config, time.monotonic()
    limit = limit_of(config)
    if ledger.next >= limit:
        return _at_limit(config, ledger)
    with Interruption() as stop, Progress("propose", config.n, quiet=quiet) as bar:
        bar.update(done=ledger.accepted)
        for result in source.results(limit, stop, sink.tick):
            for candidate in result:
                if ledger.accepted < config.n:
                    records = ledger.commit(candidate)
                    sink.add(records, passed_on(records, plan.library))
            if ledger.next % BATCH == 0:
                ledger.close_batch()
            seconds = time.monotonic() - started
            note = source.progress(seconds, quiet=quiet)  # first: the state holds the first forecast
            sink.commit(ledger.state())
            bar.update(done=ledger.accepted, note=note)
            ledger.tolerance.check()
            if ledger.accepted >= config.n:
                return None
            if hopeless(ledger, limit):
                return given_up(ledger)
            if ledger.next >= limit:
                return _at_limit(config, ledger)
            if config.max_minutes is not None and seconds > 60 * config.max_minutes:
                return stopped_at(f"--max-minutes {config.max_minutes:g}", ledger)
        if stop():
            raise KeyboardInterrupt
    return stopped_at(source.bound, ledger)


def limit_of(config: ProposeConfig) -> int:
    """The most candidates of a run."""
    limit = config.max_candidates or CANDIDATES_PER_PROBLEM * config.n + FURTHER_CANDIDATES
    return limit if config.pilot is None else min(limit, config.pilot)


def _at_limit(config: ProposeConfig, ledger: Ledger) -> AgentpropError | None:
    """What ends a run at its last candidate; nothing if it is a pilot's."""
    if config.pilot is not None and ledger.next >= config.pilot:
        return None
    if config.max_candidates is not None:
        return stopped_at(f"--max-candidates {config.max_candidates}", ledger)
    each, more = CANDIDATES_PER_PROBLEM, FURTHER_CANDIDATES
    default = f"{limit_of(config)} candidates, the default limit ({each} for each problem asked for, and {more:,} more)"
    again = "set --max-candidates and run the same command again; it continues from here"
    return stopped_at(default, ledger, hint=repetition(ledger) or again)


def stopped_at(
    bound: str, ledger: Ledger, hint: str = "raise the bound and run the same command again; it continues from here"
) -> BoundReached:
    """The error of a run that a bound ended."""
    return BoundReached(f"stopped at {bound} with {ledger.accepted} of {ledger.config.n} problems accepted", hint=hint)


@contextmanager
def _proposing(plan: Plan, folder: Path | None, ledger: Ledger) -> Iterator[CandidateSource]:
    if plan.config.proposer == "builtin":
        yield BuiltinSource(plan, ledger)
        return
    with conversations(plan, folder, ledger) as source:
        yield source
