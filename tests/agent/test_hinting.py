"""A dead end is found in the record, and an environment that goes on from there is the one that was there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from agentprop.agent.environment import Environment, Episode, Rules
from agentprop.agent.hinting import HINTS, dead_end, go_on
from agentprop.agent.sources import tools
from agentprop.records import Move, StopReason, Task
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

THINK = "<action:think>plan</action:think>"
RUNS, FAILS = "<action:exec>print(4)</action:exec>", "<action:exec>print(1/0)</action:exec>"
PRUNE = "<action:edit>prune toy-double\nIt does not fit.</action:edit>"
ADD = "<action:edit>add toy-successor\nIt fits.</action:edit>"
REFUSED = (
    '<action:submit><statement>Find four.</statement><answer type="integer">5</answer>'
    "<certificate>answer = 4</certificate></action:submit>"
)
Play = Callable[..., Episode]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ((RUNS, FAILS, THINK, FAILS, THINK), 2),  # the second failure leaves one turn, and a branch needs two
        ((RUNS, FAILS, FAILS, THINK, THINK), 3),
        ((THINK, RUNS, THINK, RUNS, THINK), None),  # nothing failed
        ((THINK, THINK, THINK, RUNS, FAILS), None),
        (("what?", THINK, "what?", "what?"), 3),  # ends as malformed
        (("what?", "what?", "what?"), 2),
    ],
)
def test_the_dead_end_is_the_last_failure_that_leaves_two_turns(
    play: Play, said: Sequence[str], kept: int | None
) -> None:
    episode = play(*said, max_turns=5)
    assert episode.trajectory.stop in (StopReason.TURN_LIMIT, StopReason.MALFORMED)
    assert dead_end(episode.trajectory, 5) == kept


def test_an_episode_that_a_limit_of_tokens_or_a_server_ended_has_no_dead_end(play: Play) -> None:
    failed = play(FAILS, FAILS, THINK, max_turns=8).trajectory
    assert failed.stop is StopReason.ABANDONED and dead_end(failed, 8) == 2
    for stop in (StopReason.TRUNCATED, StopReason.INFRASTRUCTURE, StopReason.SUBMITTED):
        assert dead_end(failed.model_copy(update={"stop": stop}), 8) is None


def test_a_branch_begins_in_the_state_that_the_episode_had(toys: Mapping[str, Package], executor: Executor) -> None:
    """Stage, skills and counters after every turn, restored from the record, equal those of the living environment."""
    names = ("toy-square", "toy-double")
    ids = tuple(toys[name].id for name in names)
    task = Task(seed=0, index=0, domain="mathematics", category="toy", skill_ids=ids, skill_names=names)

    def fresh() -> Environment:
        return Environment(task, toys, executor, tools(), Rules(max_turns=9))

    def state(environment: Environment) -> dict[str, Any]:
        kept = ("stage", "malformed", "refused", "pruned", "replaced", "isolation")
        return {name: getattr(environment, name) for name in kept} | {"active": list(environment.active)}

    async def run() -> None:
        living, states = fresh(), list[dict[str, Any]]()
        for message in (RUNS, "what?", PRUNE, FAILS, ADD, REFUSED, THINK, RUNS):
            await living.step(Move(message=message))
            states.append(state(living))
        trajectory = living.episode().trajectory
        for kept in range(1, len(trajectory.turns)):
            branch = fresh()
            go_on(branch, trajectory, kept, HINTS[0])
            assert state(branch) | {"isolation": ""} == states[kept - 1] | {"isolation": ""}, kept
            told = branch.observe()
            assert told.messages[:-1] == tuple(living.history[: 2 * kept + 1])
            assert told.messages[-1] == ("tool", f"{trajectory.turns[kept - 1].observation}\n{HINTS[0]}")
            assert told.turns_left == 9 - kept
        await branch.step(Move(message=RUNS))
        assert branch.episode().trajectory.id != trajectory.id

    asyncio.run(run())
