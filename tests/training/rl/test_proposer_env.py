"""The proposer's environment: mastery that moves the curriculum, and probers that take over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tiny_model import tiny_model
from toy_groups import ALONE, GARBAGE, GOOD, LIBRARY, RUNS, ScriptedPolicy, rollout_setup

from agentprop.agent.bundles import BundleFilter, Bundles
from agentprop.agent.curriculum import Curriculum, MasteryState
from agentprop.agent.sources import tools
from agentprop.composition.planner import Planner
from agentprop.errors import InputError
from agentprop.grading import builtin_verifier as builtin
from agentprop.grading.prober_pool import PoolState, SwitchRule
from agentprop.grading.probers import Prober
from agentprop.inference.chat_template import Renderer, load_tokenizer
from agentprop.models.chat import ChatModel, Choice, Reply, Request, Sampling
from agentprop.records import Attempt, Difficulty, MadeBy, Problem, Task, Trajectory, Verdict
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.training.data.sequences import drift
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.examples import ComparisonRule, encode_exactly
from agentprop.training.rl.loop import Experience
from agentprop.training.rl.proposer_env import ProposerEnv, kept, proposer_means
from agentprop.training.rl.scoring import Rewards
from agentprop.training.rl.tasks import Tasks, success_rates

BUNDLED = {name: replace(package, origin="bundled") for name, package in LIBRARY.items()}
"""The skills as agentprop's own, which are not posed alone."""


@dataclass
class Fixed:
    """A sampler whose model follows scripts."""

    model: ChatModel
    exact: bool = True

    def executor(self, sandbox: Sandbox) -> Executor:
        return Executor(sandbox, shared=False)

    async def refresh(self, policy: PolicyModel, step: int) -> None:
        return

    async def rest(self) -> None:
        return

    async def aclose(self) -> None:
        return


@dataclass
class Tries:
    """A prober's model: so many of sixteen attempts are right."""

    right: int
    asked: int = 0
    identity: str = "tries"

    async def reply(self, request: Request) -> Reply:
        self.asked += 1
        said = ["\\boxed{49}" if i < self.right else "\\boxed{1}" for i in range(request.n)]
        return Reply(tuple(Choice(text, finish_reason="stop") for text in said), self.identity)

    async def aclose(self) -> None:
        return


