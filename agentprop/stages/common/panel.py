"""A problem → an attempt from every verifier, the auditor's if the answers differ, and the verdict by the rule.

The unit of work is one verifier's attempt at one problem: an attempt stored by an earlier run is judged again and costs
nothing, and a reply that was received before a kill is in the cache. The models are opened when the first of them is
asked, so judging again needs no server.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agentprop import __version__
from agentprop.boundary import RecordFailure, contained_async
from agentprop.config import VerifyConfig
from agentprop.engine.rolling import together
from agentprop.errors import ConfigError
from agentprop.grading import auditor
from agentprop.grading.comparison import ComparisonLimits
from agentprop.grading.consensus import Tally, tally_votes, verdict
from agentprop.grading.judged_tests import comparison_of
from agentprop.grading.model_verifier import ModelJudge, Role, reread, verifier_prompts, worth_repeating
from agentprop.grading.verifiers import is_local
from agentprop.models.chat import Sampling
from agentprop.models.costs import Meter
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.models.wire import sampling_of
from agentprop.prompts import Prompts
from agentprop.records import Attempt, MadeBy, Problem, check_storable
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.common.local_judge import JudgedProblem, LocalJudge
from agentprop.stages.common.models import RoleModels, roles
from agentprop.stages.common.stored_attempts import StoredAttempts

LOCAL_CONCURRENCY = 4
"""Half the number of problems under way if no voter is a model."""


@dataclass(frozen=True)
class Voter:
    """A voter of the panel; the same model may vote more than once."""

    role: Role
    """verifier or auditor."""
    name: str
    """`builtin` or a MODEL."""
    number: int
    """0 for the first voter with this name, 1 for the second, …"""
    part: str
    """The role's name in the accounts: verifier-1, auditor, …"""


def voters_of(config: VerifyConfig) -> tuple[Voter, ...]:
    """List the verifiers, in order."""
    taken: Counter[str] = Counter()
    voters = []
    for position, name in enumerate(config.verifier, 1):
        voters.append(Voter("verifier", name, taken[name], f"verifier-{position}"))
        taken[name] += 1
    return tuple(voters)


class PanelModels:
    """The models of the voters; all are opened when the first one is asked."""

    def __init__(
        self,
        config: VerifyConfig,
        voters: Sequence[Voter],
        folder: Path | None,
        stack: ExitStack,
        meter: Meter | None = None,
        batched: bool = False,
    ) -> None:
        self.config, self.folder, self._stack, self._meter, self._batched = config, folder, stack, meter, batched
        self.names = {voter.part: voter.name for voter in voters if not is_local(voter.name)}
        self.settings: dict[str, ModelSettings] = {part: resolve(name) for part, name in self.names.items()}
        self.prompts = Prompts.of(config.prompts)
        self._schemaless: set[str] = set()
        self._opened: RoleModels | None = None

    def judge(self, voter: Voter) -> ModelJudge:
        """The model that gives a voter's vote."""
        if self._opened is None:
            config, meter = self.config, self._meter
            opened = roles(
                self.folder,
                self.names,
                max_cost=config.max_cost,
                max_tokens=config.max_tokens,
                batched=self._batched,
                meter=meter,
            )
            self._opened = self._stack.enter_context(opened)
        return ModelJudge(
            voter.name,
            voter.number,
            voter.role,
            self._opened[voter.part],
            self.sampling(voter),
            sample=self.config.seed * 1_000_003 + voter.number,
            revision=self.settings[voter.part].revision,
            prompts=self.prompts,
            blind=self.config.blind and voter.role == "verifier",
            checklist=self.config.checklist and voter.role == "verifier",
            schema=self.settings[voter.part].schema_support,
            schemaless=self._schemaless,
        )

    def sampling(self, voter: Voter) -> Sampling:
        """Sampling of a voter's replies, from the stage's settings or else the model's."""
        config, settings = self.config, self.settings[voter.part].for_role(voter.part)
        sent = sampling_of(Sampling(config.temperature, max_tokens=config.reply_tokens), settings)
        return Sampling(temperature=sent["temperature"], max_tokens=sent["max_tokens"])

    @property
    def concurrency(self) -> int:
        """Problems under way: twice what one model takes, because each waits for its slowest verifier."""
        each = [s.batch_size if s.batch and self._batched else s.max_concurrency for s in self.settings.values()]
        return 2 * max(each, default=LOCAL_CONCURRENCY)

    def check_answered(self) -> None:
        """Raise ModelOutage if a model was asked and never answered."""
        if self._opened is not None:
            self._opened.check_answered()

    def spending(self, valid: int, problems: int) -> dict[str, Any]:
        """Requests, tokens and cost, over all sessions."""
        if self._opened is not None:
            return self._opened.spending(valid, problems)
        folder = self.folder if self.folder is not None and self.folder.exists() else None
        with roles(folder, {}) as earlier:
            return earlier.spending(valid, problems)

    async def aclose(self) -> None:
        """Close connections."""
        if self._opened is not None:
            await self._opened.aclose()


