"""Tasks → groups: G finished episodes from each task, all of them under way at once.

The members of a group share everything but their luck: the task with its K_0, the rules, the weights that sample. The
environment, its sandbox and the policy protocol are those of `propose`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentprop.agent.chat_policy import ChatPolicy
from agentprop.agent.environment import Environment, Episode, Rules, rollout
from agentprop.boundary import RecordFailure, contained_async
from agentprop.engine.rolling import together
from agentprop.models.chat import ChatModel, Sampling
from agentprop.records import MadeBy, Problem, StopReason, Task, Trajectory
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package


@dataclass(frozen=True)
class RolledOut:
    """One episode of a group."""

    id: str
    """Trajectory id and number in the group: unique even where two members said the same, word for word."""
    number: int
    """Its number in the group, from 0."""
    episode: Episode
    """What happened."""
    failure: RecordFailure | None = None
    """Why nothing did, by no fault of the policy's; the episode is empty then."""

    @property
    def trajectory(self) -> Trajectory:
        """Every turn."""
        return self.episode.trajectory

    @property
    def problem(self) -> Problem | None:
        """What was submitted, where the contract was kept."""
        return self.episode.problem


@dataclass(frozen=True)
class Group:
    """The episodes that started from one task."""

    task: Task
    """The initial state they share."""
    members: tuple[RolledOut, ...]
    """G of them."""


@dataclass(frozen=True)
class RolloutSetup:
    """Where episodes take place."""

    library: Mapping[str, Package]
    """What may be active."""
    tools: Mapping[str, str]
    """Modules that code may import besides the skills."""
    executor: Executor
    """Who runs the code."""
    rules: Rules = field(default_factory=Rules)
    """Limits of an episode, and which actions exist."""
    made_by: MadeBy = field(default_factory=MadeBy)
    """The proposer, as the records name it."""

    def environment(self, task: Task) -> Environment:
        """A fresh episode."""
        return Environment(task, self.library, self.executor, self.tools, self.rules, self.made_by)


async def roll_out(
    tasks: Sequence[Task], size: int, arena: RolloutSetup, model: ChatModel, sampling: Sampling
) -> list[Group]:
    """`size` episodes from each task, in order. Raises ModelOutage where the model answers nobody any more."""
    episodes = await together(
        [_episode(task, number, size, arena, model, sampling) for task in tasks for number in range(size)]
    )
    groups = [
        Group(task, tuple(_member(n, *one) for n, one in enumerate(episodes[start : start + size])))
        for task, start in zip(tasks, range(0, len(episodes), size), strict=True)
    ]
    check(groups, size)
    return groups


def check(groups: Sequence[Group], size: int) -> None:
    """Every group has its G members, all from its own task; anything else would look like a collapse of the policy."""
    for group in groups:
        foreign = [member.id for member in group.members if member.trajectory.task_id != group.task.id]
        if len(group.members) != size or len({member.id for member in group.members}) != size or foreign:
            raise AssertionError(f"the group of task {group.task.id} is not {size} episodes of its own: {foreign}")


async def _episode(
    task: Task, number: int, size: int, arena: RolloutSetup, model: ChatModel, sampling: Sampling
) -> tuple[Episode, RecordFailure | None]:
    """An episode; one that fails is no other episode's concern."""
    sample = (task.seed * 1_000_003 + task.index) * size + number

    async def played() -> tuple[Episode, RecordFailure | None]:
        return await rollout(arena.environment(task), ChatPolicy(model, sampling, sample=sample)), None

    def failed(failure: RecordFailure) -> tuple[Episode, RecordFailure | None]:
        environment = arena.environment(task)
        environment.stop = StopReason.TOOL_FAILURE
        return environment.episode(), failure

    return await contained_async(played, failed)


def _member(number: int, episode: Episode, failure: RecordFailure | None) -> RolledOut:
    return RolledOut(f"{episode.trajectory.id}/{number}", number, episode, failure)
