"""Problems → difficulties, by attempts of language models, from runs, files of others, and pipes.

The work to do is k attempts at every problem, less those that are stored. Attempts at one problem are stored together,
so a resumed run goes on with whole problems and pays for no reply twice; a larger k makes the missing attempts. Of
several difficulties of a problem the last one counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from agentprop import __version__
from agentprop.boundary import RecordFailure, contained_async
from agentprop.composition.calibration import calibrate
from agentprop.config import ProbeConfig
from agentprop.engine import Interruption
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import BoundReached, ConfigError, TooManyFailures
from agentprop.grading.difficulty import AttemptCounts, Band, attempts_due
from agentprop.grading.prober_pool import PoolState, ProberSchedule, SwitchRule
from agentprop.grading.probers import Grader, Prober, ProgramJudge, prompts_hash
from agentprop.grading.program_check import program_judge
from agentprop.grading.program_tests import ProgramTests
from agentprop.grading.simulated_prober import check_simulated, is_simulated, simulated_prober
from agentprop.models.chat import Sampling
from agentprop.models.client import Model
from agentprop.models.failures import ModelFailure, ModelOutage
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.models.wire import sampling_of
from agentprop.prompts import Prompts
from agentprop.records import Attempt, MadeBy, Problem
from agentprop.sandbox import Sandbox
from agentprop.stages.common.aims import CALIBRATION
from agentprop.stages.common.feed import ThreadedSource
from agentprop.stages.common.grading_workers import grader, grading_workers
from agentprop.stages.common.intake import Intake, ProblemItem, own_part
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import RoleModels, named_models, roles
from agentprop.stages.common.partitions import finished, own_bounds, part_of
from agentprop.stages.common.progress import Progress
from agentprop.stages.common.sink import DirectorySink, PipeSink, Sink
from agentprop.stages.probe.problems import noting_tests, problems_of
from agentprop.stages.probe.results import ProbedProblem, ProbeTotals
from agentprop.stages.probe.stored import StoredProbes, passed_on
from agentprop.storage.durable import write_atomically
from agentprop.storage.run import Run
from agentprop.storage.stores import is_url

WINDOW = 128
"""Problems under way; fixed, because a new prober takes over that many problems after the decision."""


def run(
    config: ProbeConfig,
    source: str | Sequence[str] | Intake,
    out: str,
    *,
    fresh: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Probe every problem of run directories, of files that others wrote, and of what comes on stdin for `-`."""
    if config.temperature == 0 and config.k > 1:
        raise ConfigError("at temperature 0 all attempts are equal", hint="raise the temperature, or give --k 1")
    if config.calibrate and (out == "-" or is_url(out)):
        raise ConfigError("a calibration is a file of the run's directory", hint="give a directory as --out")
    check_simulated(config.prober, allowed=config.allow_simulated)
    for name in _parts(config).values():
        resolve(name)  # what cannot be used is refused before it is stored
    config, out = part_of(config, out)
    prompts = Prompts.of(config.prompts)
    owed = problems_of(source, config, nested=out == "-", quiet=quiet)
    if not fresh and (part := finished(config, out, {**owed.inputs, **prompts.inputs})) is not None:
        return part.summary or {}
    owed, bounds = own_part(owed, config), own_bounds(config)
    tests: dict[str, ProgramTests] = {}
    owed = replace(owed, items=noting_tests(owed.items, tests))
    with (
        _open_sink(config, out, fresh, {**owed.inputs, **prompts.inputs}) as (sink, stored),
        roles(
            sink.folder, _parts(config), max_cost=bounds.max_cost, max_tokens=bounds.max_tokens, batched=True
        ) as models,
        Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox,
        grading_workers(config) as workers,
    ):
        probers = probers_of(config, models, sandbox, tests, grader(workers, tests))
        probing = PoolRun(config, probers, stored.tallies, stored.pool)
        totals = ProbeTotals(config, probing.probers)

        def summary() -> dict[str, Any]:
            return {**totals.summary(), "spending": _spending(models, totals, owed.total), **owed.sources()}

        try:
            _loop(probing, owed, sink, stored, totals, models, quiet)
        except (BoundReached, ModelOutage, TooManyFailures):
            sink.finish(summary(), complete=False)
            raise
        told = {**summary(), **(_calibrated(totals, out) if config.calibrate else {})}
        sink.finish(told, complete=True)
    return told


