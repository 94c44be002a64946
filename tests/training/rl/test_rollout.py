"""Groups: G episodes of one task, each with its own random draws, and no episode of another task."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from toy_groups import (
    FAILS,
    GARBAGE,
    GOOD,
    RUNS,
    THINK,
    UNREADABLE,
    WRONG,
    ScriptedPolicy,
    rolled_out,
    rollout_setup,
    task,
)

from agentprop.agent.renaming import Renaming
from agentprop.engine.rolling import together
from agentprop.inference.chat_template import Renderer
from agentprop.models.chat import Sampling
from agentprop.records import StopReason
from agentprop.sandbox.executor import Executor
from agentprop.training.data.sequences import sequences_of
from agentprop.training.rl.rollout import check, roll_out


def test_every_member_starts_from_its_groups_task(renderer: Renderer, executor: Executor) -> None:
    groups = rolled_out(executor, ScriptedPolicy(renderer, [GOOD, GARBAGE]), groups=3, size=4)
    assert [group.task.index for group in groups] == [0, 1, 2]
    for group in groups:
        assert [member.number for member in group.members] == [0, 1, 2, 3]
        assert {member.trajectory.task_id for member in group.members} == {group.task.id}
        assert {member.trajectory.prompt for member in group.members} == {groups[0].members[0].trajectory.prompt}


def test_members_that_said_the_same_have_ids_of_their_own(renderer: Renderer, executor: Executor) -> None:
    [group] = rolled_out(executor, ScriptedPolicy(renderer, [GOOD]), size=3)
    assert len({member.trajectory.id for member in group.members}) == 1
    assert len({member.id for member in group.members}) == 3


def test_every_member_of_every_group_draws_by_a_number_of_its_own(renderer: Renderer, executor: Executor) -> None:
    model = ScriptedPolicy(renderer, [GARBAGE])
    rolled_out(executor, model, groups=3, size=4)
    first = [request.sample for request in model.asked if len(request.messages) == 2]
    assert len(set(first)) == len(first) == 12


def test_episodes_end_for_their_own_reasons_and_keep_what_was_sampled(renderer: Renderer, executor: Executor) -> None:
    scripts = [GOOD, GARBAGE, WRONG, [RUNS, FAILS] * 9, [THINK], ["down"], UNREADABLE]
    [group] = rolled_out(executor, ScriptedPolicy(renderer, scripts), max_turns=6)
    assert [member.trajectory.stop for member in group.members] == [
        StopReason.SUBMITTED,
        StopReason.MALFORMED,
        StopReason.SUBMISSION_LIMIT,
        StopReason.TURN_LIMIT,
        StopReason.TRUNCATED,
        StopReason.INFRASTRUCTURE,
        StopReason.SUBMITTED,
    ]
    assert [member.problem is not None for member in group.members] == [True, *[False] * 5, True]
    for member, script in zip(group.members, scripts, strict=True):
        said = [turn.token_ids for turn in member.trajectory.turns]
        assert said == [renderer.reply_ids(text) for text in script[: len(said)]]


def test_the_policy_reads_and_writes_the_names_of_its_task_and_the_record_has_the_skills_own(
    renderer: Renderer, executor: Executor
) -> None:
    """Two tasks whose names changed places differently: the same problem comes of both, told in other words."""
    names, setup = ("square", "double", "triple", "half"), rollout_setup(executor)
    indices = [0, next(i for i in range(1, 99) if Renaming.drawn(names, 0, i) != Renaming.drawn(names, 0, 0))]
    [plain] = rolled_out(executor, ScriptedPolicy(renderer, [GOOD]), size=1)
    for index in indices:
        told = Renaming.drawn(names, 0, index)
        model = ScriptedPolicy(renderer, [[told(text) for text in GOOD]])
        [group] = asyncio.run(roll_out([task(index)], 2, replace(setup, names=names), model, Sampling()))
        assert {told.inverse(request.messages[1].text) for request in model.asked} == {
            plain.members[0].trajectory.prompt
        }
        for member in group.members:
            turns = member.trajectory.turns
            assert [turn.message for turn in turns] == GOOD and member.trajectory.token_exact
            assert [turn.token_ids for turn in turns] == [renderer.reply_ids(told(text)) for text in GOOD]
            assert member.problem is not None and plain.members[0].problem is not None
            assert member.problem.id == plain.members[0].problem.id
            [sequence] = sequences_of(member.trajectory)  # each prompt goes on from what was sampled, in its own names
            assert sequence.n_actions == sum(len(turn.token_ids or ()) for turn in turns)


def test_a_group_that_lacks_a_member_is_a_defect(renderer: Renderer, executor: Executor) -> None:
    one, other = rolled_out(executor, ScriptedPolicy(renderer, [GOOD, GARBAGE]), groups=2)
    check([one, other], 2)
    with pytest.raises(AssertionError, match="2 episodes"):
        check([replace(one, members=one.members[:1])], 2)
    with pytest.raises(AssertionError, match="its own"):
        check([replace(one, members=(one.members[0], other.members[1]))], 2)
    with pytest.raises(AssertionError):
        check([replace(one, members=(one.members[0], one.members[0]))], 2)


def test_works_that_go_together_end_together() -> None:
    ended: list[str] = []

    async def waits(name: str) -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(name)
        return name

    async def fails() -> str:
        await asyncio.sleep(0)
        raise ValueError("over")

    async def quick(name: str) -> str:
        return name

    assert asyncio.run(together([quick("a"), quick("b")])) == ["a", "b"]
    with pytest.raises(ValueError, match="over"):
        asyncio.run(together([waits("a"), fails(), waits("b")]))
    assert ended == ["a", "b"]


def test_the_prompt_of_a_single_turn_asks_for_nothing_but_a_submission(renderer: Renderer, executor: Executor) -> None:
    [group] = rolled_out(
        executor, ScriptedPolicy(renderer, [UNREADABLE, [THINK, *GOOD]]), max_turns=1, system="one_shot"
    )
    assert "<action:exec>" not in group.members[0].trajectory.system
    assert [len(member.trajectory.turns) for member in group.members] == [1, 1]
    assert [member.trajectory.stop for member in group.members] == [StopReason.SUBMITTED, StopReason.TURN_LIMIT]
