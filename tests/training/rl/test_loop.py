"""The loop: rewards provably rise, a step depends on its number alone, and what is stopped has changed nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from tiny_model import tiny_model
from toy_groups import ALONE, config

from agentprop.config import TrainMgpoConfig
from agentprop.engine.rolling import together
from agentprop.models.chat import Choice, Message, Reply, Request, Sampling
from agentprop.training.data.sequences import SampledTurn, join
from agentprop.training.means import RunningMeans
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.algorithms.grpo import Grpo
from agentprop.training.rl.algorithms.mgpo import Mgpo
from agentprop.training.rl.examples import Example, TrainingGroup
from agentprop.training.rl.loop import Experience, Loop, unless_stopped
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.refill import Place
from agentprop.training.rl.samplers import InProcessSampler, Sampler

GROUPS = 4
PAYING = 100
"""Ids below it pay: about a quarter of what a random policy says."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@dataclass
class Bandit:
    """A school of one question, answered by one token."""

    sampler: Sampler
    size: int = 16
    state: dict[str, Any] = field(default_factory=lambda: {"steps": 0})

    async def roll_out(self, step: int) -> list[Reply]:
        asked, sampling = (Message("user", "Pick one."),), Sampling(max_tokens=1)
        numbers = range(step * GROUPS, (step + 1) * GROUPS)
        requests = [Request(asked, sampling, n=self.size, sample=number * self.size) for number in numbers]
        return await together([self.sampler.model.reply(request) for request in requests])

    async def silent(self, rollouts: list[Reply]) -> list[int]:
        return []

    async def roll_on(self, rollouts: list[Reply], places: Sequence[Place]) -> list[Reply]:
        raise AssertionError("nothing is silent")

    async def score(self, rollouts: Sequence[Reply]) -> Experience:
        means = RunningMeans()
        for reply in rollouts:
            means.add("reward", map(reward, reply.choices))
        groups = [training_group(reply, number) for number, reply in enumerate(rollouts)]
        return Experience(groups, means.reduce(ALONE), [], {"steps": self.state["steps"] + 1})

    async def aclose(self) -> None:
        return


def reward(choice: Choice) -> float:
    return float((choice.token_ids or (PAYING,))[0] < PAYING)


def training_group(reply: Reply, number: int) -> TrainingGroup:
    members = [
        ReturnedEpisode(str(n), reward(choice), (ActionReturn("-", 0.0),)) for n, choice in enumerate(reply.choices)
    ]
    spoken = [SampledTurn(reply.prompt_token_ids or (), c.token_ids or (), c.logprobs) for c in reply.choices]
    examples = [Example(m.id, tuple(join([one], m.id)), True) for m, one in zip(members, spoken, strict=True)]
    return TrainingGroup(advantages(members, omega=0.0), tuple(examples), number)


def loop_of(model: Path, objective: Objective, **settings: Any) -> Loop[Any]:
    chosen: TrainMgpoConfig = config(model, max_length=64, learning_rate=0.03, **settings)
    policy = PolicyModel.load(chosen).distribute(ALONE)
    if objective.algorithm.beta:
        policy.keep_reference(PolicyModel.load(chosen, frozen=True))
    sampler = InProcessSampler(policy, chosen, ALONE)
    return Loop(policy, Optimiser(policy.trainable(), chosen), sampler, Bandit(sampler), objective, chosen, ALONE)


def run(loop: Loop[Any], steps: int) -> list[dict[str, float]]:
    async def all_steps() -> list[dict[str, float]]:
        await loop.sampler.refresh(loop.policy, 0)
        return [await loop.learn(step, await loop.attempt(step)) for step in range(steps)]

    return asyncio.run(all_steps())


ARMS_OF_THE_STUDY = {
    "mgpo": Objective(Mgpo(), minibatches=2),
    "mgpo without gate": Objective(Mgpo(gate="none"), minibatches=2),
    "sapo's gate": Objective(Mgpo(gate="sapo"), minibatches=2),
    "by token": Objective(Mgpo(granularity="token", beta=0.02), minibatches=2),
    "by trajectory": Objective(Mgpo(granularity="trajectory", beta=0.001), minibatches=2),
    "grpo": Objective(Grpo(), minibatches=2),
}


@pytest.mark.parametrize("objective", ARMS_OF_THE_STUDY.values(), ids=ARMS_OF_THE_STUDY.keys())
def test_the_reward_rises_from_chance_to_nearly_always(model: Path, objective: Objective) -> None:
    rewards = [metrics["reward"] for metrics in run(loop_of(model, objective), 12)]
    assert sum(rewards[:2]) / 2 < 0.5
    assert sum(rewards[-3:]) / 3 > 0.9


def test_without_a_signal_nothing_is_learnt(model: Path) -> None:
    loop = loop_of(model, Objective(Mgpo(beta=0.0)))
    cast(Bandit, loop.env).size = 1  # a group of one has nobody to be compared with
    before = [parameter.clone() for _, parameter in loop.policy.trainable()]
    assert [metrics["update/steps"] for metrics in run(loop, 3)] == [0.0] * 3
    assert all(map(torch.equal, before, [parameter for _, parameter in loop.policy.trainable()]))


def test_the_same_run_again_is_the_same_to_the_last_bit(model: Path) -> None:
    def told(metrics: dict[str, float]) -> dict[str, float]:
        timed = ("seconds/", "speed/", "memory")
        return {name: value for name, value in metrics.items() if not name.startswith(timed)}

    first, second = (run(loop_of(model, Objective(Mgpo(), minibatches=2)), 3) for _ in range(2))
    assert list(map(told, first)) == list(map(told, second))
    assert all(metrics["update/engine_gap"] < 1e-5 for metrics in first)  # the trainer scores what it samples


def test_a_step_is_told_in_rewards_update_time_and_memory(model: Path) -> None:
    loop = loop_of(model, Objective(Mgpo(), minibatches=2))
    [metrics] = run(loop, 1)
    assert metrics["tokens/sampled"] == 64
    assert {"seconds/rollout", "seconds/score", "seconds/update", "seconds/refresh"} <= metrics.keys()
    assert metrics["memory_mib"] > 0 and metrics["speed/update"] > 0
    assert {"update/entropy", "update/kl_ref", "update/gate", "update/w_sum_pre", "update/grad_norm"} <= metrics.keys()
    assert loop.env.state == {"steps": 1}


def test_a_stopped_rollout_is_ended_and_has_changed_nothing(model: Path) -> None:
    loop = loop_of(model, Objective(Mgpo(beta=0.0)))
    cast(Bandit, loop.env).size = 4096  # more than a moment's work
    before = [parameter.clone() for _, parameter in loop.policy.trainable()]

    async def interrupted() -> None:
        await loop.sampler.refresh(loop.policy, 0)
        await unless_stopped(lambda: True, loop.attempt(0))

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interrupted())
    assert all(map(torch.equal, before, [parameter for _, parameter in loop.policy.trainable()]))
    assert loop.env.state == {"steps": 0}


def test_work_that_is_not_stopped_gives_its_result_and_its_failure() -> None:
    async def three() -> int:
        await asyncio.sleep(0)
        return 3

    async def fails() -> int:
        raise ValueError("no")

    assert asyncio.run(unless_stopped(lambda: False, three())) == 3
    with pytest.raises(ValueError, match="no"):
        asyncio.run(unless_stopped(lambda: False, fails()))