def _calibrated(totals: ProbeTotals, out: str) -> dict[str, Any]:
    """Write the calibration beside the records, and describe it; too few problems are no ground to lose their probe."""
    try:
        found = calibrate(totals.probers[0].name, totals.observed)
    except ValueError as problem:
        return {"calibration": f"none: {problem}"}
    write_atomically(Path(out) / CALIBRATION, found.model_dump_json(indent=2).encode())
    return {"calibration": {"problems": found.problems, "ece": found.ece, "mean error": found.error}}


def _loop(
    probing: PoolRun,
    owed: Intake,
    sink: Sink,
    stored: StoredProbes,
    totals: ProbeTotals,
    models: RoleModels,
    quiet: bool,
) -> None:
    """Probe and commit in order. Raises KeyboardInterrupt if the user stops it."""
    band = Band.of(probing.config.band)
    source = ThreadedSource(owed.items)
    with Interruption("the attempts under way") as stop, Progress("probe", owed.total, quiet=quiet) as bar:
        try:
            for probed in probing.results(source, stop, sink.tick, models):
                probing.record(probed)
                totals.add(probed)
                new = stored.new(probed, probing.probers[probed.prober], band)
                sink.add(new, partial(passed_on, probed, band))
                if new or probing.pool != stored.pool:  # if nothing is new, nothing is written
                    stored.pool = probing.pool
                    sink.commit({"pool": stored.pool.stored()})
                bar.update(done=totals.counts["problems"], note=f"mean pass rate {totals.mean:.2f}")
                totals.tolerance(owed.total).check()
        finally:
            source.close()
        if stop():
            raise KeyboardInterrupt
        totals.tolerance(owed.total).check(over=True)
        models.check_answered()


def _spending(models: RoleModels, totals: ProbeTotals, total: int | None) -> dict[str, Any]:
    """Tokens and cost; the projection is by problems probed, not by those accepted."""
    projected = models.meter.total().projected(totals.counts["problems"], total) if total else None
    return {**models.spending(totals.counts["accepted"]), "projected_cost": projected}


# --- the pool ---


def _parts(config: ProbeConfig) -> dict[str, str]:
    """Role → MODEL that is asked; the first of a pool is the prober, the others are numbered from 2."""
    roles = {f"prober-{i}" if i > 1 else "prober": name for i, name in enumerate(config.prober, 1)}
    return {role: name for role, name in roles.items() if not is_simulated(name)}


def probers_of(
    config: ProbeConfig,
    models: RoleModels,
    sandbox: Sandbox,
    tests: Mapping[str, ProgramTests],
    elsewhere: Grader | None = None,
) -> list[Prober]:
    """Make the pool, weak → strong; `tests` are those that are not data in agentprop's own form, by problem."""
    sampling = Sampling(temperature=config.temperature, top_p=config.top_p, max_tokens=config.reply_tokens)
    judges = partial(program_judge, tests, sandbox)
    asked = {name: part for part, name in _parts(config).items()}
    made = [
        _prober(config, models, asked[name], sampling, sandbox, judges)
        if name in asked
        else simulated_prober(name, sandbox)
        for name in config.prober
    ]
    return [replace(prober, elsewhere=elsewhere) for prober in made]


def _prober(
    config: ProbeConfig,
    models: RoleModels,
    part: str,
    sampling: Sampling,
    sandbox: Sandbox,
    tests: Callable[[Problem, float], ProgramJudge],
) -> Prober:
    settings = models[part].settings
    sampling = replace(sampling, max_tokens=sampling.max_tokens or settings.reply_tokens)
    prompts = Prompts.of(config.prompts)
    made_by = MadeBy(
        name=settings.model,
        revision=settings.revision,
        sampling=json.dumps(sampling_of(sampling, settings), sort_keys=True),
        prompt_hash=prompts_hash(prompts, checklist=config.checklist),
        version=__version__,
    )
    model, name = models[part], name_of(settings)
    return Prober(model, name, sampling, made_by, sandbox, tests=tests, prompts=prompts, checklist=config.checklist)