@dataclass(frozen=True)
class Panel:
    """The voters, with all that they need to judge."""

    config: VerifyConfig
    voters: tuple[Voter, ...]
    models: PanelModels
    local: Mapping[str, LocalJudge]
    """Name → voter that needs no model."""
    sandbox: Sandbox
    stored: StoredAttempts
    auditor: Voter | None = None
    made_by: MadeBy = field(default_factory=MadeBy)

    async def judge(self, item: ProblemItem) -> JudgedProblem:
        """Every verifier's attempt, the auditor's where the answers differ, and the verdict.

        A verifier that fails has no vote, and a problem whose judging fails is undetermined; neither is any other
        problem's concern.
        """
        return await contained_async(partial(self._judge, item), partial(self._failed, item))

    def _failed(self, item: ProblemItem, failure: RecordFailure) -> JudgedProblem:
        return JudgedProblem(item, (), verdict(item.problem, (), _unknown(failure), self.made_by), failure=failure)

    async def _judge(self, item: ProblemItem) -> JudgedProblem:
        problem, known = item.problem, self.stored.of(item.problem.id)
        failures: list[RecordFailure] = []
        found = await together([self._contained(voter, item, None, known, failures) for voter in self.voters])
        attempts, reused = tuple(attempt for attempt, _ in found), sum(again for _, again in found)
        tally = await self._weighed(problem, attempts, failures)
        if tally.disputed and self.auditor is not None:
            settled = known if reused == sum(voter.name not in self.local for voter in self.voters) else {}
            asked = auditor.question(problem, attempts)
            audit, again = await self._contained(self.auditor, item, asked, settled, failures)
            attempts, reused = (*attempts, audit), reused + again
            tally = await self._weighed(problem, attempts, failures)
        judged = verdict(problem, attempts, tally, self.made_by)
        for record in (judged, *attempts):
            check_storable(record)
        return JudgedProblem(item, attempts, judged, reused, failures[-1] if failures else None)

    async def _weighed(self, problem: Problem, attempts: Sequence[Attempt], failures: list[RecordFailure]) -> Tally:
        """What the attempts amount to; nobody knows if comparing their answers fails."""
        limits = ComparisonLimits(self.config.comparison_timeout_s, self.config.program_timeout_s)
        count = partial(tally_votes, problem.answer, attempts, comparison_of(problem, self.sandbox, limits))

        def failed(failure: RecordFailure) -> Tally:
            failures.append(failure)
            return _unknown(failure)

        return await contained_async(partial(asyncio.to_thread, count), failed)

    async def _contained(
        self,
        voter: Voter,
        item: ProblemItem,
        question: str | None,
        known: Mapping[tuple[str, str, int], Attempt],
        failures: list[RecordFailure],
    ) -> tuple[Attempt, bool]:
        """A voter's attempt, and whether it was there already; one that fails is an attempt without a vote."""

        def failed(failure: RecordFailure) -> tuple[Attempt, bool]:
            failures.append(failure)
            return _without_vote(voter, item, failure), False

        if voter.name in self.local:
            judged = await self.local[voter.name].judge(item)
            failures += [judged.failure] if judged.failure is not None else []
            return judged.attempts[0], False
        return await contained_async(partial(self._attempt, voter, item, question, known), failed)

    async def _attempt(
        self, voter: Voter, item: ProblemItem, question: str | None, known: Mapping[tuple[str, str, int], Attempt]
    ) -> tuple[Attempt, bool]:
        """A model's attempt, and whether it was there already; without a question it judges as a verifier."""
        earlier = known.get((voter.role, voter.name, voter.number))
        if earlier is not None and not worth_repeating(earlier, self.models.sampling(voter).max_tokens):
            return reread(earlier), True
        judge = self.models.judge(voter)
        if question is None:
            return await judge.judge(item.problem, item.trajectory), False
        return await judge.attempt(item.problem, question), False


