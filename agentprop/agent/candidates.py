"""A seed, an index and the mastery so far → one finished candidate: its task, trajectory, problem and verdict.

Candidate i depends on nothing else, so any process may make it. The paper's curriculum: categories are drawn with
p(c) ∝ 1/(m_c + ε). Ours: ε, the uniform admixture, the factor for novelty, and the cap on mined arithmetic.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.resources import files
from random import Random

from agentprop import __version__
from agentprop.agent import tool_calls as functions
from agentprop.agent.bundles import Bundles
from agentprop.agent.chat_policy import ChatPolicy
from agentprop.agent.environment import Environment, Policy, Rules, rollout
from agentprop.boundary import RecordFailure, contained_async
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.terms import Term, skills
from agentprop.grading import builtin_verifier as builtin
from agentprop.grading.verifiers import BUILTIN
from agentprop.models.chat import ChatModel, Sampling
from agentprop.prompts import prompt_hash
from agentprop.records import Attempt, Domain, MadeBy, Problem, Task, Trajectory, Verdict, check_storable
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

UNIFORM = 0.1
"""Share of candidates whose category ignores mastery, so that no category is starved (ours)."""


@dataclass(frozen=True)
class Candidate:
    """What became of one index."""

    index: int
    """Candidate number."""
    category: str
    """Category drawn."""
    task: Task | None = None
    """The initial state; None where no composition could be planned."""
    trajectory: Trajectory | None = None
    """Every turn."""
    problem: Problem | None = None
    """The problem, where the contract was kept."""
    attempt: Attempt | None = None
    """The built-in verifier's attempt, where V ran."""
    verdict: Verdict | None = None
    """Its verdict."""
    failure: RecordFailure | None = None
    """Why nothing became of it, by no fault of its own."""

    @property
    def mined(self) -> bool:
        """Whether a mined skill is among those the problem composes."""
        return self.problem is not None and self.problem.evidence == "self-consistent"

    @property
    def success(self) -> bool:
        """Whether it counts as mastered: accepted and, where V ran, valid."""
        return self.problem is not None and (self.verdict is None or self.verdict.value == "valid")


@dataclass(frozen=True)
class MasteryState:
    """How the categories stand after a batch."""

    mastery: Mapping[str, float]
    """m_c, the EMA of the success rate."""
    novelty: Mapping[str, float]
    """EMA of the share of successes that were distinct: an exhausted category is drawn less (ours)."""


@dataclass(frozen=True)
class Curriculum:
    """Which categories are drawn, and how often."""

    categories: tuple[str, ...]
    """The categories in play, in order."""
    mined: frozenset[str] = frozenset()
    """Those made of mined skills."""
    mined_share: float = 0.2
    """Most of the problems that may come from mined categories."""
    alpha: float = 0.1
    """Rate α of the mastery EMA."""
    epsilon: float = 0.1
    """ε of p(c) ∝ 1/(m_c + ε)."""
    initial: MasteryState | None = None
    """Standing learnt from earlier runs."""

    def start(self) -> MasteryState:
        """What earlier runs taught; without them mastery one half, everything new."""
        if self.initial is not None:
            return self.initial
        return MasteryState(dict.fromkeys(self.categories, 0.5), dict.fromkeys(self.categories, 1.0))

    def probabilities(self, standing: MasteryState) -> list[float]:
        """p(c), in the order of the categories. Mined categories together stay well below their cap."""
        raw = [standing.novelty[c] / (standing.mastery[c] + self.epsilon) for c in self.categories]
        mixed = [(1 - UNIFORM) * r / sum(raw) + UNIFORM / len(raw) for r in raw]
        mined = sum(p for c, p in zip(self.categories, mixed, strict=True) if c in self.mined)
        cap = 0.75 * self.mined_share
        if mined <= cap or self.mined >= set(self.categories):
            return mixed
        return [
            p * (cap / mined if c in self.mined else (1 - cap) / (1 - mined))
            for c, p in zip(self.categories, mixed, strict=True)
        ]

    def updated(self, before: MasteryState, tallies: Mapping[str, Sequence[int]]) -> MasteryState:
        """m_c ← (1 − α)·m_c + α·success rate of the category in a batch; novelty alike, among the successes.

        `tallies` maps a category to (candidates, successes, successes that were distinct).
        """
        mastery, novelty = dict(before.mastery), dict(before.novelty)
        for category, (total, successes, distinct) in tallies.items():
            mastery[category] += self.alpha * (successes / total - mastery[category])
            if successes:
                share = max(distinct / successes, 0.05)
                novelty[category] += self.alpha * (share - novelty[category])
        return MasteryState(mastery, novelty)


