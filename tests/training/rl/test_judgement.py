"""Judging while other episodes are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from test_proposer_env import ToyEnv, env
from toy_groups import GARBAGE, GOOD, WRONG

from agentprop.models.chat import ChatModel, Reply, Request
from agentprop.records import Attempt, Problem, Trajectory, Verdict
from agentprop.training.rl.judgement import ValidityJudge
from agentprop.training.rl.loop import Experience
from agentprop.training.rl.proposer_env import ProposerEnv

__all__ = ["env"]


@dataclass
class Slow:
    """A chat model and a judge that take a while and note what happens; `stuck`, they never end."""

    model: ChatModel
    judge: ValidityJudge
    random: Random
    seconds: float
    events: list[str] = field(default_factory=list)
    stuck: bool = False
    held: asyncio.Event | None = None
    """The first reply waits for this, which the first judgement sets."""
    asked: int = 0

    @property
    def identity(self) -> str:
        return self.model.identity

    async def reply(self, request: Request) -> Reply:
        held, waits = self.held if not self.asked else None, self.stuck and request.sample % 2
        self.asked += 1
        if held is not None:
            await asyncio.wait_for(held.wait(), 60)
        await asyncio.sleep(60 if waits else self.random.random() * self.seconds)
        reply = await self.model.reply(request)
        self.events.append("reply")
        return reply

    async def aclose(self) -> None:
        return

    async def verify(self, problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        self.events.append("judge")
        if self.held is not None:
            self.held.set()
        try:
            await asyncio.sleep(self.random.random() * self.seconds if not self.stuck else 60)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        return await self.judge(problem, trajectory)


def slowed(env: ProposerEnv, seed: int, seconds: float = 0.05) -> Slow:
    slow = Slow(env.sampler.model, env.verify, Random(seed), seconds)
    env.sampler = replace(env.sampler, model=slow)  # type: ignore[type-var]
    env.verify = slow.verify
    return slow


async def step(env: ProposerEnv) -> Experience:
    return await env.score(await env.roll_out(0))


def test_episodes_are_judged_while_others_are_under_way_and_no_delay_changes_a_number(env: ToyEnv) -> None:
    scripts = [GOOD, WRONG, GARBAGE, [*GARBAGE, *GOOD]]
    plain = asyncio.run(step(env.of(scripts, right=[4], groups=3)))
    for seed in range(3):
        one = env.of(scripts, right=[4], groups=3)
        slow = slowed(one, seed)
        slow.held = asyncio.Event()
        found = asyncio.run(step(one))
        assert slow.events.index("judge") < len(slow.events) - 1 - slow.events[::-1].index("reply")
        assert found.metrics == plain.metrics and found.state == plain.state
        assert [g.advantages for g in found.groups] == [g.advantages for g in plain.groups]
        assert [r.id for r in found.records] == [r.id for r in plain.records]


def test_a_problem_is_judged_and_measured_once_however_often_it_was_submitted(env: ToyEnv) -> None:
    one = env.of([GOOD, GOOD, GOOD], right=[4], groups=1)
    slow = slowed(one, 0, 0.0)
    asyncio.run(step(one))
    assert slow.events.count("judge") == 1 and one.probers[0].model.asked == 1  # type: ignore[attr-defined]


def test_a_prober_whose_replies_depend_on_the_order_is_asked_after_all_verdicts(env: ToyEnv) -> None:
    one = env.of([GOOD, WRONG, [*GARBAGE, *GOOD]], right=[4], groups=3)
    model, verdicts = one.probers[0].model, []
    model.order_matters = True  # type: ignore[attr-defined]
    judge, ask = one.verify, model.reply

    async def verify(problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        found = await judge(problem, trajectory)
        verdicts.append("verdict")
        return found

    async def reply(request: Request) -> Reply:
        verdicts.append("asked")
        return await ask(request)

    one.verify, model.reply = verify, reply  # type: ignore[method-assign]
    asyncio.run(step(one))
    assert verdicts == sorted(verdicts, key=["verdict", "asked"].index) and "asked" in verdicts


def test_judging_stops_with_the_rollout(env: ToyEnv) -> None:
    one = env.of([GOOD, [*GARBAGE, *GARBAGE]], groups=1)
    slow = slowed(one, 0, 0.01)
    slow.stuck = True

    async def interrupted() -> None:
        work = asyncio.ensure_future(one.roll_out(0))
        while "judge" not in slow.events:
            await asyncio.sleep(0.001)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(interrupted())
    assert slow.events[-1] == "cancelled"
