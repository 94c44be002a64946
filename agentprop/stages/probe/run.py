"""Problems → difficulties, by attempts of language models, from a run directory or from a pipe.

What is owed is k attempts at every problem, less those that are stored. Attempts of one problem are stored together, so
a resumed run goes on with whole problems, and buys no reply again that was paid for; asking for more attempts than were
made makes those that are missing. Of several difficulties of a problem the last one counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from agentprop import __version__
from agentprop.boundary import RecordFailure, contained_async
from agentprop.config import ProbeConfig
from agentprop.engine import Interruption
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import BoundReached, ConfigError, TooManyFailures
from agentprop.grading.difficulty import AttemptCounts, Band, due
from agentprop.grading.prober_pool import PoolState, SwitchRule, Turns
from agentprop.grading.probers import Prober
from agentprop.models.chat import Sampling
from agentprop.models.failures import ModelFailure, ModelOutage
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.prompts import prompt_hash
from agentprop.records import Attempt, MadeBy, Problem
from agentprop.sandbox import Sandbox
from agentprop.stages.common.feed import ThreadedSource
from agentprop.stages.common.intake import Intake, Item
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import RoleModels, roles
from agentprop.stages.common.progress import Progress
from agentprop.stages.common.sink import DirectorySink, PipeSink, Sink
from agentprop.stages.probe.problems import problems_of
from agentprop.stages.probe.results import Probed, ProbeTotals
from agentprop.stages.probe.stored import StoredProbes, passed_on
from agentprop.storage.run import Run

WINDOW = 128
"""Problems under way; fixed, because a new prober comes in so many problems after it was decided on."""


def run(config: ProbeConfig, source: str, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Probe every problem of a run directory, or of the stream on stdin where the source is `-`."""
    if config.temperature == 0 and config.k > 1:
        raise ConfigError("at temperature 0 all attempts are one", hint="raise the temperature, or give --k 1")
    for name in config.prober:
        resolve(name)  # what cannot be used is refused before it is stored
    owed = problems_of(source, limit=config.limit, nested=out == "-")
    with (
        _open_sink(config, out, fresh, owed.inputs) as (sink, kept),
        roles(sink.folder, _parts(config), max_cost=config.max_cost, max_tokens=config.max_tokens) as cast,
        Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox,
    ):
        probing = Probing(config, probers_of(config, cast, sandbox), kept.tallies, kept.pool)
        totals = ProbeTotals(config, probing.probers)

        def summary() -> dict[str, Any]:
            return {**totals.summary(), "spending": _spending(cast, totals, owed.total)}

        try:
            _loop(probing, owed, sink, kept, totals, cast, quiet)
        except (BoundReached, ModelOutage, TooManyFailures):
            sink.finish(summary(), complete=False)
            raise
        sink.finish(summary(), complete=True)
    return summary()


def _loop(
    probing: Probing, owed: Intake, sink: Sink, kept: StoredProbes, totals: ProbeTotals, cast: RoleModels, quiet: bool
) -> None:
    """Probe and commit in order. Raises KeyboardInterrupt when it was asked to stop."""
    band = Band.of(probing.config.band)
    feed = ThreadedSource(owed.items)
    with Interruption() as stop, Progress("probe", owed.total, quiet=quiet) as bar:
        try:
            for probed in probing.results(feed, stop, sink.tick, cast):
                probing.close(probed)
                totals.add(probed)
                new = kept.new(probed, probing.probers[probed.prober], band)
                sink.add(new, partial(passed_on, probed, band))
                if new or probing.pool != kept.pool:  # if nothing is new, nothing is written
                    kept.pool = probing.pool
                    sink.commit({"pool": kept.pool.stored()})
                bar.update(done=totals.counts["problems"], note=f"mean pass rate {totals.mean:.2f}")
                totals.tolerance(owed.total).check()
        finally:
            feed.close()
        if stop():
            raise KeyboardInterrupt
        totals.tolerance(owed.total).check(over=True)


def _spending(cast: RoleModels, totals: ProbeTotals, total: int | None) -> dict[str, Any]:
    """What was spent; the projection goes by the problems looked at, not by those that passed."""
    projected = cast.meter.total().projected(totals.counts["problems"], total) if total else None
    return {**cast.spending(totals.counts["accepted"]), "projected_cost": projected}


# --- who probes ---


def _parts(config: ProbeConfig) -> dict[str, str]:
    """Role → MODEL; the first of a pool is the prober, the others are numbered from 2."""
    return {f"prober-{i}" if i > 1 else "prober": name for i, name in enumerate(config.prober, 1)}


def probers_of(config: ProbeConfig, cast: RoleModels, sandbox: Sandbox) -> list[Prober]:
    """The pool, weak → strong."""
    sampling = Sampling(temperature=config.temperature, top_p=config.top_p, max_tokens=config.reply_tokens)
    return [_prober(cast, part, sampling, sandbox) for part in _parts(config)]


