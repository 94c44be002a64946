"""Problems → the error rates of answer checkers, with intervals; no problem is judged.

Right answers are changed on purpose, and every checker is asked about every change: our comparison, plain text, the
built-in verifier's, hidden tests, math-verify if it is installed, and each verifier that is a model. The problems are
those with the smallest ids: a random sample that is the same on every machine.

With `checklist` the models also judge each problem as they would in a run, once without the checklist and once with it,
the changed answer being the claim: the difference between the two rows is the checklist's effect.
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agentprop.boundary import RecordFailure, Tolerance, contained, contained_async
from agentprop.config import VerifyConfig
from agentprop.engine import Interruption
from agentprop.engine.rolling import ordered_rolling
from agentprop.errors import ConfigError
from agentprop.grading.checkers import CheckerCounts, ask_model, local_checkers
from agentprop.grading.comparison import ComparisonLimits
from agentprop.grading.mathverify import MathVerify, installed
from agentprop.grading.model_verifier import ModelJudge
from agentprop.grading.mutations import Mutation, mutations
from agentprop.grading.verifiers import is_local
from agentprop.models.chat import Sampling
from agentprop.prompts import Prompts
from agentprop.records import Problem, Reject
from agentprop.sandbox import Sandbox
from agentprop.stages.common.intake import Intake
from agentprop.stages.common.models import FOLDER as MODELS
from agentprop.stages.common.models import RoleModels, roles
from agentprop.stages.common.progress import Progress
from agentprop.storage.durable import disk_errors, write_json
from agentprop.storage.run import Run
from agentprop.storage.stores import check_here

FOLDER, REPORT = "audit", "checkers.json"
"""Directory and file of the whole report in a run."""
JUDGING, LISTED = "{} as verifier", "{} as verifier with the checklist"
"""Rows of a model that judges the whole problem."""
BATCH, WINDOW = 8, 64

Case = tuple[Problem, Mutation]
Ask = Callable[[Problem, str], Awaitable["bool | None"]]
"""(problem, answer) → a model's judgement: right, wrong, or neither."""
Idle = Callable[[], None]


def run(config: VerifyConfig, intake: Intake, out: str, *, fresh: bool, quiet: bool) -> dict[str, Any]:
    """Measure the checkers; the rates are the summary, and the whole report is written beside it."""
    if out == "-":
        raise ConfigError("the audit of checkers gives no records to stream", hint="give --out a directory")
    check_here(out, "an audit of checkers")
    with Run.open(
        out,
        "verify",
        config,
        fresh=fresh,
        inputs=intake.inputs,
        folders=(MODELS, FOLDER),
    ) as kept:
        problems = heapq.nsmallest(config.audit_problems, (i.problem for i in intake.items), key=lambda p: p.id)
        cases = list(cases_of(problems))
        try:
            tallies, spending = _measure(config, kept, cases, quiet)
        finally:
            kept.commit({})
        totals = {
            "audited_problems": len(problems),
            "wrong_answers": sum(not m.same for _, m in cases),
            "right_answers": sum(m.same for _, m in cases),
        }
        summary = {**totals, "checkers": {name: tally.rates() for name, tally in tallies.items()}, **spending}
        details = {name: {"by_mutation": t.by_mutation(), "examples": t.examples} for name, t in tallies.items()}
        with disk_errors(kept.path / FOLDER):
            (kept.path / FOLDER).mkdir(exist_ok=True)
        write_json(kept.path / FOLDER / REPORT, {**summary, "details": details})
        kept.finish(summary)
    return summary


def cases_of(problems: Sequence[Problem]) -> Iterator[Case]:
    """Yield every change of every answer; the neighbour is the next problem with an answer of the same kind."""
    for position, problem in enumerate(problems):
        others = (*problems[position + 1 :], *problems[:position])
        alike = (o for o in others if o.answer_type == problem.answer_type and o.entry_point == problem.entry_point)
        neighbour = next((other.answer for other in alike if other.answer != problem.answer), None)
        for mutation in mutations(problem, neighbour):
            yield problem, mutation


@dataclass
class CheckerRun:
    """A measurement of checkers: its input, and the counts so far."""

    config: VerifyConfig
    cases: Sequence[Case]
    stop: Callable[[], bool]
    bar: Progress
    kept: Run
    tallies: dict[str, CheckerCounts] = field(default_factory=dict)
    tolerance: Tolerance = field(init=False)

    def __post_init__(self) -> None:
        self.tolerance = Tolerance(self.config.max_failures, len(self.cases))
        self.rejects: set[str] = self.kept.done_ids(Reject)

    def add(self, checker: str, case: Case, judged: bool | RecordFailure | None) -> None:
        """Count one answer of a checker; one that failed could not tell."""
        failure = judged if isinstance(judged, RecordFailure) else None
        self.tolerance.add(failure)
        if failure is not None:
            self._reject(checker, case, failure)
        answer = None if isinstance(judged, RecordFailure) else judged
        self.tallies.setdefault(checker, CheckerCounts()).add(*case, answer)

    def _reject(self, checker: str, case: Case, failure: RecordFailure) -> None:
        item = f"{case[0].id} {case[1].name} by {checker}"
        reject = Reject(stage="verify", item=item, outcome="failed", code=failure.code, message=failure.told)
        if reject.id not in self.rejects:
            self.rejects.add(reject.id)
            self.kept.add(reject)

    def advance(self, done: int) -> None:
        """Show the progress. Raises KeyboardInterrupt if the user stops it; the same command starts over."""
        self.bar.update(done=done)
        self.tolerance.check()
        if self.stop():
            raise KeyboardInterrupt


