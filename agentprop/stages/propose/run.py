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
from agentprop.stages.common.partitions import finished, owed_rounds, part_of
from agentprop.stages.common.plan import Plan, plan_of
from agentprop.stages.common.progress import Progress
from agentprop.stages.common.sink import Sink
from agentprop.stages.propose.builtin import BuiltinSource, CandidateSource
from agentprop.stages.propose.giving_up import given_up, hopeless, repetition
from agentprop.stages.propose.goal import goal_of
from agentprop.stages.propose.ledger import BATCH, Ledger
from agentprop.stages.propose.models import conversations, window_of
from agentprop.stages.propose.own_policy import PolicyMaker, PolicySource
from agentprop.stages.propose.sinks import open_sink, passed_on

CANDIDATES_PER_PROBLEM, FURTHER_CANDIDATES = 20, 1000
"""Default bound on candidates: this many for each problem asked for, and this many more."""


def run(
    config: ProposeConfig, out: str, *, fresh: bool = False, quiet: bool = False, policy: PolicyMaker | None = None
) -> dict[str, Any]:
    """Propose until `config.n` problems are accepted. Raises BoundReached if a bound comes first.

    With a `policy` a program's own proposer takes the place of the one that the settings name.
    """
    given, out = part_of(config, out)
    rounds = owed_rounds(out) if given.partitions > 1 else 0
    if not fresh and (done := _finished(given, out, rounds)) is not None:
        return done
    config = goal_of(given)
    plan = plan_of(config, gather(config.skills, bundled=config.bundled_skills))
    window = config.window if policy else window_of(config)
    ledger = Ledger(config, plan.curriculum, open_benchmarks(config), once=plan.once, window=window, rounds=rounds)
    with (
        open_sink(plan, given, out, fresh, ledger) as sink,
        _proposing(plan, sink.folder, ledger, policy) as source,
    ):

        def summary() -> dict[str, Any]:
            return {
                **ledger.summary(),
                **_part(ledger),
                "target": config.n,
                **source.spending(ledger.accepted, config.n),
            }

        try:
            ended = None if ledger.done else _loop(plan, source, ledger, sink, quiet)
        except (TooManyFailures, BoundReached):
            sink.finish(summary(), complete=False)
            raise
        told = summary()
        sink.finish(told, complete=ledger.done)
    if ended is not None:
        raise ended
    return told


def _finished(config: ProposeConfig, out: str, rounds: int) -> dict[str, Any] | None:
    """Summary of a part that owes nothing, which is all that such a part is asked for."""
    stored = finished(config, out)
    summary = stored.summary if stored is not None else None
    return summary if summary is not None and summary["rounds"] >= rounds else None


def _loop(plan: Plan, source: CandidateSource, ledger: Ledger, sink: Sink, quiet: bool) -> AgentpropError | None:
    """Make and commit candidates until the target, a bound or a pilot's end; returns what ended the run too early."""
    config, started = plan.config, time.monotonic()
    limit = limit_of(config, ledger.rounds)
    if ledger.next >= limit:
        return _at_limit(config, ledger)
    with Interruption(source.awaited) as stop, Progress("propose", config.n, quiet=quiet) as bar:
        bar.update(done=ledger.accepted)
        for result in source.results(limit, stop, sink.tick):
            for candidate in result:
                if not ledger.done:
                    records = ledger.commit(candidate)
                    sink.add(records, passed_on(records, plan.library))
            if ledger.next % BATCH == 0:
                ledger.close_batch()
            seconds = time.monotonic() - started
            note = source.progress(seconds, quiet=quiet)  # first: the state holds the first forecast
            sink.commit(ledger.state())
            bar.update(done=ledger.accepted, note=note)
            ledger.tolerance.check()
            if ledger.done:
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


def _part(ledger: Ledger) -> dict[str, Any]:
    """What the summary of a part says of its place in the whole."""
    config = ledger.config
    if config.partitions == 1:
        return {}
    return {"partition": config.partition, "partitions": config.partitions, "rounds": ledger.next // BATCH}


def limit_of(config: ProposeConfig, rounds: int = 0) -> int:
    """The most candidates of a run; for a part whole batches, and without a bound as many as it owes."""
    limit = config.max_candidates or CANDIDATES_PER_PROBLEM * config.n + FURTHER_CANDIDATES
    if config.partitions > 1:
        owed = 1 if config.max_candidates else max(rounds, 1)
        return max(limit // BATCH, owed) * BATCH
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
def _proposing(
    plan: Plan, folder: Path | None, ledger: Ledger, policy: PolicyMaker | None
) -> Iterator[CandidateSource]:
    if policy is not None:
        with PolicySource.opened(plan, ledger, policy) as own:
            yield own
        return
    if plan.config.proposer == "builtin":
        yield BuiltinSource(plan, ledger)
        return
    with conversations(plan, folder, ledger) as source:
        yield source
