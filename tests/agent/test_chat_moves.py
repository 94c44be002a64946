"""A reply of a chat model → the message that is recorded: what only quotes an action is none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from agentprop.agent.chat_policy import ChatPolicy
from agentprop.models.chat import Choice, Reply, Request, ToolCall
from agentprop.records import Move, Observation

EXEC = "<action:exec>\nprint(6 * 7)\n</action:exec>"
EDIT = "<action:edit>\nprune toy-double\nIt is easy.\n</action:edit>"
CALL = ToolCall("c", "exec", '{"code": "print(6 * 7)"}')


@dataclass
class OneReply:
    """A model that always says the same."""

    choice: Choice

    async def reply(self, request: Request) -> Reply:
        """Say it."""
        return Reply((self.choice,), "m")


def move_of(choice: Choice, *, native: bool = False) -> Move:
    told = Observation.model_construct(messages=(("system", "Propose."), ("user", "Begin.")))
    policy = ChatPolicy(OneReply(choice), native=native, strict=False)  # type: ignore[arg-type]  # it is asked for replies
    return asyncio.run(policy.act(told))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<action:exec>\nprint(6 * 7)\n", EXEC),
        ("Now: <action:exec>\nprint(6 * 7)\n", f"Now: {EXEC}"),
        ("I will use `<action:exec>` to run it.", "I will use `<action:exec>` to run it."),
        ("Which of <action:think> and <action:exec> is next?", "Which of <action:think> and <action:exec> is next?"),
    ],
)
def test_only_the_tag_that_a_stop_sequence_cut_off_is_put_back(text: str, message: str) -> None:
    assert move_of(Choice(text, None, "stop")).message == message


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ("", EXEC),
        ("I run it.", f"I run it.\n{EXEC}"),
        (f"Later I may write:\n{EDIT}", EXEC),
        ('{"name": "exec", "arguments": {"code": "print(6 * 7)"}}', EXEC),
    ],
)
def test_text_beside_a_call_makes_no_action_of_its_own(beside: str, message: str) -> None:
    move = move_of(Choice(beside, None, "tool_calls", (CALL,)), native=True)
    assert (move.message, move.fault) == (message, None)


@pytest.mark.parametrize(
    ("reasoning", "message"),
    [(f"A product.\n{EXEC}", EXEC), (f"{EXEC}\nNo, I should think first.", ""), ("Perhaps `<action:exec>`?", "")],
)
def test_reasoning_alone_is_an_action_only_if_it_ends_with_one(reasoning: str, message: str) -> None:
    assert move_of(Choice("", reasoning, "stop")).message == message
