"""A benchmark and a model → Mean@k, pass@k and majority@k, with every prompt and every reply kept.

What is owed is k attempts at every problem, less those that are stored. Attempts of one problem are stored together, so
a resumed run goes on with whole problems and buys no reply again that was paid for; asking for more attempts than were
made makes those that are missing. Every session sees every problem, in order, so its numbers are those of the run.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from agentprop import __version__
from agentprop.boundary import RecordFailure, contained_async
from agentprop.config.evaluate import EvaluateConfig
from agentprop.engine import Interruption
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import BoundReached, ConfigError, TooManyFailures
from agentprop.grading.comparison import HiddenTests
from agentprop.grading.pass_at_k import Score
from agentprop.grading.probers import Passes, Prober, question
from agentprop.grading.program_tests import Assertions
from agentprop.models.chat import Sampling
from agentprop.models.failures import ModelFailure, ModelOutage
from agentprop.models.registry import resolve
from agentprop.models.settings import Loaded
from agentprop.prompts import prompt_hash
from agentprop.records import Attempt, MadeBy, Problem, Question, Reject
from agentprop.sandbox import Sandbox
from agentprop.stages.common.failures import is_unexpected, rejected_attempts
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import RoleModels, roles
from agentprop.stages.common.progress import Progress
from agentprop.stages.evaluate.items import AskedQuestion, Benchmark, read_benchmark
from agentprop.stages.evaluate.results import EvaluationTotals, TriedAnswer, score_of, tried
from agentprop.storage.run import Run

ROLE = "solver"
WINDOW = 128
"""Problems under way."""


@dataclass(frozen=True)
class Examined:
    """A problem and all that was tried."""

    item: AskedQuestion
    """The problem."""
    attempts: tuple[Attempt, ...]
    """Those that are new."""
    all_tries: tuple[TriedAnswer, ...]
    """Earlier ones included."""
    score: Score
    """What they amount to."""
    failure: str | None = None
    """Why the attempts that are owed could not be made; they stay owed."""
    unexpected: RecordFailure | None = None
    """What failed unexpectedly where the problem could not be examined; its attempts stay owed too."""


def run(config: EvaluateConfig, source: str, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Ask a model every problem of a benchmark and return the summary."""
    if config.temperature == 0 and config.k > 1:
        raise ConfigError("at temperature 0 all attempts are one", hint="raise the temperature, or give --k 1")
    resolve(config.model)  # what cannot be used is refused before it is stored
    benchmark = read_benchmark(source, config)
    opened = Run.open(
        out,
        "evaluate",
        config,
        fresh=fresh,
        inputs=benchmark.inputs,
        folders=(MODELS,),
    )
    with (
        opened as run_dir,
        roles(
            run_dir.path / MODELS, {ROLE: config.model}, max_cost=config.max_cost, max_tokens=config.max_tokens
        ) as cast,
        Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox,
    ):
        _keep_unreadable(run_dir, benchmark)
        earlier, totals = StoredAnswers.of(run_dir), EvaluationTotals(config.k, config.max_failures)
        totals.unread = sum(is_unexpected(reject.code) for reject in benchmark.unreadable)
        solver = solver_of(config, cast, sandbox, benchmark)

        def summary() -> dict[str, Any]:
            facts = {"unreadable": len(benchmark.unreadable), "repeated": benchmark.repeated}
            return {
                "model": solver.name,
                **totals.summary(),
                **facts,
                "spending": cast.spending(totals.counts["accepted"]),
            }

        try:
            _loop(Examination(config, solver, earlier.known), benchmark, run_dir, earlier, totals, cast, quiet)
        except (BoundReached, ModelOutage, TooManyFailures):
            run_dir.summarise(summary())
            raise
        run_dir.finish(summary())
    return summary()


def _loop(
    examination: Examination,
    benchmark: Benchmark,
    run_dir: Run,
    earlier: StoredAnswers,
    totals: EvaluationTotals,
    cast: RoleModels,
    quiet: bool,
) -> None:
    """Ask and commit in order. Raises KeyboardInterrupt when it was asked to stop."""
    with Interruption() as stop, Progress("evaluate", len(benchmark.items), quiet=quiet) as bar:
        for examined in examination.results(benchmark, stop, run_dir.tick, cast):
            totals.add(examined.item, examined.score, examined.all_tries, examined.failure, examined.unexpected)
            totals.last_failure = next((r.message for r in rejects_of(examined)), totals.last_failure)
            new = earlier.new(examined)
            for record in new:
                run_dir.add(record)
            if new:
                run_dir.commit({})
            bar.update(done=totals.counts["problems"], note=f"mean {totals.mean:.1%}")
            totals.tolerance(len(benchmark.items)).check()
        if stop():
            raise KeyboardInterrupt
        totals.tolerance(len(benchmark.items)).check(over=True)


# --- who is asked ---


