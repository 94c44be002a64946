"""A seed, an index and the mastery so far → one finished candidate: its task, trajectory, problem and verdict.

Candidate i depends on nothing else, so any process may make it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from random import Random

from agentprop import __version__
from agentprop.agent import tool_calls as functions
from agentprop.agent.branching import Draft, best, drafts
from agentprop.agent.bundles import Bundles, bundle_name
from agentprop.agent.chat_policy import ChatPolicy, StopSupport
from agentprop.agent.curriculum import Curriculum, MasteryState
from agentprop.agent.environment import Environment, Policy, Rules, rollout
from agentprop.agent.guidance import Guidance
from agentprop.agent.identities import builtin_made_by
from agentprop.agent.message_notes import MessageNotes
from agentprop.agent.renaming import renaming_chat
from agentprop.agent.sampling_seed import draft_seed
from agentprop.agent.sources import tools
from agentprop.agent.variety import Variety
from agentprop.boundary import RecordFailure, contained_async
from agentprop.composition.freshness import ANY, Freshness
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.repairs import Repairs
from agentprop.composition.structure import structure_key
from agentprop.composition.terms import Term, skills
from agentprop.grading import builtin_verifier as builtin
from agentprop.grading.comparison import check_answer
from agentprop.grading.verifiers import BUILTIN
from agentprop.models.chat import ChatModel, Sampling, Usage
from agentprop.prompts import Prompts
from agentprop.records import Attempt, MadeBy, Problem, Task, Trajectory, Verdict, check_storable
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

UNWRITTEN = "no statement of this composition keeps the rules of language"


@dataclass(frozen=True)
class Candidate:
    """Outcome of one candidate number."""

    index: int
    """Candidate number."""
    category: str
    """Category drawn."""
    task: Task | None = None
    """The initial state; None if no composition could be planned."""
    trajectory: Trajectory | None = None
    """Every turn."""
    problem: Problem | None = None
    """The problem, if the submission kept the contract."""
    structure: str = ""
    """Name of the problem's structure, if it is composed; without a problem, of the one that was planned."""
    attempt: Attempt | None = None
    """The built-in verifier's attempt, if it ran."""
    verdict: Verdict | None = None
    """Its verdict."""
    failure: RecordFailure | None = None
    """Why nothing became of it, by no fault of its own."""
    notes: MessageNotes = field(default_factory=MessageNotes)
    """How its messages were written."""
    usage: tuple[Usage, ...] = ()
    """Tokens of each reply that it took, as the server counted them, whenever it was paid for."""
    words: str = ""
    """What the model's server said, if it ended the conversation; why the built-in proposer did not begin one."""
    unreadable: str = ""
    """Why the problem's answer cannot be graded; empty if it can."""
    rewritten: Mapping[str, int] = field(default_factory=dict)
    """Statements that the built-in proposer wrote anew because of their language, by rule."""
    missed: bool = False
    """The problem is not as difficult as was asked for."""
    reminded: bool = False
    """The model was told why earlier attempts at its bundle failed."""
    draft: int = 0
    """Number of the draft that went on, from 0."""

    @property
    def mined(self) -> bool:
        """True if the problem composes a mined skill."""
        return self.problem is not None and self.problem.evidence == "self-consistent"

    @property
    def success(self) -> bool:
        """True if it has a problem that is as difficult as asked for and, if the verifier ran, valid."""
        return self.problem is not None and not self.missed and (self.verdict is None or self.verdict.value == "valid")


