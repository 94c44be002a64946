"""A benchmark and a model, or its recorded replies → Mean@k, pass@k and majority@k, with every reply stored.

The work to do is k attempts at every problem, less those that are stored. Attempts at one problem are stored together,
so a resumed run goes on with whole problems and pays for no reply twice; a larger k makes the missing attempts. Every
session goes through all problems, in order, so its numbers are those of the run.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

from agentprop import __version__
from agentprop.boundary import RecordFailure, contained_async
from agentprop.config.evaluate import EvaluateConfig
from agentprop.engine import Interruption
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import BoundReached, ConfigError, TooManyFailures
from agentprop.grading.omega import NOT_AVAILABLE
from agentprop.grading.pass_at_k import Score
from agentprop.grading.probers import Prober, prompt_name, prompts_hash
from agentprop.grading.program_check import program_judge
from agentprop.grading.simulated_prober import Nobody
from agentprop.models.chat import Sampling
from agentprop.models.failures import ModelFailure, ModelOutage
from agentprop.models.registry import resolve
from agentprop.models.settings import InProcessSettings
from agentprop.models.wire import sampling_of
from agentprop.prompts import Prompts
from agentprop.records import Attempt, MadeBy, Problem, Question, Reject
from agentprop.sandbox import Sandbox
from agentprop.stages.common.failures import is_unexpected, rejected_attempts
from agentprop.stages.common.grading_workers import grader, grading_workers
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import RoleModels, named_models, roles
from agentprop.stages.common.progress import Progress
from agentprop.stages.evaluate.before import check_before, compared
from agentprop.stages.evaluate.items import AskedQuestion, Benchmark, read_benchmark
from agentprop.stages.evaluate.novelty import trained_on, with_splits
from agentprop.stages.evaluate.recorded import RecordedProber
from agentprop.stages.evaluate.references import ReferenceCheck
from agentprop.stages.evaluate.results import AttemptOutcome, EvaluationTotals, outcome, outcome_of, score_of
from agentprop.storage.run import Run

ROLE = "solver"
WINDOW = 128
"""Problems under way."""


@dataclass(frozen=True)
class EvaluatedProblem:
    """A problem with all attempts at it."""

    item: AskedQuestion
    """The problem."""
    attempts: tuple[Attempt, ...]
    """New attempts."""
    all_tries: tuple[AttemptOutcome, ...]
    """Outcomes of all attempts, earlier ones included."""
    score: Score
    """Score of all attempts."""
    failure: str | None = None
    """Why the attempts that are owed could not be made; they stay owed."""
    unexpected: RecordFailure | None = None
    """What failed unexpectedly where the problem could not be examined; its attempts stay owed too."""


def run(config: EvaluateConfig, source: str, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Ask a model every problem of a benchmark, or grade the replies that it has, and return the summary."""
    if config.temperature == 0 and config.k > 1 and config.reply_field is None:
        raise ConfigError("at temperature 0 all attempts are one", hint="raise the temperature, or give --k 1")
    check_before(config.before)
    wanted = {} if config.model is None else {ROLE: config.model}
    for name in wanted.values():
        resolve(name)  # what cannot be used is refused before it is stored
    benchmark = read_benchmark(source, config, quiet=quiet)
    trained = trained_on(config.trained_on)
    if trained is not None:
        benchmark = with_splits(benchmark, trained)
    opened = Run.open(
        out,
        "evaluate",
        config,
        fresh=fresh,
        inputs={**benchmark.inputs, **Prompts.of(config.prompts).inputs},
        models=named_models(config),
        folders=(MODELS,) if wanted else (),
    )
    with (
        opened as run_dir,
        roles(
            run_dir.path / MODELS if wanted else None,
            wanted,
            max_cost=config.max_cost,
            max_tokens=config.max_tokens,
            batched=True,
        ) as models,
        Sandbox(allow_weak=config.allow_weak_sandbox) as sandbox,
        grading_workers(config) as workers,
    ):
        _keep_unreadable(run_dir, benchmark)
        earlier = StoredAnswers.of(run_dir, {item.problem.id: item.problem for item in benchmark.items})
        most = config.k if wanted else min(config.k, max(1, *(len(item.replies) for item in benchmark.items)))
        totals = EvaluationTotals(most, config.max_failures)
        totals.unread = sum(is_unexpected(reject.code) for reject in benchmark.unreadable)
        check = ReferenceCheck(run_dir, sandbox, asked=earlier.asked, quiet=quiet, workers=workers)
        if config.check_references:
            benchmark = check.kept(benchmark)
        solver = solver_of(config, models, sandbox, benchmark, workers)

        def summary() -> dict[str, Any]:
            beyond = sum(max(0, len(item.replies) - config.k) for item in benchmark.items)
            facts: dict[str, Any] = {
                **({"replies_beyond_k": beyond} if beyond else {}),
                "unreadable": len(benchmark.unreadable),
                "repeated": benchmark.repeated,
                **check.counts,
            }
            if trained is not None:
                facts["trained_on"] = {"problems": trained.problems, "transformative": NOT_AVAILABLE}
            if benchmark.sources:
                facts["sources"] = dict(benchmark.sources)
            return {
                "model": solver.name,
                **totals.summary(),
                **facts,
                **({"spending": models.spending(totals.counts["accepted"])} if wanted else {}),
            }

        try:
            evaluation = Evaluation(config, solver, earlier.known, workers)
            _loop(evaluation, benchmark, run_dir, earlier, totals, models, quiet)
        except (BoundReached, ModelOutage, TooManyFailures):
            run_dir.summarise(summary())
            raise
        run_dir.flush()
        told = summary() if config.before is None else {**summary(), "before": compared(config.before, run_dir)}
        run_dir.finish(told)
    return told


