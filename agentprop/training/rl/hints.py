"""Groups with episodes that failed → the same groups with branches: what the policy does at a dead end with a hint.

REX-RAG (arXiv 2508.08149) lets failed rollouts go on after a hint and corrects for it by the ratio of the policy to a
mixture of policy and hints, for the tokens before the hint too. Ours needs no mixture:

    who said it               in the loss   why
    member, before the hint   no            a branch has these tokens as context; the member that sampled them learns
                                            from them, by its own reward
    environment, the hint     no            an observation, never an action
    branch, after the hint    yes           sampled by the policy in just this context: its ratio is π_θ/π_old as ever

Were the first part trained on in the branch, it would be rewarded for what came after the hint, which no proposer
gets: with π(b) = 0.5 for a beginning b that always fails and always recovers if it is told to, the gradient of the
expected reward by log π(b) is 0, but that branch would add 0.5·(1 − 0) to it.

Only failures branch, so a branch is compared with its group and changes nothing for the group (`advantages.beside`):
Σw of a group is 0 as before, and branches come on top of it. Curriculum, prober pool and the rewards that are reported
are those of members alone. One of eight episodes of a group branches at most (of a smaller group one), and the chance
falls to 0 over the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from agentprop.agent.hinting import HINTS, dead_end, go_on
from agentprop.engine.rolling import together
from agentprop.models.chat import ChatModel, Sampling
from agentprop.records import Task
from agentprop.training.means import RunningMeans
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.rollout import Group, RolledOut, RolloutSetup, play
from agentprop.training.rl.scoring import ScoredGroup

EPISODES = 8
"""Episodes of a group for each of its branches."""


@dataclass(frozen=True)
class Hints:
    """Chance that an episode branches."""

    first: float
    """Chance in the first step."""
    steps: int
    """Steps until it is 0."""

    def chance(self, step: int) -> float:
        """Return the chance in a step.

        >>> [Hints(0.5, 4).chance(step) for step in range(5)]
        [0.5, 0.375, 0.25, 0.125, 0.0]
        """
        return self.first * max(0.0, 1 - step / self.steps)


@dataclass(frozen=True)
class Branching:
    """Where a member branches."""

    member: RolledOut
    """Episode that failed."""
    kept: int
    """Turns of it that the branch begins with."""
    hint: str
    """What it is told then."""


def most_branches(size: int) -> int:
    """Return the most branches of a group of this size.

    >>> [most_branches(size) for size in (4, 8, 16)]
    [1, 1, 2]
    """
    return max(1, size // EPISODES)


def branchings(group: Group, chance: float, max_turns: int) -> list[Branching]:
    """Return where the members of a group branch; a member's draw depends on seed, task and number alone."""
    found = []
    for member in group.members:
        rng = Random(f"{group.task.seed}/{group.task.index}/{member.number}/hint")
        kept = dead_end(member.trajectory, max_turns) if member.failure is None else None
        if kept is not None and rng.random() < chance:
            found.append(Branching(member, kept, rng.choice(HINTS)))
    return found[: most_branches(len(group.members))]


async def branch(
    groups: Sequence[Group],
    chance: float,
    size: int,
    setup: RolloutSetup,
    model: ChatModel,
    sampling: Sampling,
    ended: Callable[[RolledOut], None] | None = None,
) -> list[Group]:
    """Play the branches of all groups at once; return the groups with them. Raises as `roll_out` does."""

    async def run(task: Task, one: Branching) -> RolledOut:
        begin = partial(go_on, trajectory=one.member.trajectory, kept=one.kept, hint=one.hint)
        played = await play(task, one.member.number, size, setup, model, sampling, begin)
        branched = RolledOut.of(one.member.number, *played, kept=one.kept)
        if ended is not None:
            ended(branched)
        return branched

    wanted = [branchings(group, chance, setup.rules.max_turns) for group in groups]
    works = [run(group.task, one) for group, some in zip(groups, wanted, strict=True) for one in some]
    done = iter(await together(works))
    return [
        replace(group, branches=tuple(next(done) for _ in some)) for group, some in zip(groups, wanted, strict=True)
    ]


def add_branches(means: RunningMeans, groups: Sequence[ScoredGroup], found: Sequence[TrainingGroup]) -> None:
    """Add the branches for each episode, the share of them that recovered, and their share of the sampled tokens."""
    means.add_mean("hints/branches", *_share(sum(len(g.branches) for g in groups), sum(len(g.members) for g in groups)))
    means.add("hints/recovered", (one.valid for group in groups for one in group.branches))
    examples = [(n >= len(g.advantages.members), one.n_actions) for g in found for n, one in enumerate(g.examples)]
    means.add_mean("hints/tokens", *_share(sum(n for b, n in examples if b), sum(n for _, n in examples)))


def _share(part: int, whole: int) -> tuple[float, int]:
    return (part / whole if whole else 0.0), whole
