"""A language model as the policy of the proposing environment: in tagged text, or by native calls of four functions.

Tagged text is sent as it stands. Observations are sent as user messages, because few chat templates accept tool
messages without tool calls. Native calls become the same tagged text in the record; their token ids are not kept,
because they encode another text than the one that imitation learns from. A reply cut off by its token limit, a
conversation longer than the context and a server that cannot be reached each end the trajectory for a reason of its
own: none of them is the proposer's mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agentprop.agent import tool_calls as functions
from agentprop.models.chat import ChatModel, Choice, Message, Reply, Request, Sampling, Usage
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.records import Move, Observation, StopReason

CHAT_ROLES: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "assistant": "assistant"}


def chat_messages(history: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    """(role, text) pairs of the record → messages as they are sent, observations as user messages."""
    return tuple(Message(CHAT_ROLES.get(role, "user"), text) for role, text in history)


def request(history: Sequence[tuple[str, str]], replies: Sequence[Message] = (), *, native: bool) -> Request:
    """Request for the next message; `replies` are the model's earlier ones, if it uses native calls."""
    if native:
        return Request(functions.conversation(history, replies), tools=functions.TOOLS)
    return Request(chat_messages(history), exact=True)


@dataclass
class ChatPolicy:
    """One candidate's policy."""

    model: ChatModel
    """The model that answers."""
    sampling: Sampling = field(default_factory=Sampling)
    """Sampling parameters."""
    sample: int = 0
    """Number that tells candidates with equal prompts apart, so that they get independent replies."""
    native: bool = False
    """Actions are native tool calls."""
    usage: list[Usage] = field(default_factory=list)
    """Tokens of every reply, as the server counted them."""
    replies: list[Message] = field(default_factory=list)
    """The model's replies with native calls, as they are sent back to it."""

    async def act(self, observation: Observation) -> Move:
        """Ask for the next message, with its token ids if known; a move without a message says why there is none."""
        try:
            asked = request(observation.messages, self.replies, native=self.native)
            reply = await self.model.reply(replace(asked, sampling=self.sampling, sample=self.sample))
        except ModelFailure as failure:
            overflow = failure.kind is FailureKind.CONTEXT_OVERFLOW
            return Move(stop=StopReason.CONTEXT_OVERFLOW if overflow else StopReason.INFRASTRUCTURE)
        if reply.usage is not None and not reply.cached:
            self.usage.append(reply.usage)
        choice = reply.choices[0]
        if choice.truncated:
            return Move(stop=StopReason.TRUNCATED, finish_reason=choice.finish_reason)
        return self._called(choice) if self.native else _sampled_move(reply, choice)

    def _called(self, choice: Choice) -> Move:
        message, fault = functions.message_of_calls(choice)
        self.replies.append(functions.assistant_message(choice, message))
        return Move(message=message, fault=fault, finish_reason=choice.finish_reason)


def _sampled_move(reply: Reply, choice: Choice) -> Move:
    return Move(
        message=choice.text,
        prompt_token_ids=reply.prompt_token_ids,
        token_ids=choice.token_ids,
        logprobs=choice.logprobs,
        finish_reason=choice.finish_reason,
    )
