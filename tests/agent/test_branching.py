"""Drafts of one candidate: the first whose code holds goes on, and the others are paid for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from agentprop.agent.branching import Draft, best, draft, drafts
from agentprop.agent.candidates import CandidateMaker
from agentprop.agent.curriculum import Curriculum, categories_of
from agentprop.agent.environment import Environment, Rules, rollout
from agentprop.agent.sampling_seed import draft_seed
from agentprop.agent.sources import tools
from agentprop.composition.planner import Planner
from agentprop.models.chat import Choice, Reply, Request, Usage
from agentprop.records import Move, Observation, Task
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

THINK = "<action:think>plan</action:think>"
RUNS, FAILS = "<action:exec>print(4)</action:exec>", "<action:exec>print(1/0)</action:exec>"


class Recites:
    """A policy that recites messages and then gives up."""

    def __init__(self, *messages: str) -> None:
        self.left = list(messages)

    async def act(self, observation: Observation) -> Move:
        return Move(message=self.left.pop(0)) if self.left else Move(message=None)


def opened(toys: Mapping[str, Package], executor: Executor) -> Environment:
    names = ("toy-square", "toy-double")
    ids = tuple(toys[name].id for name in names)
    task = Task(seed=0, index=0, domain="mathematics", category="toy", skill_ids=ids, skill_names=names)
    return Environment(task, toys, executor, tools(), Rules())


def found(toys: Mapping[str, Package], executor: Executor, *said: tuple[str, ...]) -> list[Draft]:
    return asyncio.run(drafts([(opened(toys, executor), Recites(*messages)) for messages in said]))


def test_a_draft_ends_with_its_first_code_and_the_first_that_holds_goes_on(
    toys: Mapping[str, Package], executor: Executor
) -> None:
    three = found(toys, executor, (THINK, FAILS, RUNS), (THINK, RUNS, RUNS), (RUNS, RUNS))
    assert [len(one.environment.turns) for one in three] == [2, 2, 1]
    assert [one.holds for one in three] == [False, True, True] and best(three) == 1
    assert best(found(toys, executor, (), (THINK, FAILS))) == 1, "one that has ended cannot go on"
    assert best(found(toys, executor, (FAILS,), (FAILS,))) == 0 and best(found(toys, executor, ())) == 0


def test_a_draft_that_goes_on_is_the_episode_that_an_undivided_one_would_have_been(
    toys: Mapping[str, Package], executor: Executor
) -> None:
    messages = (THINK, FAILS, RUNS)
    whole = asyncio.run(rollout(opened(toys, executor), Recites(*messages)))
    environment, policy = opened(toys, executor), Recites(*messages)

    async def divided() -> None:
        begun = await draft(environment, policy)
        await rollout(environment, policy, begun.observation)

    asyncio.run(divided())
    again = environment.episode().trajectory
    assert [t.message for t in again.turns] == [t.message for t in whole.trajectory.turns] and again.id == (
        whole.trajectory.id
    )


class Speaks:
    """A chat model whose draft 0 fails; it counts what it was asked."""

    identity = "toy"

    def __init__(self, failing: int) -> None:
        self.failing, self.asked = failing, list[int]()

    async def reply(self, request: Request) -> Reply:
        self.asked.append(request.sample)
        said = sum(message.role == "assistant" for message in request.messages)
        text = [FAILS if request.sample == self.failing else RUNS, THINK][said % 2]
        return Reply((Choice(text, finish_reason="stop"),), "toy", Usage(10, 1))

    async def aclose(self) -> None: ...


@pytest.mark.parametrize("count", [1, 3])
def test_a_candidate_goes_on_with_the_draft_that_holds_and_all_are_paid_for(
    count: int, library: Mapping[str, Package], executor: Executor
) -> None:
    planner = Planner({n: p for n, p in library.items() if p.spec.category == "number-theory"})
    curriculum, model = Curriculum(categories_of(planner, None, ())), Speaks(draft_seed(2, 5, 0))
    maker = CandidateMaker(
        planner, curriculum, executor, Rules(max_turns=4), seed=2, verify=False, model=model, drafts=count
    )
    one = asyncio.run(maker.candidate(5, curriculum.probabilities(curriculum.start())))
    assert one.failure is None and one.trajectory is not None and one.draft == (0 if count == 1 else 1)
    assert one.trajectory.turns[0].outcome == ("error" if count == 1 else "ok")
    assert len(one.usage) == len(model.asked) == len(one.trajectory.turns) + (count - 1)
    assert len(set(model.asked)) == count