def _unknown(failure: RecordFailure) -> Tally:
    return Tally("undetermined", failure.code, failure.message)


def _without_vote(voter: Voter, item: ProblemItem, failure: RecordFailure) -> Attempt:
    return Attempt(
        problem_id=item.problem.id,
        role=voter.role,
        number=voter.number,
        verifier=voter.name,
        code=failure.code,
        rationale=failure.told,
        made_by=MadeBy(name=voter.name, version=__version__),
    )


def check_verifiers(config: VerifyConfig) -> None:
    """Check the verifiers and prices before a directory is claimed. Raises ConfigError."""
    twice = [name for name, count in Counter(config.verifier).items() if count > 1 and is_local(name)]
    if twice:
        raise ConfigError(
            f"the verifier {twice[0]} votes the same each time", hint="name it once, with MODELs beside it"
        )
    if config.auditor is not None and not uses_models(config):
        raise ConfigError(
            "an auditor settles differences between models, and no verifier is one",
            hint="name the models with --verifier, once for each",
        )
    named = {name for name in (*config.verifier, config.auditor) if name is not None and not is_local(name)}
    Meter(max_cost=config.max_cost).check_prices([resolve(name) for name in sorted(named)])


def uses_models(config: VerifyConfig) -> bool:
    """True if a language model judges."""
    return not all(map(is_local, config.verifier))


@contextmanager
def open_panel(
    config: VerifyConfig,
    library: dict[str, Package],
    folder: Path | None,
    meter: Meter | None = None,
    batched: bool = False,
) -> Iterator[Panel]:
    """Open the panel that the settings name. Raises ConfigError if a model is unknown.

    `meter` is one that the panel shares with other models, whose bounds then hold; `batched` says that the caller can
    wait for a batch API.
    """
    voters = voters_of(config)
    auditing = Voter("auditor", config.auditor, 0, "auditor") if config.auditor is not None else None
    with ExitStack() as stack:
        models = PanelModels(config, [*voters, auditing] if auditing else voters, folder, stack, meter, batched)
        sandbox = stack.enter_context(Sandbox(allow_weak=config.allow_weak_sandbox))
        executor = Executor(sandbox, shared=False)
        local = {v.name: LocalJudge(library, executor, v.name) for v in voters if is_local(v.name)}
        stored = StoredAttempts.open(config.reuse)
        yield Panel(config, voters, models, local, sandbox, stored, auditing, _made_by(config, models.prompts))


def _made_by(config: VerifyConfig, prompts: Prompts) -> MadeBy:
    """Identity of the panel in its verdicts."""
    names = " + ".join(config.verifier) + (f", audited by {config.auditor}" if config.auditor else "")
    told = prompts.hash(*verifier_prompts(blind=config.blind, checklist=config.checklist), "auditor")
    return MadeBy(name=names, prompt_hash=told, version=__version__)
