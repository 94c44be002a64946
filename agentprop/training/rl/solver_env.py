"""What the solver learns from: questions and their answers, G attempts at each, 1 for a right one.

Paper (arXiv 2602.03279): GRPO on {question, answer}; the proposer's traces never reach the solver. Here they cannot: an
exercise has no field for them. Attempts are asked for and graded exactly as a prober's, so answers are compared by
equivalence and programs run hidden tests in the sandbox. An attempt that was cut off is wrong, or masked where that is
asked for; one that could not be graded is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from agentprop.boundary import INTERNAL, RecordFailure, contained_async
from agentprop.engine.rolling import together
from agentprop.errors import InputError
from agentprop.grading.difficulty import Outcome
from agentprop.grading.probers import Prober, Try
from agentprop.models.chat import Reply
from agentprop.models.failures import ModelFailure
from agentprop.records import Certificate, Problem, Record
from agentprop.training.data.sequences import Spoken, join
from agentprop.training.means import RunningMeans
from agentprop.training.model.distributed import World
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.examples import ComparisonRule, Example, TrainingGroup
from agentprop.training.rl.loop import Experience

KEPT_GROUPS = 4
"""Questions of a sampled step whose attempts are kept."""
OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "too_slow", "truncated", "timeout", "undetermined", "internal")
LOST = frozenset({"timeout", "undetermined", "internal"})
"""Outcomes that say nothing about the answer."""


def exercise(problem: Problem) -> Problem:
    """Question and answer, and what grading needs: nothing of who made it, how, from what, or how hard it is."""
    return Problem(
        statement=problem.statement,
        answer=problem.answer,
        answer_type=problem.answer_type,
        unit=problem.unit,
        figures=problem.figures,
        entry_point=problem.entry_point,
        tests=problem.tests,
        domain=problem.domain,
        category="",
        skills=(),
        skill_ids=(),
        certificate=Certificate(form="none"),
        evidence="none",
    )


@dataclass(frozen=True)
class Attempted:
    """The attempts at one question."""

    exercise: Problem
    """What was asked."""
    first: int
    """Number of the first attempt, unique over the run."""
    tries: tuple[Try, ...]
    """Replies and grades; none where the policy could not be reached."""
    failure: RecordFailure | None = None
    """What failed unexpectedly instead."""


@dataclass
class SolverEnv:
    """The school of the solver."""

    exercises: Sequence[Problem]
    solver: Prober
    """The policy, asked as a prober is."""
    comparison: ComparisonRule
    wrong_reward: float
    """Reward of a wrong answer; a right one earns 1."""
    mask_cut_off: bool
    """Whether attempts that were cut off are in the statistics of their group alone."""
    groups: int
    """Questions of a step, over all processes."""
    size: int
    """G."""
    seed: int
    world: World
    state: dict[str, Any] = field(default_factory=dict)
    """Nothing: the questions of a step follow from its number."""

    async def roll_out(self, step: int) -> list[Attempted]:
        """This process's questions of the step, with G attempts at each."""
        numbers = range(step * self.groups, (step + 1) * self.groups)
        return await together([self._attempted(number) for number in self.world.share(numbers)])

    async def score(self, rollouts: Sequence[Attempted]) -> Experience:
        """What the attempts earn."""
        found = [self._lesson(one) for one in rollouts]
        figures = measured(rollouts, found).means(self.world)
        records = [record for one in rollouts[:KEPT_GROUPS] for record in self._records(one)]
        failures = [named for one in rollouts for named in failures_of(one)]
        return Experience(found, figures, records, {}, len(rollouts) * self.size, failures)

    async def aclose(self) -> None:
        """Grading holds nothing open."""

    def drawn(self, number: int) -> Problem:
        """The question of a group: all of them in a new order, again and again."""
        epoch, place = divmod(number, len(self.exercises))
        order = list(range(len(self.exercises)))
        Random(f"{self.seed}/{epoch}").shuffle(order)
        return self.exercises[order[place]]

    async def _attempted(self, number: int) -> Attempted:
        asked, first = self.drawn(number), number * self.size

        async def attempted() -> Attempted:
            try:
                return Attempted(asked, first, tuple(await self.solver.tries(asked, first, self.size, exact=True)))
            except ModelFailure:
                return Attempted(asked, first, ())

        return await contained_async(attempted, lambda failure: Attempted(asked, first, (), failure))

    def _lesson(self, one: Attempted) -> TrainingGroup:
        known = [(one.first + i, tried) for i, tried in enumerate(one.tries) if tried.grade.outcome not in LOST]
        examples = tuple(example(one.exercise, number, tried, self._masked(tried)) for number, tried in known)
        members = [
            ReturnedEpisode(e.id, self._reward(tried), (ActionReturn("answer", 0.0),) if e.sequences else ())
            for e, (_, tried) in zip(examples, known, strict=True)
        ]
        c = self.comparison
        compared = advantages(members, omega=0.0, std=c.std, floor_episode=c.floor_episode)
        return TrainingGroup(compared, examples, one.first // self.size)

    def _masked(self, tried: Try) -> bool:
        return self.mask_cut_off and tried.grade.outcome == "truncated"

    def _reward(self, tried: Try) -> float:
        if self._masked(tried):
            return 0.0
        return 1.0 if tried.grade.outcome == "correct" else self.wrong_reward

    def _records(self, one: Attempted) -> list[Record]:
        tries = enumerate(one.tries, one.first)
        return [one.exercise, *(self.solver.attempt(one.exercise, number, tried) for number, tried in tries)]


def failures_of(one: Attempted) -> list[tuple[str, RecordFailure]]:
    """Name what failed unexpectedly at a question: all of it, or attempts that could not be graded."""
    if one.failure is not None:
        return [(f"question {one.exercise.id}", one.failure)]
    return [
        (f"question {one.exercise.id} attempt {number}", RecordFailure.of(INTERNAL, tried.grade.why))
        for number, tried in enumerate(one.tries, one.first)
        if tried.grade.outcome == INTERNAL
    ]


def example(asked: Problem, number: int, tried: Try, masked: bool) -> Example:
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
    sequence = join([Spoken(prompt, choice.token_ids, choice.logprobs)], own)[0]
    return Example(own, (sequence,), in_loss=not masked)


def measured(rollouts: Sequence[Attempted], found: Sequence[TrainingGroup]) -> RunningMeans:
    """Rewards, outcomes, lengths, and how many groups have a signal."""
    outcomes = [[tried.grade.outcome for tried in one.tries] for one in rollouts]
    every = [outcome for group in outcomes for outcome in group]
    figures = RunningMeans()
    figures.add("reward/accuracy", (outcome == "correct" for outcome in every if outcome not in LOST))
    figures.add("reward/solved", ("correct" in group for group in outcomes))
    figures.add("fate/masked", (not example.in_loss for lesson in found for example in lesson.examples))
    figures.add("fate/lost", (outcome in LOST for outcome in every))
    for name in OUTCOMES:
        figures.add(f"outcome/{name}", (outcome == name for outcome in every))
    figures.add("fate/unanswered", (not one.tries for one in rollouts))
    figures.add("tokens/reply", (example.n_actions for lesson in found for example in lesson.examples))
    figures.add("groups/constant", (lesson.advantages.constant for lesson in found))
    figures.add("groups/singleton", (lesson.advantages.singleton for lesson in found))
    return figures