@dataclass
class ToyEnv:
    """Factory of proposer environments over toy skills."""

    renderer: Renderer
    executor: Executor
    closed: list[str] = field(default_factory=list)

    def of(
        self, scripts: Sequence[Sequence[str]], *, right: Sequence[int] = (), groups: int = 2, **rule: Any
    ) -> ProposerEnv:
        async def verify(problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
            found = await builtin.judge(problem, LIBRARY, tools(), self.executor)
            attempt, verdict = found.records(problem, MadeBy())
            return (attempt,), verdict

        async def close() -> None:
            self.closed.append("judges")

        probers = [Prober(Tries(n), f"p{n}", Sampling(), MadeBy(name=f"p{n}"), self.executor.sandbox) for n in right]
        return ProposerEnv(
            tasks=tasks(),
            setup=rollout_setup(self.executor, max_turns=4),
            sampler=Fixed(ScriptedPolicy(self.renderer, scripts)),
            sampling=Sampling(),
            verify=verify,
            probers=probers,
            close=close,
            rule=SwitchRule(len(right), **rule),
            k=16,
            rewards=Rewards(),
            comparison=ComparisonRule(),
            encode=encode_exactly,
            groups=groups,
            size=len(scripts),
            world=ALONE,
        )


@pytest.fixture
def env(renderer: Renderer, executor: Executor) -> ToyEnv:
    return ToyEnv(renderer, executor)


def tasks(*held_out: str, alpha: float = 0.5, library: Mapping[str, Package] = LIBRARY, seed: int = 24) -> Tasks:
    bundles = Bundles(Planner(library, allowed=BundleFilter.of(held_out)), {})
    return Tasks(bundles, Curriculum(("toy",), alpha=alpha), seed=seed)


def stepped(env: ProposerEnv, steps: int, start: int = 0) -> list[Experience]:
    async def run() -> list[Experience]:
        found = []
        for step in range(start, start + steps):
            found.append(await env.score(await env.roll_out(step)))
            env.state = found[-1].state
        return found

    return asyncio.run(run())


# --- tasks ---


def test_a_task_follows_from_seed_number_and_mastery() -> None:
    mastery_state = MasteryState({"toy": 0.5}, {"toy": 1.0})
    drawn = tasks().draw(range(8), mastery_state)
    assert [task.index for task in drawn] == list(range(8))
    assert len({task.id for task in drawn}) == 8
    assert drawn[5:] == tasks().draw(range(5, 8), mastery_state)
    assert {len(task.skill_names) for task in drawn} == {1, 2}, "skills of one's own are also posed alone"


def test_bundled_skills_are_always_composed() -> None:
    drawn = tasks(library=BUNDLED).draw(range(8), MasteryState({"toy": 0.5}, {"toy": 1.0}))
    assert all(set(task.skill_names) == set(BUNDLED) for task in drawn)


def test_of_a_pair_that_is_held_out_each_skill_is_posed_alone() -> None:
    drawn = tasks("toy-square+toy-double").draw(range(8), MasteryState({"toy": 0.5}, {"toy": 1.0}))
    assert {task.skill_names for task in drawn} == {("toy-square",), ("toy-double",)}


def test_where_every_bundle_is_held_out_there_is_nothing_to_train_on() -> None:
    with pytest.raises(InputError, match="no bundle"):
        tasks("toy-square+toy-double", library=BUNDLED).draw([0], MasteryState({"toy": 0.5}, {"toy": 1.0}))


def test_successes_of_a_group_are_all_new() -> None:
    assert success_rates([("a", True), ("a", True), ("b", False), ("a", False)]) == {"a": [3, 2, 2], "b": [1, 0, 0]}


# --- what is remembered ---


def test_mastery_follows_what_was_valid(env: ToyEnv) -> None:
    half = env.of([GOOD, GARBAGE])
    stepped(half, 1)
    assert half.state["mastery"] == {"toy": 0.5}
    never = env.of([GARBAGE, GARBAGE])
    [first, second] = stepped(never, 2)
    assert first.episodes == 4, "each of them moves the mean by half"
    assert (first.state["mastery"], second.state["mastery"]) == ({"toy": 0.5**5}, {"toy": 0.5**9})
    always = env.of([GOOD, GOOD, ["down"]])
    stepped(always, 1)
    assert always.state["mastery"] == {"toy": 1 - 0.5**5}  # a lost member does not count


def test_the_next_prober_takes_over_if_the_first_solves_too_little(env: ToyEnv) -> None:
    pool = env.of([GOOD, GARBAGE], right=[0, 16], every=1, samples=2)
    found = stepped(pool, 5)
    assert [experience.metrics["prober"] for experience in found] == [0, 0, 1, 1, 1]
    assert [experience.metrics["reward/rho"] for experience in found] == [0, 0, 1, 1, 1]
    for experience in found:
        probers = {record.prober for record in experience.records if isinstance(record, Difficulty)}
        assert len(probers) == 1


def test_a_strong_prober_stays(env: ToyEnv) -> None:
    pool = env.of([GOOD, GARBAGE], right=[8, 16], every=1, samples=2)
    stepped(pool, 4)
    assert PoolState.restored(pool.state["pool"]).prober == 0


def test_stored_state_is_enough_to_continue_from(env: ToyEnv) -> None:
    whole = env.of([GOOD, GARBAGE], right=[0, 16], every=1, samples=2)
    expected = stepped(whole, 4)
    first = env.of([GOOD, GARBAGE], right=[0, 16], every=1, samples=2)
    stepped(first, 2)
    second = env.of([GOOD, GARBAGE], right=[0, 16], every=1, samples=2)
    second.state = first.state
    again = stepped(second, 2, start=2)
    assert [one.metrics for one in again] == [one.metrics for one in expected[2:]]
    assert second.state == whole.state


# --- metrics and records ---


def test_a_step_is_measured_by_its_parts(env: ToyEnv) -> None:
    [found] = stepped(env.of([GOOD, GARBAGE, [RUNS], ["down"]], right=[4]), 1)
    told = found.metrics
    assert told["reward/r_T"] == pytest.approx((0.875 + 0 + 0) / 3)
    assert told["reward/r_T_formed"] == pytest.approx(0.875)
    assert told["reward/formed"] == told["reward/validity"] == pytest.approx(1 / 3)
    assert (told["fate/counted"], told["fate/masked"], told["fate/lost"]) == (0.5, 0.25, 0.25)
    assert told["stop/submitted"] == told["stop/malformed"] == told["stop/truncated"] == 0.25
    assert told["reward/rho"] == 0.25 and told["reward/distinct"] == 1
    assert told["turns/malformed"] == pytest.approx(3 / 6)
    assert told["groups/constant"] == 0 and told["advantage/episode"] > 0


def test_drift_is_reported_if_text_is_learnt_from(env: ToyEnv, renderer: Renderer, tmp_path: Path) -> None:
    other = Renderer(load_tokenizer(str(tiny_model(tmp_path / "other", texts=[*GOOD, *GARBAGE] * 9))))
    for by, rate in ((renderer, 0.0), (other, 1.0)):
        one = env.of([GOOD, GARBAGE])
        one.drift = partial(drift, renderer=by)
        [found] = stepped(one, 1)
        assert found.metrics["tokens/drift"] == rate  # the sampled ids are those of `renderer`


def test_records_of_a_sample_are_kept_once(env: ToyEnv) -> None:
    one = env.of([GOOD, GOOD, GARBAGE], right=[4], groups=3)
    groups = asyncio.run(one.roll_out(0)).groups
    [found] = stepped(one, 1)
    ids = [record.id for record in found.records]
    assert len(ids) == len(set(ids))
    tasks_kept = {record.task_id for record in found.records if isinstance(record, Trajectory)}
    assert tasks_kept == {group.task.id for group in groups[:2]}
    assert {type(record) for record in found.records} == {Trajectory, Problem, Verdict, Attempt, Difficulty}
    assert kept([]) == [] and proposer_means([], []).reduce(ALONE) == {}


def test_the_judges_connections_are_closed(env: ToyEnv) -> None:
    asyncio.run(env.of([GOOD, GARBAGE]).aclose())
    assert env.closed == ["judges"]


def test_a_task_of_the_environment_is_one_of_the_curriculums(env: ToyEnv) -> None:
    groups = asyncio.run(env.of([GARBAGE, GARBAGE]).roll_out(4)).groups
    assert [group.task.index for group in groups] == [8, 9]
    assert all(isinstance(group.task, Task) and group.task.category == "toy" for group in groups)
