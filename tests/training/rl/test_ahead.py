"""Sampling ahead of the trainer: the bound on age, the order, nothing dropped, and what is reported of old actions."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from test_solver_env import RIGHT, WRONG, env_of
from tiny_model import tiny_model
from toy_groups import ALONE, config
from toy_solver import STATEMENTS, problem

from agentprop.errors import ConfigError
from agentprop.inference.chat_template import Renderer
from agentprop.sandbox.executor import Executor
from agentprop.stages.train.rl_run import check_reinforce
from agentprop.training.means import RunningMeans
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.ahead import Ahead
from agentprop.training.rl.algorithms.grpo import Grpo
from agentprop.training.rl.corrections import by_age
from agentprop.training.rl.loop import Loop
from agentprop.training.rl.objective import Correction, Objective

STEPS, EPISODES, LEARNING = 300, 8, 2.0


@dataclass
class Clock:
    """Simulated time: it jumps to the next thing that happens."""

    now: float = 0.0
    _waiting: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    async def sleep(self, duration: float) -> None:
        waker = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self.now + duration, next(self._numbers), waker))
        await waker

    async def until(self, task: asyncio.Future[Any]) -> None:
        while True:
            for _ in range(6):
                await asyncio.sleep(0)
            if task.done():
                return
            self.now, _, waker = heapq.heappop(self._waiting)  # an empty heap is a deadlock, and raises
            waker.set_result(None)


async def simulated(staleness: int) -> tuple[float, list[int], list[float], list[float]]:
    """(time, age of each step, lengths that were begun, lengths that were learnt from)."""
    clock, version, ages = Clock(), 0, list[int]()
    begun: dict[int, int] = {}
    lengths, learnt = list[float](), list[float]()

    async def roll_out(step: int) -> list[float]:
        begun[step] = version
        own = [Random(f"{step}/{n}").lognormvariate(0, 1) for n in range(EPISODES)]
        lengths.extend(own)
        await asyncio.gather(*(clock.sleep(one) for one in own))
        return own

    ahead = Ahead(roll_out, staleness, STEPS)
    for step in range(STEPS):
        taken = asyncio.ensure_future(ahead.take(step))
        await clock.until(taken)
        learnt.extend(taken.result())
        ages.append(step - begun[step])
        await clock.until(asyncio.ensure_future(clock.sleep(LEARNING)))
        version += 1
        ahead.begin(step + 1)
    await ahead.aclose()
    return clock.now, ages, lengths, learnt


def test_the_bound_holds_and_no_length_is_preferred() -> None:
    found = {staleness: asyncio.run(simulated(staleness)) for staleness in (0, 1, 4)}
    for staleness, (_, ages, begun, learnt) in found.items():
        assert max(ages) == staleness and len(ages) == STEPS
        assert begun == learnt == found[0][3], "all that was begun is learnt from, in order, whatever its length"
    times = [found[staleness][0] for staleness in (0, 1, 4)]
    assert times[0] > times[1] > times[2] >= STEPS * LEARNING
    assert asyncio.run(simulated(4))[:2] == found[4][:2]


def test_steps_beyond_the_last_are_not_begun_and_errors_are_those_of_their_step() -> None:
    begun: list[int] = []

    async def roll_out(step: int) -> int:
        begun.append(step)
        if step == 1:
            raise ValueError("it broke")
        return step

    async def run() -> None:
        ahead = Ahead(roll_out, 4, 3)
        assert await ahead.take(0) == 0
        with pytest.raises(ValueError, match="it broke"):
            await ahead.take(1)
        await ahead.aclose()

    asyncio.run(run())
    assert begun == [0, 1, 2]


@dataclass
class Versioned:
    """A sampler of scripted replies whose weights have versions."""

    model: Any
    exact: bool = False

    def executor(self, sandbox: Any) -> Executor:
        return Executor(sandbox, shared=False)

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        self.model.version = step

    async def rest(self) -> None:
        return

    async def aclose(self) -> None:
        return


def test_a_loop_learns_from_replies_that_are_so_many_steps_old(
    renderer: Renderer, executor: Executor, tmp_path: Path
) -> None:
    model = tiny_model(tmp_path / "model", vocabulary=420)

    def run(staleness: int) -> list[dict[str, float]]:
        env = env_of(renderer, executor, [RIGHT, WRONG], [problem(statement) for statement in STATEMENTS], groups=2)
        chosen = config(model, groups=2, group_size=2, steps=4, max_staleness=staleness, minibatches=1)
        policy = PolicyModel.load(chosen).distribute(ALONE)
        objective = Objective(Grpo(), correction=Correction(), staleness=staleness, minibatches=1)
        sampler = Versioned(env.solver.model)
        loop = Loop(policy, Optimiser(policy.trainable(), chosen), sampler, env, objective, chosen, ALONE)

        async def steps() -> list[dict[str, float]]:
            await sampler.refresh(policy, 0)
            found = [await loop.learn(step, await loop.attempt(step)) for step in range(4)]
            await loop.aclose()
            return found

        return asyncio.run(steps())

    exact, ahead = run(0), run(2)
    assert [metrics["update/age"] for metrics in ahead] == [0, 1, 2, 2]
    assert ahead[2]["update/correction_age_2"] == pytest.approx(ahead[2]["update/correction_mean"])
    assert "update/correction_age_0" not in ahead[2] and "update/age" not in exact[0]
    for name in ("update/grad_norm", "update/entropy", "reward/accuracy", "tokens/sampled"):
        assert [one[name] for one in ahead] == [one[name] for one in exact], "replies are scripted, so nothing differs"


def test_corrections_are_told_by_age() -> None:
    means = RunningMeans()
    by_age(means, torch.tensor([1.0, 2.0, 0.5, 1.0, 1.0]), torch.tensor([0, 1, 1, 1, 1]), 2)
    found = means.reduce(ALONE)
    assert found["age"] == pytest.approx(0.8)
    assert found["correction_age_0"] == 1 and found["correction_age_1"] == pytest.approx(1.125)
    assert found["effective_share_age_1"] == pytest.approx(4.5**2 / (4 * 6.25))
    assert "correction_age_2" not in found


def test_the_effective_share_of_two_processes_is_that_of_all_their_tokens() -> None:
    """1, 1 and 1, 3 together: 6²/(4·12) = 0.75; the mean of both shares would be 0.9."""

    def share(*parts: list[float]) -> float:
        one, *others = [RunningMeans() for _ in parts]
        for means, part in zip((one, *others), parts, strict=True):
            by_age(means, torch.tensor(part), torch.zeros(len(part), dtype=torch.int64), 0)

        class Sums:
            """All processes but one have told theirs, which `said` holds call by call."""

            def __init__(self, said: list[list[list[float]]]) -> None:
                self.said, self.heard = said, list[list[float]]()

            def sum(self, values: list[float]) -> list[float]:
                self.heard.append(values)
                others = [calls[len(self.heard) - 1] for calls in self.said]
                return [sum(column) for column in zip(values, *others, strict=True)]

        said = []
        for means in others:
            listening = Sums([])
            means.reduce(listening)
            said.append(listening.heard)
        return one.reduce(Sums(said))["effective_share_age_0"]

    assert share([1.0, 1.0, 1.0, 3.0]) == share([1.0, 1.0], [1.0, 3.0]) == pytest.approx(0.75)


def test_the_trainers_own_model_cannot_sample_ahead(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs a server"):
        check_reinforce(config(tmp_path, max_staleness=1))
