"""A task number and the mastery so far → a task: the initial state that all members of a group share.

Task i depends only on the seed, on i and on the mastery state. The bundle K_0 is drawn as `propose` draws it for a
model: from written and executable skills alike, and without held-out pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from agentprop.agent.bundles import Bundles
from agentprop.agent.curriculum import Curriculum, MasteryState
from agentprop.agent.variety import Variety
from agentprop.composition.planner import Impossible
from agentprop.composition.terms import skills
from agentprop.errors import InputError
from agentprop.records import Task

TRIES = 100
"""Categories drawn before giving up on finding a bundle that is allowed."""


@dataclass(frozen=True)
class Tasks:
    """Source of tasks."""

    bundles: Bundles
    """Bundles of skills that may be drawn."""
    curriculum: Curriculum
    """Curriculum: the probabilities of the categories."""
    seed: int = 0
    """Seed of the run."""
    variety: Variety = field(default_factory=Variety)
    """Variation of the tasks: skills of no use."""

    def draw(self, numbers: Iterable[int], mastery_state: MasteryState) -> list[Task]:
        """Draw the tasks with these numbers, all with the same mastery state."""
        probabilities = self.curriculum.probabilities(mastery_state)
        return [self._task(number, probabilities) for number in numbers]

    def _task(self, number: int, probabilities: Sequence[float]) -> Task:
        """Draw one task. Raises InputError if the library has no bundle that is allowed."""
        rng = Random(f"{self.seed}/{number}")
        for _ in range(TRIES):
            category = rng.choices(self.curriculum.categories, probabilities)[0]
            names = self._bundle(category, rng)
            if names is not None:
                library, names = self.bundles.library, self.variety.bundle(names, self.seed, number)
                return Task(
                    seed=self.seed,
                    index=number,
                    domain=self.bundles.domain(category),
                    category=category,
                    skill_ids=tuple(library[name].id for name in names),
                    skill_names=names,
                )
        raise InputError("no bundle of skills may be trained on", hint="add skills, or hold fewer pairs out")

    def _bundle(self, category: str, rng: Random) -> tuple[str, ...] | None:
        """Draw K_0; None if no composition of the category was found."""
        drawn = self.bundles.draw(category, rng)
        if drawn is not None:
            return drawn
        try:
            return skills(self.bundles.planner.plan(category, rng))
        except Impossible:
            return None


def success_rates(outcomes: Iterable[tuple[str, bool]]) -> dict[str, list[int]]:
    """Count (category, success) pairs into the tallies by category that `Curriculum.updated` takes.

    Successes of a group share their task, so their likeness says nothing about novelty: all count as distinct.
    """
    tallies: dict[str, list[int]] = {}
    for category, success in outcomes:
        total, good, _ = tallies.get(category, [0, 0, 0])
        tallies[category] = [total + 1, good + success, good + success]
    return tallies