def solver_of(config: EvaluateConfig, cast: RoleModels, sandbox: Sandbox, benchmark: Benchmark) -> Prober:
    """The model as one that only tries; it is asked as a prober is."""
    settings = cast.settings[ROLE]
    sampling = Sampling(
        temperature=config.temperature,
        top_p=config.top_p,
        max_tokens=config.reply_tokens or settings.reply_tokens,
        seed=config.seed if isinstance(settings, Loaded) else None,  # a server would give a second batch the first one
    )
    told = {name: getattr(sampling, name) for name in ("temperature", "top_p", "max_tokens", "seed")}
    extra = {"extra_body": settings.extra_body} if settings.extra_body else {}
    made_by = MadeBy(
        name=settings.model,
        revision=settings.revision,
        sampling=json.dumps({**told, **extra}, sort_keys=True),
        prompt_hash=prompt_hash("prober"),
        version=__version__,
    )
    assertions = {item.problem.id: item.assertions for item in benchmark.items if item.assertions}
    tests = partial(_tests, assertions, sandbox)
    return Prober(cast[ROLE], settings.identity, sampling, made_by, sandbox, tests=tests)


def _tests(assertions: Mapping[str, str], sandbox: Sandbox, problem: Problem, seconds: float) -> Passes:
    code = assertions.get(problem.id)
    if code is None:
        return HiddenTests(problem, sandbox, seconds).passes
    return Assertions(code, problem.entry_point or "solve", sandbox, seconds).passes


@dataclass
class Examination:
    """A model at work on a benchmark."""

    config: EvaluateConfig
    solver: Prober
    known: Mapping[str, list[TriedAnswer]]
    """Problem → the attempts that are stored."""

    def results(
        self, benchmark: Benchmark, stop: Callable[[], bool], idle: Callable[[], None], cast: RoleModels
    ) -> Iterator[Examined]:
        """The examined problems, in order."""

        def expand(item: AskedQuestion) -> list[Callable[[], Awaitable[Examined]]]:
            return [partial(self._examine, item)]

        for found in ordered_rolling(
            expand, benchmark.items, concurrency=WINDOW, window=WINDOW, stop=stop, idle=idle, close=cast.aclose
        ):
            yield from found

    async def _examine(self, item: AskedQuestion) -> Examined:
        """Make the attempts that are owed, and score all of them; a problem that fails is no other one's concern."""

        def failed(failure: RecordFailure) -> Examined:
            return Examined(item, (), (), Score(0, 0, None), unexpected=failure)

        return await contained_async(partial(self._scored, item), failed)

    async def _scored(self, item: AskedQuestion) -> Examined:
        earlier = self.known.get(item.problem.id, [])
        made: list[Attempt] = []
        failure = None
        if len(earlier) < self.config.k:
            try:
                made = await self.solver.attempts(item.problem, len(earlier), self.config.k - len(earlier))
            except ModelFailure as failed:
                failure = failed.message
        tries = (*earlier, *map(tried, made))
        score = await asyncio.to_thread(score_of, item.problem, tries)
        return Examined(item, tuple(made), tries, score, failure)


# --- what is kept ---


@dataclass
class StoredAnswers:
    """Attempts and problems of earlier sessions."""

    known: dict[str, list[TriedAnswer]]
    """Problem → its attempts."""
    asked: set[str]
    """The problems that are stored."""
    refused: set[str]
    """The rejects that are stored."""

    @classmethod
    def of(cls, run: Run) -> StoredAnswers:
        """What a run directory holds."""
        known: dict[str, list[TriedAnswer]] = defaultdict(list)
        for row in run.iter_rows(Attempt, ["problem_id", "number", "code", "answer", "response"]):
            answered = row["response"] is not None
            known[row["problem_id"]].append(TriedAnswer(row["code"], row["answer"], answered))
        return cls(known, run.done_ids(Problem), run.done_ids(Reject))

    def new(self, examined: Examined) -> list[Problem | Question | Attempt | Reject]:
        """The records of a problem that are not stored yet; it counts as stored from now on."""
        problem = examined.item.problem
        rejects = [reject for reject in rejects_of(examined) if reject.id not in self.refused]
        self.refused |= {reject.id for reject in rejects}
        if problem.id in self.asked:
            return [*examined.attempts, *rejects]
        self.asked.add(problem.id)
        return [problem, _question(examined.item), *examined.attempts, *rejects]


def rejects_of(examined: Examined) -> list[Reject]:
    """Return what failed unexpectedly: the problem, or attempts at it that could not be graded."""
    if examined.unexpected is None:
        return rejected_attempts("evaluate", examined.attempts)
    problem, failure = examined.item.problem, examined.unexpected
    record = problem.model_dump_json()
    return [
        Reject(
            stage="evaluate",
            item=problem.id,
            outcome="failed",
            code=failure.code,
            message=failure.told,
            record=record,
        )
    ]


def _question(item: AskedQuestion) -> Question:
    """The row as it is put to the model."""
    messages = [{"role": "user", "content": question(item.problem)}]
    return Question(
        problem_id=item.problem.id,
        source=item.source,
        prompt=json.dumps(messages, ensure_ascii=False),
        groups=json.dumps(dict(item.groups), ensure_ascii=False, sort_keys=True),
        made_by=MadeBy(name="benchmark", prompt_hash=prompt_hash("prober"), version=__version__),
    )


def _keep_unreadable(run: Run, benchmark: Benchmark) -> None:
    """Rows that cannot be asked are rejects, once."""
    stored = run.done_ids(Reject)
    for reject in benchmark.unreadable:
        if reject.id not in stored:
            run.add(reject)
    run.commit({})