def name_of(settings: ModelSettings) -> str:
    """Model, server and revision, the same in every session."""
    revision = settings.revision
    known = revision is None or settings.identity.endswith(f"@{revision}")
    return settings.identity if known else f"{settings.identity}#{revision}"


# --- probing ---


@dataclass
class PoolRun:
    """Work of the pool: assigns a prober to each problem, and makes the missing attempts."""

    config: ProbeConfig
    probers: list[Prober]
    known: dict[tuple[str, str], AttemptCounts]
    """(problem, prober) → counts of the stored attempts."""
    pool: PoolState = field(default_factory=PoolState)
    schedule: ProberSchedule = field(default_factory=ProberSchedule)
    taken: int = 0

    @property
    def window(self) -> int:
        """Most problems under way: no more than between two decisions about the pool."""
        most = max([WINDOW, *(p.model.batch_window for p in self.probers if isinstance(p.model, Model))])
        return most if len(self.probers) == 1 and most > WINDOW else min(most, self.config.switch_every)

    @property
    def rule(self) -> SwitchRule:
        """Condition under which the next prober takes over."""
        config = self.config
        return SwitchRule(
            len(self.probers), config.switch_every, config.switch_below, config.switch_samples, lag=self.window
        )

    def results(
        self,
        source: ThreadedSource[ProblemItem],
        stop: Callable[[], bool],
        idle: Callable[[], None],
        models: RoleModels,
    ) -> Iterator[ProbedProblem]:
        """Yield the probed problems, in order."""

        async def next_one() -> ProbedProblem | None:
            item = await source.take()
            return None if item is None else await self._probe(item, *self._assign(item.problem))

        def batches() -> Iterator[int]:
            while not source.ended:
                yield 1

        for found in ordered_rolling(
            lambda size: [next_one] * size,
            batches(),
            concurrency=self.window,
            window=self.window,
            stop=stop,
            idle=idle,
            close=models.aclose,
        ):
            yield from (probed for probed in found if probed is not None)

    def _assign(self, problem: Problem) -> tuple[int, int]:
        """(number, prober) of the problem that was just taken."""
        number = self.taken
        self.taken += 1
        return number, self.schedule.next(number, problem.task_id, self.pool)

    async def _probe(self, item: ProblemItem, number: int, place: int) -> ProbedProblem:
        """Make the attempts that are owed; a problem that fails is no other one's concern."""
        tally = self.known.get((item.problem.id, self.probers[place].name), AttemptCounts())

        def failed(failure: RecordFailure) -> ProbedProblem:
            return ProbedProblem(item, number, place, tally, unexpected=failure)

        return await contained_async(partial(self._tried, item, number, place), failed)

    async def _tried(self, item: ProblemItem, number: int, place: int) -> ProbedProblem:
        prober, band, problem = self.probers[place], Band.of(self.config.band), item.problem
        tally = self.known.get((problem.id, prober.name), AttemptCounts())
        made: list[Attempt] = []
        try:
            while count := attempts_due(tally, self.config.k, band):
                new = await prober.attempts(problem, tally.made, count)
                made += new
                tally = tally.plus(attempt.code for attempt in new)
        except ModelFailure as failure:
            return ProbedProblem(item, number, place, tally, tuple(made), failure=failure.message)
        return ProbedProblem(item, number, place, tally, tuple(made))

    def record(self, probed: ProbedProblem) -> None:
        """Update the pool, unless an earlier session did so for this problem."""
        if probed.number == self.pool.problems:
            rate = probed.tally.rate if probed.failure is None and probed.unexpected is None else None
            self.pool = self.pool.advanced(self.rule, probed.prober, rate)


# --- output ---


@contextmanager
def _open_sink(
    config: ProbeConfig, out: str, fresh: bool, inputs: Mapping[str, str]
) -> Iterator[tuple[Sink, StoredProbes]]:
    """Open or resume a run directory, or stdout if `out` is `-`; with the records that are stored already."""
    if out == "-":
        with PipeSink.open() as sink:
            yield sink, StoredProbes()
        return
    models = named_models(config)
    with Run.open(
        out, "probe", config, fresh=fresh, inputs=inputs, models=models, folders=(MODELS, CALIBRATION)
    ) as run:
        yield DirectorySink(run), StoredProbes.of(run)