def _measure(
    config: VerifyConfig, kept: Run, cases: Sequence[Case], quiet: bool
) -> tuple[dict[str, CheckerCounts], dict[str, Any]]:
    """Run all checkers over all cases; with the cost of the models."""
    names = [name for name in dict.fromkeys(config.verifier) if not is_local(name)]
    texts = [case for case in cases if case[0].answer_type != "program"]
    rows = (3 if config.checklist else 1) * len(names)
    with (
        Interruption("the answers under way") as stop,
        Progress("audit", len(cases) + rows * len(texts), quiet=quiet) as bar,
    ):
        m = CheckerRun(config, cases, stop, bar, kept)
        _local(m)
        spending = _models(m, names, texts, kept) if names else {}
        failed = {"failed": m.tolerance.failures} if m.tolerance.failures else {}
        return m.tallies, {**failed, **spending}


def _local(m: CheckerRun) -> None:
    """Run the checkers that ask no model."""
    config = m.config
    limits = ComparisonLimits(config.comparison_timeout_s, config.program_timeout_s)
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(allow_weak=config.allow_weak_sandbox))
        peer = stack.enter_context(MathVerify(limits.comparison_s)) if installed() else None
        checkers = local_checkers(sandbox, limits, peer)
        for done, (problem, mutation) in enumerate(m.cases, 1):
            for checker in checkers:
                if checker.programs == (problem.answer_type == "program"):
                    check = partial(checker.check, problem, mutation.text)
                    m.add(checker.name, (problem, mutation), contained(check, _itself))
            m.advance(done)


def _models(m: CheckerRun, names: Sequence[str], texts: Sequence[Case], kept: Run) -> dict[str, Any]:
    """Run the verifiers that are models; returns their cost."""
    config = m.config
    wanted = {f"checker-{number}": name for number, name in enumerate(names, 1)}
    with roles(kept.path / MODELS, wanted, max_cost=config.max_cost, max_tokens=config.max_tokens) as models:
        asked = [row for part, name in wanted.items() for row in _rows(config, models, part, name)]
        questions = [(name, ask, case) for name, ask in asked for case in texts]
        answers = _ask([(ask, case) for _, ask, case in questions], models, m.stop, kept.tick)
        done = len(m.cases)
        for (name, _, case), judged in zip(questions, answers, strict=False):  # there are fewer if it was stopped
            m.add(name, case, judged)
            done += 1
            m.advance(done)
        m.advance(done)
        effects = {name: _effect(m.tallies, name) for name in names} if config.checklist else {}
        return {**({"checklist_effect": effects} if effects else {}), "spending": models.spending(0)}


def _rows(config: VerifyConfig, models: RoleModels, part: str, name: str) -> Iterator[tuple[str, Ask]]:
    """(name in the report, how it is asked) for each way in which a model checks answers."""
    settings = models.settings[part]
    sampling = Sampling(temperature=config.temperature, max_tokens=config.reply_tokens or settings.reply_tokens)
    yield name, partial(ask_model, models[part], sampling)
    if not config.checklist:
        return
    prompts, schemaless = Prompts.of(config.prompts), set[str]()
    for row, checklist in ((JUDGING.format(name), False), (LISTED.format(name), True)):
        judge = ModelJudge(
            name,
            0,
            "verifier",
            models[part],
            sampling,
            prompts=prompts,
            blind=True,  # there is no trace that would hold the claim
            checklist=checklist,
            schema=settings.schema_support,
            schemaless=schemaless,
        )
        yield row, partial(_vote, judge)


async def _vote(judge: ModelJudge, problem: Problem, answer: str) -> bool | None:
    """A verifier's vote on a problem whose claimed answer was changed; nobody knows its trace."""
    claimed = problem.model_copy(update={"answer": answer})
    return (await judge.judge(claimed, None)).vote


def _effect(tallies: Mapping[str, CheckerCounts], name: str) -> dict[str, Any]:
    """Rates of a model's votes without the checklist and with it."""
    rows = {"without": JUDGING.format(name), "with": LISTED.format(name)}
    rates = {key: tallies[row].rates() for key, row in rows.items() if row in tallies}
    kinds = ("false_accept", "false_reject")
    return {kind: {key: found[kind]["rate"] for key, found in rates.items()} for kind in kinds}


def _ask(
    questions: Sequence[tuple[Ask, Case]], models: RoleModels, stop: Callable[[], bool], idle: Idle
) -> Iterator[bool | RecordFailure | None]:
    """Yield the models' judgements, in order."""

    async def one(ask: Ask, problem: Problem, text: str) -> bool | RecordFailure | None:
        return await contained_async(partial(ask, problem, text), _itself)

    works: list[Callable[[], Awaitable[bool | RecordFailure | None]]] = [
        partial(one, ask, problem, mutation.text) for ask, (problem, mutation) in questions
    ]
    batches = (works[start : start + BATCH] for start in range(0, len(works), BATCH))
    concurrency = sum(settings.max_concurrency for settings in models.settings.values())
    rolled = ordered_rolling(
        lambda batch: batch,
        batches,
        concurrency=concurrency,
        window=max(WINDOW, 2 * concurrency // BATCH),
        stop=stop,
        idle=idle,
        close=models.aclose,
    )
    for found in rolled:
        yield from found


def _itself(failure: RecordFailure) -> RecordFailure:
    return failure