def _loop(
    evaluation: Evaluation,
    benchmark: Benchmark,
    run_dir: Run,
    earlier: StoredAnswers,
    totals: EvaluationTotals,
    models: RoleModels,
    quiet: bool,
) -> None:
    """Ask and commit in order. Raises KeyboardInterrupt if the user stops it."""
    with Interruption("the attempts under way") as stop, Progress("evaluate", len(benchmark.items), quiet=quiet) as bar:
        for evaluated in evaluation.results(benchmark, stop, run_dir.tick, models):
            totals.add(evaluated.item, evaluated.score, evaluated.all_tries, evaluated.failure, evaluated.unexpected)
            totals.last_failure = next((r.message for r in rejects_of(evaluated)), totals.last_failure)
            new = earlier.new(evaluated, evaluation.solver)
            for record in new:
                run_dir.add(record)
            if new:
                run_dir.commit({})
            bar.update(done=totals.counts["problems"], note=f"mean {totals.mean:.1%}")
            totals.tolerance(len(benchmark.items)).check()
        if stop():
            raise KeyboardInterrupt
        totals.tolerance(len(benchmark.items)).check(over=True)
        models.check_answered()


# --- the model ---


def solver_of(
    config: EvaluateConfig, models: RoleModels, sandbox: Sandbox, benchmark: Benchmark, workers: Executor | None = None
) -> Prober:
    """Make the model a prober, which gets the statement alone; or the replies that it gave before."""
    prompts = Prompts.of(config.prompts)
    tests = {item.problem.id: item.tests for item in benchmark.items if item.tests is not None}
    judges = partial(program_judge, tests, sandbox)
    elsewhere = grader(workers, tests)
    if config.reply_field is not None:
        name = f"replies in {config.reply_field}"
        return RecordedProber(
            Nobody(name), name, Sampling(), MadeBy(name=name, version=__version__), sandbox,
            tests=judges, prompts=prompts, elsewhere=elsewhere,
            recorded={item.problem.id: item.replies for item in benchmark.items},
        )  # fmt: skip
    settings = models[ROLE].settings
    sampling = Sampling(
        temperature=config.temperature,
        top_p=config.top_p,
        max_tokens=config.reply_tokens or settings.reply_tokens,
        # with a seed a server would answer a second batch as it answered the first
        seed=config.seed if isinstance(settings, InProcessSettings) else None,
    )
    made_by = MadeBy(
        name=settings.model,
        revision=settings.revision,
        sampling=json.dumps({"seed": None, **sampling_of(sampling, settings)}, sort_keys=True),
        prompt_hash=prompts_hash(prompts, checklist=config.checklist),
        version=__version__,
    )
    told: dict[str, Any] = {"prompts": prompts, "checklist": config.checklist, "elsewhere": elsewhere}
    return Prober(models[ROLE], settings.identity, sampling, made_by, sandbox, tests=judges, **told)