def _prober(cast: RoleModels, part: str, sampling: Sampling, sandbox: Sandbox) -> Prober:
    settings = cast.settings[part]
    drawn = replace(sampling, max_tokens=sampling.max_tokens or settings.reply_tokens)
    told = {"temperature": drawn.temperature, "top_p": drawn.top_p, "max_tokens": drawn.max_tokens}
    extra = {"extra_body": settings.extra_body} if settings.extra_body else {}
    made_by = MadeBy(
        name=settings.model,
        revision=settings.revision,
        sampling=json.dumps({**told, **extra}, sort_keys=True),
        prompt_hash=prompt_hash("prober"),
        version=__version__,
    )
    return Prober(cast[part], name_of(settings), drawn, made_by, sandbox)


def name_of(settings: ModelSettings) -> str:
    """Model, place and revision, the same in every session."""
    revision = settings.revision
    known = revision is None or settings.identity.endswith(f"@{revision}")
    return settings.identity if known else f"{settings.identity}#{revision}"


# --- probing ---


@dataclass
class Probing:
    """The pool at work: who probes which problem, and how far each problem is."""

    config: ProbeConfig
    probers: list[Prober]
    known: dict[tuple[str, str], AttemptCounts]
    """(problem, prober) → the attempts that are stored."""
    pool: PoolState = field(default_factory=PoolState)
    turns: Turns = field(default_factory=Turns)
    taken: int = 0

    @property
    def window(self) -> int:
        """Problems under way at most: no more than between two decisions about the pool."""
        return min(WINDOW, self.config.switch_every)

    @property
    def rule(self) -> SwitchRule:
        """When the next prober takes over."""
        config = self.config
        return SwitchRule(
            len(self.probers), config.switch_every, config.switch_below, config.switch_samples, lag=self.window
        )

    def results(
        self, feed: ThreadedSource[Item], stop: Callable[[], bool], idle: Callable[[], None], cast: RoleModels
    ) -> Iterator[Probed]:
        """The probed problems, in order."""

        async def next_one() -> Probed | None:
            item = await feed.take()
            return None if item is None else await self._probe(item, *self._turn(item.problem))

        def batches() -> Iterator[int]:
            while not feed.ended:
                yield 1

        for found in ordered_rolling(
            lambda size: [next_one] * size,
            batches(),
            concurrency=self.window,
            window=self.window,
            stop=stop,
            idle=idle,
            close=cast.aclose,
        ):
            yield from (probed for probed in found if probed is not None)

    def _turn(self, problem: Problem) -> tuple[int, int]:
        """(problem number, prober) of the problem that was just taken."""
        number = self.taken
        self.taken += 1
        return number, self.turns.next(number, problem.task_id, self.pool)

    async def _probe(self, item: Item, number: int, place: int) -> Probed:
        """Make the attempts that are owed; a problem that fails is no other one's concern."""
        tally = self.known.get((item.problem.id, self.probers[place].name), AttemptCounts())

        def failed(failure: RecordFailure) -> Probed:
            return Probed(item, number, place, tally, unexpected=failure)

        return await contained_async(partial(self._tried, item, number, place), failed)

    async def _tried(self, item: Item, number: int, place: int) -> Probed:
        prober, band, problem = self.probers[place], Band.of(self.config.band), item.problem
        tally = self.known.get((problem.id, prober.name), AttemptCounts())
        made: list[Attempt] = []
        try:
            while count := due(tally, self.config.k, band):
                new = await prober.attempts(problem, tally.made, count)
                made += new
                tally = tally.plus(attempt.code for attempt in new)
        except ModelFailure as failure:
            return Probed(item, number, place, tally, tuple(made), failure=failure.message)
        return Probed(item, number, place, tally, tuple(made))

    def close(self, probed: Probed) -> None:
        """Tell the pool; a problem that an earlier session told it about is not told again."""
        if probed.number == self.pool.problems:
            rate = probed.tally.rate if probed.failure is None and probed.unexpected is None else None
            self.pool = self.pool.advanced(self.rule, probed.prober, rate)


# --- where records go ---


@contextmanager
def _open_sink(
    config: ProbeConfig, out: str, fresh: bool, inputs: Mapping[str, str]
) -> Iterator[tuple[Sink, StoredProbes]]:
    """A run directory, opened or resumed, or stdout if `out` is `-`; and what is stored there already."""
    if out == "-":
        with PipeSink.open() as sink:
            yield sink, StoredProbes()
        return
    with Run.open(out, "probe", config, fresh=fresh, inputs=inputs, folders=(MODELS,)) as run:
        yield DirectorySink(run), StoredProbes.of(run)
