"""Tasks → groups: G finished episodes of each task, all under way at once.

The members of a group differ only in their random draws: they share the task with its K_0, the rules, and the weights
that sample. Environment, sandbox and action protocol are those of `propose`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from agentprop.agent.chat_policy import ChatPolicy
from agentprop.agent.environment import Environment, Episode, Rules, rollout
from agentprop.agent.renaming import renaming_chat
from agentprop.agent.sampling_seed import sampling_seed
from agentprop.boundary import RecordFailure, contained_async
from agentprop.engine.rolling import together
from agentprop.models.chat import ChatModel, Choice, Reply, Request, Sampling
from agentprop.records import MadeBy, Problem, StopReason, Task, Trajectory, Turn
from agentprop.records.trajectory import TRUNCATED
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package


@dataclass(frozen=True)
class RolledOut:
    """One episode of a group."""

    id: str
    """Trajectory id and number in the group: unique even if two members are the same, word for word."""
    number: int
    """Number of the episode in its group, from 0."""
    episode: Episode
    """What happened."""
    failure: RecordFailure | None = None
    """Why nothing did, by no fault of the policy's; the episode is empty then."""
    versions: tuple[int, ...] = ()
    """Step of the weights with which each turn began to be sampled, if the sampler has versions."""
    kept: int = 0
    """Turns at the beginning that are another episode's, from which this one branched off."""

    @classmethod
    def of(
        cls, number: int, episode: Episode, failure: RecordFailure | None, versions: tuple[int, ...], kept: int = 0
    ) -> Self:
        """Build from what was played."""
        name = f"{number}" if not kept else f"{number}+{kept}"
        return cls(f"{episode.trajectory.id}/{name}", number, episode, failure, versions, kept)

    @property
    def trajectory(self) -> Trajectory:
        """Trajectory of the episode."""
        return self.episode.trajectory

    @property
    def problem(self) -> Problem | None:
        """Submitted problem; None if the submission broke the contract or there was none."""
        return self.episode.problem


@dataclass(frozen=True)
class Group:
    """Episodes of one task."""

    task: Task
    """Task, the initial state that all episodes share."""
    members: tuple[RolledOut, ...]
    """Episodes, G of them."""
    branches: tuple[RolledOut, ...] = ()
    """Episodes that go on with a hint where a member failed; they have its number."""


@dataclass(frozen=True)
class RolloutSetup:
    """Fixed parts of the environment of all episodes."""

    library: Mapping[str, Package]
    """Skills that may be active, by name."""
    tools: Mapping[str, str]
    """Sources of modules that code may import besides the skills, by name."""
    executor: Executor
    """Executor of the code of episodes."""
    rules: Rules = field(default_factory=Rules)
    """Limits and available actions of an episode."""
    made_by: MadeBy = field(default_factory=MadeBy)
    """Description of the proposer for the records."""
    keep_cut: bool = False
    """Keep a reply that was cut off as the last turn of its episode, so that its tokens can be trained on."""
    names: tuple[str, ...] = ()
    """Names that change places for each task, in what the policy reads and writes."""

    def environment(self, task: Task) -> Environment:
        """Return a fresh environment for a task."""
        return Environment(task, self.library, self.executor, self.tools, self.rules, self.made_by)


async def roll_out(
    tasks: Sequence[Task],
    size: int,
    setup: RolloutSetup,
    model: ChatModel,
    sampling: Sampling,
    ended: Callable[[RolledOut], None] | None = None,
) -> list[Group]:
    """Run `size` episodes of each task; return the groups in order. Raises ModelOutage if the model fails for good.

    `ended` is called with each episode as it ends.
    """

    async def run(task: Task, number: int) -> RolledOut:
        member = RolledOut.of(number, *await play(task, number, size, setup, model, sampling))
        if ended is not None:
            ended(member)
        return member

    members = await together([run(task, number) for task in tasks for number in range(size)])
    groups = [
        Group(task, tuple(members[start : start + size]))
        for task, start in zip(tasks, range(0, len(members), size), strict=True)
    ]
    check(groups, size)
    return groups


def check(groups: Sequence[Group], size: int) -> None:
    """Check that every group has G distinct members, all of its own task: an error here would look like a collapse.

    Raises AssertionError.
    """
    for group in groups:
        foreign = [member.id for member in group.members if member.trajectory.task_id != group.task.id]
        if len(group.members) != size or len({member.id for member in group.members}) != size or foreign:
            raise AssertionError(f"the group of task {group.task.id} is not {size} episodes of its own: {foreign}")


Played = tuple[Episode, RecordFailure | None, tuple[int, ...]]
"""An episode, why there is nothing in it if that is not the policy's fault, and the versions of its turns."""


async def play(
    task: Task,
    number: int,
    size: int,
    setup: RolloutSetup,
    model: ChatModel,
    sampling: Sampling,
    begin: Callable[[Environment], None] | None = None,
) -> Played:
    """Play an episode, from the state that `begin` puts its environment in.

    One that fails is no other episode's concern.
    """
    sample = sampling_seed(task.seed, task.index) * size + number

    async def played() -> Played:
        environment = setup.environment(task)
        heard = _LastReply(renaming_chat(model, setup.names, task.seed, task.index))
        if begin is not None:
            begin(environment)
        episode = await rollout(environment, ChatPolicy(heard, sampling, sample=sample))
        if setup.keep_cut and environment.stop is StopReason.TRUNCATED and heard.said:
            environment.turns.append(_cut_turn(environment, *heard.said))
            episode = environment.episode()
        return episode, None, tuple(heard.versions)

    def failed(failure: RecordFailure) -> Played:
        environment = setup.environment(task)
        environment.stop = StopReason.TOOL_FAILURE
        return environment.episode(), failure, ()

    return await contained_async(played, failed)


@dataclass
class _LastReply:
    """A chat model, its last reply, and the versions of its weights."""

    model: ChatModel
    said: tuple[Reply, Choice] | None = None
    """The reply and its only choice, if something was sampled."""
    versions: list[int] = field(default_factory=list)
    """Step of the weights at the beginning of each reply; a server may get newer ones before its end."""

    @property
    def identity(self) -> str:
        """Name of the model."""
        return self.model.identity

    async def reply(self, request: Request) -> Reply:
        """Answer as the model does."""
        version = getattr(self.model, "version", None)
        reply = await self.model.reply(request)
        self.versions += [] if version is None else [version]
        choice = reply.choices[0]
        self.said = (reply, choice) if choice.token_ids or choice.text else None
        return reply

    async def aclose(self) -> None:
        """Close the model."""
        await self.model.aclose()


def _cut_turn(environment: Environment, reply: Reply, choice: Choice) -> Turn:
    """Return the turn of a reply that was cut off: it is no action, and nothing answers it."""
    return Turn(
        index=len(environment.turns),
        stage=environment.stage,
        action="malformed",
        message=choice.text.encode("utf-8", "replace").decode("utf-8"),  # lone surrogates cannot be stored
        observation="",
        outcome=TRUNCATED,
        skills=tuple(environment.active),
        prompt_token_ids=reply.prompt_token_ids,
        token_ids=choice.token_ids,
        logprobs=choice.logprobs,
        finish_reason=choice.finish_reason,
    )