@dataclass(frozen=True)
class CandidateMaker:
    """Makes the candidates of a run; holds all that a process needs for it."""

    planner: Planner
    curriculum: Curriculum
    executor: Executor
    rules: Rules
    seed: int
    verify: bool
    """The built-in verifier judges each problem."""
    model: ChatModel | None = None
    """The language model that proposes; None means the built-in proposer."""
    sampling: Sampling = field(default_factory=Sampling)
    """Sampling of the model's tokens."""
    native: bool = False
    """The model acts by native tool calls."""
    tools: Mapping[str, str] = field(default_factory=lambda: tools())
    made_by: MadeBy = field(default_factory=lambda: builtin_made_by())
    written: Mapping[str, Package] = field(default_factory=dict)
    """Skills without a script, for a language model's bundles."""
    paths: bool = False
    """A language model's bundles are paths of the skill graph."""
    drafts: int = 1
    """Beginnings of each episode of a language model, the first of which that holds goes on."""
    tries: int = 1
    """Candidates of a task, which have its bundle and composition and differ in all that is drawn after them."""
    stops: StopSupport = field(default_factory=StopSupport)
    """Whether the model's server takes stop sequences."""
    prompts: Prompts = field(default_factory=Prompts)
    """Prompts of the language model."""
    guidance: Guidance | None = None
    """What the language model is told beyond the protocol."""
    policy: Callable[[Task], Policy] | None = None
    """A program's own proposer: task → the policy of its episode; takes the place of a language model."""
    variety: Variety = field(default_factory=Variety)
    """Variation of the tasks: their names, and skills of no use."""

    @property
    def own(self) -> bool:
        """True if the built-in proposer proposes."""
        return self.model is None and self.policy is None

    @cached_property
    def bundles(self) -> Bundles:
        """Bundles that a language model starts with."""
        return Bundles(self.planner, self.written, self.paths)

    def batch(self, indices: range, state: MasteryState, fresh: Freshness = ANY) -> list[Candidate]:
        """Make these candidates, all advancing together; no event loop may be running in this thread."""
        return asyncio.run(self.together(indices, state, fresh))

    async def together(self, indices: Iterable[int], state: MasteryState, fresh: Freshness = ANY) -> list[Candidate]:
        """The same in an event loop, for any indices."""
        probabilities = self.curriculum.probabilities(state)
        return list(await asyncio.gather(*(self.candidate(i, probabilities, fresh=fresh) for i in indices)))

    async def candidate(
        self,
        index: int,
        probabilities: list[float],
        avoid: Mapping[str, Sequence[str]] | None = None,
        failures: Mapping[str, Sequence[str]] | None = None,
        fresh: Freshness = ANY,
    ) -> Candidate:
        """One candidate, its category drawn with the given probabilities; one that fails takes no other one down.

        `avoid` gives, by category, statements that the model is told to avoid, and `failures`, by `bundle_name`, why
        earlier attempts failed. `fresh` says which structures the planner avoids if it can.
        """
        work = partial(self._candidate, index, probabilities, avoid or {}, failures or {}, fresh)
        return await contained_async(work, partial(_failed, index))

    async def _candidate(
        self,
        index: int,
        probabilities: list[float],
        avoid: Mapping[str, Sequence[str]],
        failures: Mapping[str, Sequence[str]],
        fresh: Freshness,
    ) -> Candidate:
        category, rng = self._drawn(index, probabilities)
        opened = self._opened(index, category, rng, fresh)
        if opened is None:
            return Candidate(index, category)
        environment, term = opened
        task = environment.task
        environment.avoid(avoid.get(category, ()))
        reasons = failures.get(bundle_name(task.skill_names), ())
        environment.remind(reasons)
        if self.tries > 1:
            rng = Random(f"{self.seed}/{index}/try")
            if term is not None:
                with suppress(Impossible):  # the numbers that were planned then
                    term = Repairs(self.planner).redrawn(term, rng)
        policy = self._policy(environment, term, rng, fresh)
        draft, dropped = 0, list[Usage]()
        if self.drafts > 1 and self.model is not None:
            found = await self._drafts(environment, policy, avoid.get(category, ()), reasons)
            draft = best(found)
            environment, policy = found[draft].environment, found[draft].policy
            dropped = [u for n, one in enumerate(found) if n != draft for u in _usage(one.policy)]
            episode = await rollout(environment, policy, found[draft].observation)
        else:
            episode = await rollout(environment, policy)
        rewritten = dict(policy.rewritten) if isinstance(policy, BuiltinProposer) else {}
        if self.own and not episode.trajectory.turns:
            return Candidate(index, category, structure=self._planned(term), words=UNWRITTEN, rewritten=rewritten)
        usage = (*_usage(policy), *dropped)
        candidate = Candidate(
            index,
            category,
            task,
            episode.trajectory,
            episode.problem,
            self._structure(episode.problem) or self._planned(term),
            notes=episode.notes,
            usage=usage,
            words=episode.words,
            rewritten=rewritten,
            reminded=bool(reasons),
            draft=draft,
        )
        if episode.problem is not None:
            candidate = replace(candidate, unreadable=check_answer(episode.problem).why)
            missed = not self.planner.aim.keeps(episode.problem.difficulty)
            candidate = replace(candidate, missed=missed)
            if self.verify and not missed:
                candidate = await self._judged(candidate)
        for record in (candidate.trajectory, candidate.problem, candidate.attempt, candidate.verdict):
            if record is not None:
                check_storable(record)
        return candidate

    async def _drafts(
        self, environment: Environment, policy: Policy, avoid: Sequence[str], reasons: Sequence[str]
    ) -> list[Draft]:
        """Play the beginnings of an episode, of which the given environment and policy are the first."""
        openings = [(environment, policy)]
        for number in range(1, self.drafts):
            further = self._environment(environment.task, self.bundles.library)
            further.avoid(avoid)
            further.remind(reasons)
            openings.append((further, self._chat(further, number)))
        return await drafts(openings)

    def environment(self, index: int, state: MasteryState) -> Environment | None:
        """Open the episode of a candidate, for whoever acts from outside; None if no composition could be planned."""
        opened = self._opened(index, *self._drawn(index, self.curriculum.probabilities(state)))
        return opened[0] if opened is not None else None

    def _planned(self, term: Term | None) -> str:
        return "" if term is None else self.planner.structure(term).hex()

    def _structure(self, problem: Problem | None) -> str:
        return "" if problem is None else structure_key(problem.certificate.composition, self.planner.library)

    def _drawn(self, index: int, probabilities: list[float]) -> tuple[str, Random]:
        """The category of a candidate, and the source of all else about its task that is random."""
        rng = Random(f"{self.seed}/{index // self.tries}")
        return rng.choices(self.curriculum.categories, probabilities)[0], rng

    def _opened(
        self, index: int, category: str, rng: Random, fresh: Freshness = ANY
    ) -> tuple[Environment, Term | None] | None:
        """The episode of a candidate, and the composition to propose if the planner made one; None if it found none."""
        library = self.bundles.library
        names, term = None if self.own else self.bundles.draw(category, rng), None
        if names is None:
            try:
                term = self.planner.plan(category, rng, fresh)
            except Impossible:
                return None
            names = skills(term)
        names = self.variety.bundle(names, self.seed, index // self.tries)
        task = Task(
            seed=self.seed,
            index=index,
            domain=self.bundles.domain(category),
            category=category,
            skill_ids=tuple(library[name].id for name in names),
            skill_names=names,
        )
        return self._environment(task, library), term

    def _environment(self, task: Task, library: Mapping[str, Package]) -> Environment:
        return Environment(
            task,
            library,
            self.executor,
            self.tools,
            self.rules,
            self.made_by,
            own_code=self.own,
            prompts=self.prompts,
            guidance=self.guidance,
        )

    def _policy(self, environment: Environment, term: Term | None, rng: Random, fresh: Freshness) -> Policy:
        if self.policy is not None:
            return self.policy(environment.task)
        if self.model is not None:
            return self._chat(environment)
        assert term is not None  # only models are given bundles without a composition
        idle = tuple(name for name in environment.task.skill_names if name not in skills(term))
        return BuiltinProposer(
            self.planner,
            term,
            rng,
            prune=self.rules.prune,
            idle=idle,
            fresh=fresh,
            category=environment.task.category,
        )

    def _chat(self, environment: Environment, draft: int = 0) -> ChatPolicy:
        assert self.model is not None
        sample, strict = draft_seed(self.seed, environment.task.index, draft), self.rules.strict
        system = self._native_system(environment) if self.native else None
        model = renaming_chat(self.model, self.variety.names, self.seed, environment.task.index)
        return ChatPolicy(model, self.sampling, sample, self.native, strict, self.stops, system)

    def _native_system(self, environment: Environment) -> str:
        """System text for a model that acts by native calls."""
        protocol, limits = self.prompts(functions.PROMPT), environment.limits
        if self.guidance is None:
            return protocol
        return self.guidance.system(protocol, self.prompts, limits, environment.task.domain, native=True)

    async def _judged(self, candidate: Candidate) -> Candidate:
        assert candidate.problem is not None  # only problems are judged
        judgement = await builtin.judge(candidate.problem, self.bundles.library, self.tools, self.executor)
        attempt, verdict = judgement.records(candidate.problem, MadeBy(name=BUILTIN, version=__version__))
        return replace(candidate, attempt=attempt, verdict=verdict)


def _failed(index: int, failure: RecordFailure) -> Candidate:
    """The candidate that could not be finished."""
    return Candidate(index, "", failure=failure)


def _usage(policy: Policy) -> Sequence[Usage]:
    """Return the tokens of every reply of a language model; nothing for other policies."""
    return policy.usage if isinstance(policy, ChatPolicy) else ()
