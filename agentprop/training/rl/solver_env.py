"""Training environment of the solver: questions and answers, G attempts at each, and reward 1 for a correct one.

Paper (arXiv 2602.03279): GRPO on {question, answer}; the proposer's traces never reach the solver. Here they cannot,
because an exercise has no field for them. Attempts are sampled and graded exactly like a prober's: answers are compared
by equivalence, and programs run hidden tests in the sandbox. An attempt that was cut off is wrong, or masked if the
settings say so; one that could not be graded is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from agentprop.boundary import INTERNAL, RecordFailure, contained_async
from agentprop.engine.rolling import together
from agentprop.errors import InputError
from agentprop.grading.difficulty import Outcome
from agentprop.grading.probers import GradedReply, Prober
from agentprop.models.chat import Reply
from agentprop.models.failures import ModelFailure
from agentprop.records import Certificate, Problem, Record
from agentprop.training.data.sequences import SampledTurn, join
from agentprop.training.means import RunningMeans
from agentprop.training.model.distributed import World
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.examples import ComparisonRule, Example, TrainingGroup
from agentprop.training.rl.loop import Experience
from agentprop.training.rl.pear import thinking_tokens
from agentprop.training.rl.refill import Place, Places

KEPT_GROUPS = 4
"""Questions of a sampled step whose attempts are kept."""
OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "too_slow", "truncated", "timeout", "undetermined", "internal")
LOST = frozenset({"timeout", "undetermined", "internal"})
"""Outcomes that say nothing about the answer."""


def exercise(problem: Problem) -> Problem:
    """Reduce a problem to question, answer and what grading needs, without its origin, skills and difficulty."""
    return Problem(
        statement=problem.statement,
        answer=problem.answer,
        answer_type=problem.answer_type,
        unit=problem.unit,
        figures=problem.figures,
        tolerance=problem.tolerance,
        accepted=problem.accepted,
        entry_point=problem.entry_point,
        tests=problem.tests,
        judging=problem.judging,
        domain=problem.domain,
        category="",
        skills=(),
        skill_ids=(),
        certificate=Certificate(form="none"),
        evidence="none",
    )


@dataclass(frozen=True)
class QuestionAttempts:
    """Attempts at one question."""

    exercise: Problem
    """Question that was asked."""
    first: int
    """Number of the first attempt, unique over the run."""
    tries: tuple[GradedReply, ...]
    """Replies and grades; none where the policy could not be reached."""
    failure: RecordFailure | None = None
    """What failed unexpectedly instead."""
    slot: int = 0
    """Place of its group in the rollout batch."""
    refilled: bool = False
    """It took the place of a silent group."""
    version: int | None = None
    """Step of the weights that began to answer, if the sampler has versions."""


@dataclass
class SolverEnv:
    """Training environment of the solver."""

    exercises: Sequence[Problem]
    solver: Prober
    """Policy in the role of a prober."""
    comparison: ComparisonRule
    wrong_reward: float
    """Reward of a wrong answer; a correct one earns 1."""
    mask_cut_off: bool
    """Attempts that were cut off count in the statistics of their group, but are not in the loss."""
    groups: int
    """Questions in a step, over all processes."""
    size: int
    """Attempts at each question, G."""
    seed: int
    world: World
    decode: Callable[[Sequence[int]], str] | None = None
    """Text of token ids, if rewards depend on where an answer begins."""
    state: dict[str, Any] = field(default_factory=dict)
    """State, always empty: the questions of a step follow from its number."""

    async def roll_out(self, step: int) -> list[QuestionAttempts]:
        """Make G attempts at each of this process's questions of a step."""
        return await self.roll_on([], Places(step, self.groups).first())

    async def roll_on(self, rollouts: Sequence[QuestionAttempts], places: Sequence[Place]) -> list[QuestionAttempts]:
        """Make G attempts at each of this process's share of some questions, and return all attempts so far."""
        found = await together([self._attempts(place) for place in self.world.share(places)])
        return [*rollouts, *found]

    async def silent(self, rollouts: Sequence[QuestionAttempts]) -> list[int]:
        """Return the slots whose last group teaches nothing, over all processes."""
        teaching = {group.slot for group in map(self._training_group, rollouts) if not group.silent}
        marks = self.world.sum([float(slot in teaching) for slot in range(self.groups)])
        return [slot for slot, mark in enumerate(marks) if not mark]

    async def score(self, rollouts: Sequence[QuestionAttempts]) -> Experience:
        """Score the attempts."""
        found = [self._training_group(one) for one in rollouts]
        refilled = self.world.sum([float(sum(one.refilled for one in rollouts))])[0]
        metrics = solver_means(rollouts, found).reduce(self.world) | {"groups/refilled": refilled}
        records = [record for one in rollouts[:KEPT_GROUPS] for record in self._records(one)]
        failures = [named for one in rollouts for named in failures_of(one)]
        outcomes: Counter[str] = Counter(tried.grade.outcome for one in rollouts for tried in one.tries)
        unknown = sum(outcomes[name] for name in LOST) + self.size * sum(not one.tries for one in rollouts)
        ends = {"truncated": outcomes["truncated"], "lost": unknown}
        return Experience(found, metrics, records, {}, len(rollouts) * self.size, failures, ends)

    async def aclose(self) -> None:
        """Do nothing: grading keeps nothing open."""

    def question(self, number: int) -> Problem:
        """Return the question of a group: all questions in a new order, epoch after epoch."""
        epoch, place = divmod(number, len(self.exercises))
        order = list(range(len(self.exercises)))
        Random(f"{self.seed}/{epoch}").shuffle(order)
        return self.exercises[order[place]]

    async def _attempts(self, place: Place) -> QuestionAttempts:
        asked, first = self.question(place.number), place.number * self.size
        where = (place.slot, place.order >= self.groups, getattr(self.solver.model, "version", None))

        async def attempted() -> QuestionAttempts:
            try:
                tries = tuple(await self.solver.tries(asked, first, self.size, exact=True))
            except ModelFailure:
                tries = ()
            return QuestionAttempts(asked, first, tries, None, *where)

        return await contained_async(attempted, lambda failure: QuestionAttempts(asked, first, (), failure, *where))

    def _training_group(self, one: QuestionAttempts) -> TrainingGroup:
        known = [(one.first + i, tried) for i, tried in enumerate(one.tries) if tried.grade.outcome not in LOST]
        versions = () if one.version is None else (one.version,)
        examples = tuple(
            replace(self._example(one.exercise, number, tried), versions=versions) for number, tried in known
        )
        members = [
            ReturnedEpisode(e.id, self._reward(tried), (ActionReturn("answer", 0.0),) if e.sequences else ())
            for e, (_, tried) in zip(examples, known, strict=True)
        ]
        c = self.comparison
        compared = advantages(members, omega=0.0, std=c.std, floor_episode=c.floor_episode)
        return TrainingGroup(compared, examples, one.first // self.size, one.slot, tuple(members))

    def _example(self, asked: Problem, number: int, tried: GradedReply) -> Example:
        found = example(asked, number, tried, self._masked(tried))
        if self.decode is None or not found.sequences:
            return found
        [own] = found.sequences
        return replace(found, thinking=thinking_tokens(own.ids[own.mask].tolist(), self.decode))

    def _masked(self, tried: GradedReply) -> bool:
        return self.mask_cut_off and tried.grade.outcome == "truncated"

    def _reward(self, tried: GradedReply) -> float:
        if self._masked(tried):
            return 0.0
        return 1.0 if tried.grade.outcome == "correct" else self.wrong_reward

    def _records(self, one: QuestionAttempts) -> list[Record]:
        tries = enumerate(one.tries, one.first)
        return [one.exercise, *(self.solver.attempt(one.exercise, number, tried) for number, tried in tries)]


def failures_of(one: QuestionAttempts) -> list[tuple[str, RecordFailure]]:
    """Name what failed unexpectedly at a question: all of it, or attempts that could not be graded."""
    if one.failure is not None:
        return [(f"question {one.exercise.id}", one.failure)]
    return [
        (f"question {one.exercise.id} attempt {number}", RecordFailure.of(INTERNAL, tried.grade.why))
        for number, tried in enumerate(one.tries, one.first)
        if tried.grade.outcome == INTERNAL
    ]


def example(asked: Problem, number: int, tried: GradedReply, masked: bool) -> Example:
    """The tokens of an attempt. Raises InputError where the sampler gave none."""
    own = f"{asked.id}/{number}"
    if not isinstance(tried.reply, Reply):
        return Example(own, (), in_loss=False)
    choice, prompt = tried.reply.choices[0], tried.reply.prompt_token_ids
    if not prompt or not choice.token_ids:
        raise InputError(
            f"{tried.reply.model} gives no token ids, and ratios of probabilities need those that were sampled",
            hint="use a server that gives token ids, or sample in process",
        )
    sequence = join([SampledTurn(prompt, choice.token_ids, choice.logprobs)], own)[0]
    return Example(own, (sequence,), in_loss=not masked, accepted=tried.grade.outcome == "correct")


def solver_means(rollouts: Sequence[QuestionAttempts], found: Sequence[TrainingGroup]) -> RunningMeans:
    """Collect rewards, outcomes, lengths, and the share of groups without a signal."""
    outcomes = [[tried.grade.outcome for tried in one.tries] for one in rollouts]
    every = [outcome for group in outcomes for outcome in group]
    means = RunningMeans()
    means.add("reward/accuracy", (outcome == "correct" for outcome in every if outcome not in LOST))
    means.add("reward/solved", ("correct" in group for group in outcomes))
    means.add("fate/masked", (not example.in_loss for group in found for example in group.examples))
    means.add("fate/lost", (outcome in LOST for outcome in every))
    for name in OUTCOMES:
        means.add(f"outcome/{name}", (outcome == name for outcome in every))
    means.add("fate/unanswered", (not one.tries for one in rollouts))
    means.add("tokens/reply", (example.n_actions for group in found for example in group.examples))
    means.add("groups/constant", (group.advantages.constant for group in found))
    means.add("groups/singleton", (group.advantages.singleton for group in found))
    return means
