"""Problems → difficulties, by attempts of language models, from a run directory or from a pipe.

What is owed is k attempts at every problem, less those that are stored. Attempts of one problem are stored together, so
a resumed run goes on with whole problems, and buys no reply again that was paid for; asking for more attempts than were
made makes those that are missing. Of several difficulties of a problem the last one counts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from agentprop import __version__
from agentprop.config import ProbeConfig
from agentprop.engine import Interruption
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import BoundReached, ConfigError
from agentprop.grading.difficulty import AttemptCounts, Band, due
from agentprop.grading.prober_pool import PoolState, SwitchRule, Turns
from agentprop.grading.probers import Prober
from agentprop.models.chat import Sampling
from agentprop.models.failures import ModelFailure, ModelOutage
from agentprop.models.settings import ModelSettings
from agentprop.prompts import prompt_hash
from agentprop.records import Attempt, MadeBy, PipedProblem, Problem, Record, Reject
from agentprop.sandbox import Sandbox
from agentprop.stages.common.feed import ThreadedSource
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import RoleModels, roles
from agentprop.stages.common.progress import Progress
from agentprop.stages.probe.results import Probed, ProbeTotals, difficulty, fate, reject
from agentprop.stages.probe_items import Intake, Item, take_in
from agentprop.storage import StreamWriter
from agentprop.storage.run import Run

WINDOW = 128
"""Problems under way; fixed, because a new prober comes in so many problems after it was decided on."""


def run(config: ProbeConfig, source: str, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Probe every problem of a run directory, or of the stream on stdin where the source is `-`."""
    if config.temperature == 0 and config.k > 1:
        raise ConfigError("at temperature 0 all attempts are one", hint="raise the temperature, or give --k 1")
    intake = take_in(source, limit=config.limit, nested=out == "-")
    with (
        _outlet(config, out, fresh, intake) as sink,
        roles(sink.folder, _parts(config), max_cost=config.max_cost, max_tokens=config.max_tokens) as cast,
        Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox,
    ):
        probing = Probing(config, probers_of(config, cast, sandbox), sink.known(), sink.pool)
        totals = ProbeTotals(config, probing.probers)

        def summary() -> dict[str, Any]:
            return {**totals.summary(), "spending": _spending(cast, totals, intake.total)}

        try:
            _loop(probing, intake, sink, totals, cast, quiet)
        except (BoundReached, ModelOutage):
            sink.finish(summary(), complete=False)
            raise
        sink.finish(summary(), complete=True)
    return summary()


def _loop(probing: Probing, intake: Intake, sink: _Sink, totals: ProbeTotals, cast: RoleModels, quiet: bool) -> None:
    """Probe and commit in order. Raises KeyboardInterrupt when it was asked to stop."""
    feed = ThreadedSource(intake.items)
    with Interruption() as stop, Progress("probe", intake.total, quiet=quiet) as bar:
        try:
            for probed in probing.results(feed, stop, sink.tick, cast):
                probing.close(probed)
                totals.add(probed)
                sink.add(probed, probing)
                bar.update(done=totals.counts["problems"], note=f"mean pass rate {totals.mean:.2f}")
        finally:
            feed.close()
        if stop():
            raise KeyboardInterrupt


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
    drawn = replace(sampling, max_tokens=sampling.max_tokens or settings.max_tokens)
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
        """Make the attempts that are owed."""
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
            rate = probed.tally.rate if probed.failure is None else None
            self.pool = self.pool.advanced(self.rule, probed.prober, rate)


# --- where records go ---


class _Sink(Protocol):
    """A run directory or a pipe."""

    @property
    def folder(self) -> Path | None:
        """Where the replies of models are kept; None for a pipe."""
        ...

    @property
    def pool(self) -> PoolState:
        """How far the pool had come."""
        ...

    def known(self) -> dict[tuple[str, str], AttemptCounts]:
        """The attempts that are stored."""
        ...

    def add(self, probed: Probed, probing: Probing) -> None: ...

    def tick(self) -> None: ...

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None: ...


class _Directory:
    """Difficulties, attempts and rejects in a run directory that can be resumed."""

    def __init__(self, run: Run, band: Band | None) -> None:
        self.run, self.band = run, band
        self.folder: Path | None = run.path / MODELS
        self.pool = PoolState.restored(run.state.get("pool"))
        self._stored = run.done_ids(Problem)
        self._refused = run.done_ids(Reject)

    def known(self) -> dict[tuple[str, str], AttemptCounts]:
        """The attempts that are stored."""
        tallies: dict[tuple[str, str], AttemptCounts] = {}
        for row in self.run.iter_rows(Attempt, ["problem_id", "verifier", "code"]):
            key = (row["problem_id"], row["verifier"])
            tallies[key] = tallies.get(key, AttemptCounts()).plus([row["code"]])
        return tallies

    def add(self, probed: Probed, probing: Probing) -> None:
        """Store what is new of a problem, and how far the pool is; where nothing is new, nothing is written."""
        new = self._new(probed, probing.probers[probed.prober])
        for record in new:
            self.run.add(record)
        if new or probing.pool != self.pool:
            self.pool = probing.pool
            self.run.commit({"pool": self.pool.stored()})

    def _new(self, probed: Probed, prober: Prober) -> list[Record]:
        new: list[Record] = [*self._piped(probed.item.piped), *probed.attempts]
        measured = difficulty(probed, prober) if probed.attempts else None
        refused = reject(probed, self.band)
        if refused is not None and refused.id not in self._refused:
            self._refused.add(refused.id)
            new.append(refused)
        return new if measured is None else [*new, measured]

    def _piped(self, piped: PipedProblem | None) -> list[Record]:
        """What came through a pipe is kept, so that the run can be read without the one that made it."""
        if piped is None or piped.problem.id in self._stored:
            return []
        self._stored.add(piped.problem.id)
        return [piped.problem] if piped.trajectory is None else [piped.problem, piped.trajectory]

    def tick(self) -> None:
        self.run.tick()

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        if complete:
            self.run.finish(summary)
        else:
            self.run.summarise(summary)


class _Pipe:
    """The accepted problems, passed on as they came."""

    folder: Path | None = None
    pool = PoolState()

    def __init__(self, writer: StreamWriter, band: Band | None) -> None:
        self.writer, self.band = writer, band

    def known(self) -> dict[tuple[str, str], AttemptCounts]:
        """Nothing is stored."""
        return {}

    def add(self, probed: Probed, probing: Probing) -> None:
        """Pass a problem on, or not."""
        if fate(probed, self.band)[0] == "accepted" and probed.item.piped is not None:
            self.writer.write(probed.item.piped)

    def tick(self) -> None:
        self.writer.tick()

    def finish(self, summary: dict[str, Any], *, complete: bool) -> None:
        self.writer.send()


@contextmanager
def _outlet(config: ProbeConfig, out: str, fresh: bool, intake: Intake) -> Iterator[_Sink]:
    """Open or resume a run directory, or stdout where `out` is `-`."""
    band = Band.of(config.band)
    if out == "-":
        with StreamWriter(sys.stdout.buffer, PipedProblem) as writer:
            yield _Pipe(writer, band)
        return
    with Run.open(
        out,
        "probe",
        config,
        fresh=fresh,
        outside_identity=config.outside_identity,
        inputs=intake.inputs,
        folders=(MODELS,),
    ) as run:
        yield _Directory(run, band)