@dataclass
class Evaluation:
    """Evaluation of a model on a benchmark."""

    config: EvaluateConfig
    solver: Prober
    known: Mapping[str, list[AttemptOutcome]]
    """Problem → its stored attempts."""
    workers: Executor | None = None
    """Workers that compare answers with each other; None means threads of this process."""

    def results(
        self, benchmark: Benchmark, stop: Callable[[], bool], idle: Callable[[], None], models: RoleModels
    ) -> Iterator[EvaluatedProblem]:
        """Yield the evaluated problems, in order."""

        def expand(item: AskedQuestion) -> list[Callable[[], Awaitable[EvaluatedProblem]]]:
            return [partial(self._evaluate, item)]

        window = max([WINDOW, *(model.batch_window for model in models.models.values())])
        for found in ordered_rolling(
            expand, benchmark.items, concurrency=window, window=window, stop=stop, idle=idle, close=models.aclose
        ):
            yield from found

    async def _evaluate(self, item: AskedQuestion) -> EvaluatedProblem:
        """Make the attempts that are owed, and score all of them; a problem that fails is no other one's concern."""

        def failed(failure: RecordFailure) -> EvaluatedProblem:
            return EvaluatedProblem(item, (), (), Score(0, 0, None), unexpected=failure)

        return await contained_async(partial(self._scored, item), failed)

    async def _scored(self, item: AskedQuestion) -> EvaluatedProblem:
        earlier = self.known.get(item.problem.id, [])
        made: list[Attempt] = []
        failure = None
        if len(earlier) < self.config.k:
            try:
                made = await self.solver.attempts(item.problem, len(earlier), self.config.k - len(earlier))
            except ModelFailure as failed:
                failure = failed.message
        tries = (*earlier, *(outcome_of(item.problem, attempt) for attempt in made))
        score = await asyncio.get_running_loop().run_in_executor(self.workers, score_of, item.problem, tries)
        return EvaluatedProblem(item, tuple(made), tries, score, failure)


# --- stored records ---


@dataclass
class StoredAnswers:
    """Attempts and problems of earlier sessions."""

    known: dict[str, list[AttemptOutcome]]
    """Problem → its attempts."""
    asked: set[str]
    """The problems that are stored."""
    refused: set[str]
    """The rejects that are stored."""

    @classmethod
    def of(cls, run: Run, problems: Mapping[str, Problem]) -> StoredAnswers:
        """Read the attempts and problems of a run directory; `problems` are those that are asked, by id."""
        known: dict[str, list[AttemptOutcome]] = defaultdict(list)
        for row in run.iter_rows(Attempt, ["problem_id", "number", "code", "answer", "response"]):
            problem = problems.get(row["problem_id"])
            known[row["problem_id"]].append(outcome(problem, row["code"], row["answer"], row["response"]))
        return cls(known, run.done_ids(Problem), run.done_ids(Reject))

    def new(self, evaluated: EvaluatedProblem, solver: Prober) -> list[Problem | Question | Attempt | Reject]:
        """The records of a problem that are not stored yet; it counts as stored from now on."""
        problem = evaluated.item.problem
        rejects = [reject for reject in rejects_of(evaluated) if reject.id not in self.refused]
        self.refused |= {reject.id for reject in rejects}
        if problem.id in self.asked:
            return [*evaluated.attempts, *rejects]
        self.asked.add(problem.id)
        return [problem, _question(evaluated.item, solver), *evaluated.attempts, *rejects]


def rejects_of(evaluated: EvaluatedProblem) -> list[Reject]:
    """Return what failed unexpectedly: the problem, or attempts at it that could not be graded."""
    if evaluated.unexpected is None:
        return rejected_attempts("evaluate", evaluated.attempts)
    problem, failure = evaluated.item.problem, evaluated.unexpected
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


def _question(item: AskedQuestion, solver: Prober) -> Question:
    """The record of a row as it is asked; how it was asked elsewhere is not known."""
    asked = not isinstance(solver, RecordedProber)
    told = prompts_hash(solver.prompts, prompt_name(item.problem), checklist=solver.checklist) if asked else None
    messages = [{"role": "user", "content": solver.question(item.problem)}] if asked else []
    return Question(
        problem_id=item.problem.id,
        source=item.source,
        prompt=json.dumps(messages, ensure_ascii=False),
        groups=json.dumps(dict(item.groups), ensure_ascii=False, sort_keys=True),
        made_by=MadeBy(name="benchmark", prompt_hash=told, version=__version__),
    )


def _keep_unreadable(run: Run, benchmark: Benchmark) -> None:
    """Store rows that cannot be asked as rejects, unless they are stored already."""
    stored = run.done_ids(Reject)
    for reject in benchmark.unreadable:
        if reject.id not in stored:
            run.add(reject)
    run.commit({})
