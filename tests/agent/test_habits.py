"""A competent model with the habits of a chat model ends its episode with a problem, and what was mended is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import chatty_server
import pytest

from agentprop.agent.chat_policy import STOPS, ChatPolicy, StopSupport
from agentprop.agent.environment import Environment, Episode, Rules, rollout
from agentprop.agent.sources import tools
from agentprop.models.chat import Exchange
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import ModelSettings
from agentprop.records import StopReason, Task
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

READABLE = [name for name, habit in chatty_server.HABITS.items() if "repaired" in habit]


class Chatty:
    """The server as a transport, without a connection."""

    def __init__(self, habit: str) -> None:
        self.habit, self.bodies = chatty_server.HABITS[habit], []  # type: list[Mapping[str, Any]]

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Answer as the server does."""
        self.bodies.append(body)
        words = chatty_server.refused(dict(body), self.habit)
        if words is not None:
            raise ModelFailure(FailureKind.REJECTED, words, status=400)
        choice = {"index": 0, **chatty_server.choice(dict(body), self.habit)}
        return Exchange(json.dumps({"model": "m", "choices": [choice]}).encode())

    async def aclose(self) -> None:
        """Close nothing."""


def episode(
    habit: str, toys: Mapping[str, Package], executor: Executor, *, strict: bool = False
) -> tuple[Episode, Any]:
    server = Chatty(habit)
    names = ("toy-square", "toy-double")
    task = Task(
        seed=0,
        index=0,
        domain="mathematics",
        category="toy",
        skill_names=names,
        skill_ids=tuple(toys[name].id for name in names),
    )
    environment = Environment(task, toys, executor, tools(), Rules(strict=strict))
    model = Model(channel_of(ModelSettings(model="m"), server), Meter())
    policy = ChatPolicy(model, native=bool(server.habit.get("calls")), strict=strict, stops=StopSupport())
    return asyncio.run(rollout(environment, policy)), server


@pytest.mark.parametrize("habit", READABLE)
def test_a_habit_costs_no_problem(habit: str, toys: Mapping[str, Package], executor: Executor) -> None:
    found, server = episode(habit, toys, executor)
    assert found.trajectory.stop == StopReason.SUBMITTED
    assert set(found.notes.repaired) == set(server.habit["repaired"])
    assert found.notes.usable == found.notes.messages
    assert len(server.bodies) - found.notes.messages <= 1, "once at most a request is repeated without stop sequences"
    assert {turn.outcome for turn in found.trajectory.turns} == {"ok"}


def test_a_reply_ends_with_its_first_action_so_that_nobody_pays_for_an_invented_answer(
    toys: Mapping[str, Package], executor: Executor
) -> None:
    found, server = episode("invents", toys, executor)
    assert all(body["stop"] == list(STOPS) for body in server.bodies)
    assert "[check] 7" not in str(found.trajectory.messages())


def test_a_server_that_refuses_stop_sequences_is_asked_without(toys: Mapping[str, Package], executor: Executor) -> None:
    found, server = episode("no_stop", toys, executor)
    assert found.trajectory.stop == StopReason.SUBMITTED
    assert ["stop" in body for body in server.bodies] == [True, False, False, False]


def test_strict_rules_send_no_stop_sequences_and_mend_nothing(toys: Mapping[str, Package], executor: Executor) -> None:
    found, server = episode("fenced", toys, executor, strict=True)
    assert not any("stop" in body for body in server.bodies)
    assert found.problem is None and not found.notes.repaired
    assert {kind for kind, _ in found.notes.commonest()} == {"exec:SyntaxError", "refused:certificate_error"}


def test_two_calls_at_once_are_answered_one_by_one(toys: Mapping[str, Package], executor: Executor) -> None:
    found, server = episode("two_calls", toys, executor)
    assert [turn.action for turn in found.trajectory.turns] == ["think", "exec", "think", "submit"]
    sent = server.bodies[1]["messages"][2:]
    assert [message["role"] for message in sent] == ["assistant", "tool", "tool"]
    assert [call["id"] for call in sent[0]["tool_calls"]] == [message["tool_call_id"] for message in sent[1:]]
    assert "noted" in sent[1]["content"] and "[check]" in sent[2]["content"]
