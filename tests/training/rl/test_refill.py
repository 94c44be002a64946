"""Silent groups give their places to new tasks: which ones, in what order, and what the curriculum hears of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_proposer_env import ToyEnv, tasks
from test_solver_env import RIGHT, WRONG, env_of
from tiny_model import tiny_model
from toy_groups import ALONE, GARBAGE, GOOD, config
from toy_solver import STATEMENTS, problem

from agentprop.errors import ConfigError
from agentprop.inference.chat_template import Renderer
from agentprop.sandbox.executor import Executor
from agentprop.stages.train.rl_run import check_reinforce
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.algorithms.mgpo import Mgpo
from agentprop.training.rl.loop import Experience, Loop
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.refill import FURTHER, Places
from agentprop.training.rl.samplers import InProcessSampler

SCRIPTS = [GOOD, GARBAGE, GARBAGE, GARBAGE]
"""Two groups of two of every four episodes: one with a signal, one without."""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PolicyModel]:
    model = tiny_model(tmp_path_factory.mktemp("model"))
    return model, PolicyModel.load(config(model)).distribute(ALONE)


@pytest.fixture
def toy(renderer: Renderer, executor: Executor) -> ToyEnv:
    return ToyEnv(renderer, executor)


def loop_of(policy: tuple[Path, PolicyModel], env: Any, refill: float, groups: int) -> Loop[Any]:
    chosen = config(policy[0], refill=refill, groups=groups)
    sampler = InProcessSampler(policy[1], chosen, ALONE)
    optimiser = Optimiser(policy[1].trainable(), chosen)
    return Loop(policy[1], optimiser, sampler, env, Objective(Mgpo()), chosen, ALONE)


def attempts(loop: Loop[Any], steps: int, start: int = 0) -> list[Experience]:
    async def run() -> list[Experience]:
        found = []
        for step in range(start, start + steps):
            found.append(await loop.attempt(step))
            loop.env.state = found[-1].state
        return found

    return asyncio.run(run())


def proposer(toy: ToyEnv, groups: int = 4) -> Any:
    return replace(toy.of(SCRIPTS, right=[4], groups=groups), size=2, tasks=tasks(seed=9))


def test_further_tasks_of_two_steps_never_meet() -> None:
    def numbers(step: int) -> set[int]:
        places, first = Places(step, 4, 8).more([0, 1, 2, 3])
        return {place.number for place in (*first, *places.more([0, 3, 2, 1])[1])}

    found = [numbers(step) for step in range(5)]
    assert [len(one) for one in found] == [8] * 5 and len(set.union(*found)) == 40
    assert min(set.union(*found)) == FURTHER
    full, _ = Places(0, 4, 4).more([0, 1, 2, 3])
    assert full.more([0])[1] == [], "the bound of a step holds"


def test_a_silent_group_gives_its_place_to_another_task(policy: tuple[Path, PolicyModel], toy: ToyEnv) -> None:
    [plain] = attempts(loop_of(policy, proposer(toy), 0.0, 4), 1)
    assert [group.silent for group in plain.groups] == [True, False, True, False]
    assert plain.metrics["groups/refilled"] == 0
    [found] = attempts(loop_of(policy, proposer(toy), 2.0, 4), 1)
    teaching = [group for group in found.groups if not group.silent]
    assert sorted(group.slot for group in teaching if group.slot is not None) == [0, 1, 2, 3]
    assert found.metrics["groups/refilled"] == len(found.groups) - 4 > 2, "one of two further tasks is silent, too"
    assert {group.number for group in found.groups if group.slot in (1, 3)} == {1, 3}, "what teaches stays"
    assert found.episodes == 2 * len(found.groups)


def test_the_bound_of_a_step_holds(policy: tuple[Path, PolicyModel], toy: ToyEnv) -> None:
    never = replace(toy.of([GARBAGE, GARBAGE], groups=4), size=2)
    [found] = attempts(loop_of(policy, never, 0.75, 4), 1)
    assert found.metrics["groups/refilled"] == 3 and len(found.groups) == 7


def test_the_curriculum_hears_of_silent_groups_too(policy: tuple[Path, PolicyModel], toy: ToyEnv) -> None:
    env = proposer(toy)
    [found] = attempts(loop_of(policy, env, 2.0, 4), 1)
    right = sum(not group.silent for group in found.groups)  # one of two episodes of a group that teaches
    rate = right / found.episodes
    assert rate < 0.5, "over the groups that teach alone it would be a half"
    assert found.state["mastery"]["toy"] == pytest.approx(0.5 + (1 - 0.5**found.episodes) * (rate - 0.5))
    assert found.metrics["reward/validity"] == pytest.approx(rate)


def test_a_run_that_goes_on_meets_the_same_tasks(policy: tuple[Path, PolicyModel], toy: ToyEnv) -> None:
    whole = attempts(loop_of(policy, proposer(toy), 1.0, 4), 4)
    first = attempts(loop_of(policy, proposer(toy), 1.0, 4), 2)
    later = loop_of(policy, proposer(toy), 1.0, 4)
    later.env.state = first[-1].state
    again = attempts(later, 2, start=2)
    for one, other in zip([*first, *again], whole, strict=True):
        assert (one.metrics, one.state) == (other.metrics, other.state)
        assert [(g.number, g.slot, g.lengths) for g in one.groups] == [
            (g.number, g.slot, g.lengths) for g in other.groups
        ]


def test_a_solver_is_asked_another_question(
    policy: tuple[Path, PolicyModel], renderer: Renderer, executor: Executor
) -> None:
    problems = [problem(statement) for statement in STATEMENTS]
    env = env_of(renderer, executor, [RIGHT, WRONG, RIGHT, RIGHT], problems, groups=2)
    env.size = 2
    [found] = attempts(loop_of(policy, env, 1.0, 2), 1)
    assert [group.silent for group in found.groups] == [False, True, False]
    assert [(group.number, group.slot) for group in found.groups] == [(0, 0), (1, 1), (FURTHER, 1)]
    assert found.metrics["groups/refilled"] == 1 and found.metrics["reward/accuracy"] == pytest.approx(4 / 6)


def test_what_is_learnt_from_is_not_replaced(policy: tuple[Path, PolicyModel]) -> None:
    with pytest.raises(ConfigError, match="kl_only"):
        check_reinforce(config(policy[0], refill=1.0, constant_groups="kl_only"))