@dataclass(frozen=True)
class CandidateMaker:
    """What a process needs to make candidates of a run."""

    planner: Planner
    curriculum: Curriculum
    executor: Executor
    rules: Rules
    seed: int
    verify: bool
    """Whether the built-in verifier judges each problem."""
    model: ChatModel | None = None
    """The language model that proposes; None means the built-in proposer."""
    sampling: Sampling = field(default_factory=Sampling)
    """How the model's tokens are drawn."""
    native: bool = False
    """Whether the model acts by native tool calls."""
    tools: Mapping[str, str] = field(default_factory=lambda: tools())
    made_by: MadeBy = field(default_factory=lambda: builtin_maker())
    written: Mapping[str, Package] = field(default_factory=dict)
    """Skills without a script, for a language model's bundles."""

    @cached_property
    def bundles(self) -> Bundles:
        """What a language model is given to start with."""
        return Bundles(self.planner, self.written)

    def batch(self, indices: range, standing: MasteryState) -> list[Candidate]:
        """These candidates, advanced together."""
        return asyncio.run(self._batch(indices, self.curriculum.probabilities(standing)))

    async def _batch(self, indices: range, probabilities: list[float]) -> list[Candidate]:
        return list(await asyncio.gather(*(self.candidate(i, probabilities) for i in indices)))

    async def candidate(self, index: int, probabilities: list[float]) -> Candidate:
        """One candidate, its category drawn with the given probabilities; one that fails takes no other one down."""
        return await contained_async(partial(self._candidate, index, probabilities), partial(_failed, index))

    async def _candidate(self, index: int, probabilities: list[float]) -> Candidate:
        rng = Random(f"{self.seed}/{index}")
        category = rng.choices(self.curriculum.categories, probabilities)[0]
        library = self.bundles.library
        names, term = self.bundles.draw(category, rng) if self.model is not None else None, None
        if names is None:
            try:
                term = self.planner.plan(category, rng)
            except Impossible:
                return Candidate(index, category)
            names = skills(term)
        task = Task(
            seed=self.seed,
            index=index,
            domain=self.bundles.domain(category),
            category=category,
            skill_ids=tuple(library[name].id for name in names),
            skill_names=names,
        )
        own_code = self.model is None
        environment = Environment(task, library, self.executor, self.tools, self.rules, self.made_by, own_code)
        episode = await rollout(environment, self._policy(index, term, rng))
        found = Candidate(index, category, task, episode.trajectory, episode.problem)
        if self.verify and episode.problem is not None:
            found = await self._judged(found)
        for record in (found.trajectory, found.problem, found.attempt, found.verdict):
            if record is not None:
                check_storable(record)
        return found

    def _policy(self, index: int, term: Term | None, rng: Random) -> Policy:
        if self.model is not None:
            return ChatPolicy(self.model, self.sampling, self.seed * 1_000_003 + index, self.native)
        assert term is not None  # only models are given bundles without a composition
        return BuiltinProposer(self.planner, term, rng, prune=self.rules.prune)

    async def _judged(self, found: Candidate) -> Candidate:
        assert found.problem is not None  # only problems are judged
        judgement = await builtin.judge(found.problem, self.planner.library, self.tools, self.executor)
        attempt, verdict = judgement.records(found.problem, MadeBy(name=BUILTIN, version=__version__))
        return Candidate(found.index, found.category, found.task, found.trajectory, found.problem, attempt, verdict)


def _failed(index: int, failure: RecordFailure) -> Candidate:
    """The candidate that could not be finished."""
    return Candidate(index, "", failure=failure)


def tools() -> dict[str, str]:
    """The helper module that code in the sandbox may import."""
    return {"tools": files("agentprop.composition").joinpath("sandbox_tools.py").read_text(encoding="utf-8")}


def builtin_maker() -> MadeBy:
    """The identity of the built-in proposer."""
    return MadeBy(name="builtin", version=__version__, prompt_hash=prompt_hash("proposer", "task"))


def model_maker(name: str, revision: str | None, sampling: Sampling, *, native: bool = False) -> MadeBy:
    """The identity of a language model as proposer."""
    drawn = json.dumps({"temperature": sampling.temperature, "max_tokens": sampling.max_tokens})
    prompts = prompt_hash(functions.PROMPT if native else "proposer", "task")
    return MadeBy(name=name, revision=revision, sampling=drawn, prompt_hash=prompts, version=__version__)


def categories_of(planner: Planner | Bundles, domain: Domain | None, wanted: Sequence[str]) -> tuple[str, ...]:
    """The categories a run draws from: all that can be asked, narrowed by domain and by name."""
    return tuple(
        c
        for c in sorted(planner.categories)
        if (domain is None or planner.domain(c) == domain) and (not wanted or c in wanted)
    )
