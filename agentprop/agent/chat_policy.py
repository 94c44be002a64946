"""A language model as the policy of the proposing environment: in tagged text, or by native calls of four functions.

Tagged text is sent as it stands; what the environment says is sent as user text, because few chat templates know tool
text without tool calls. Native calls become the same tagged text in the record; token ids are not kept with them,
because they are those of another text than the one that is imitated. A reply cut off by its token limit, a conversation
longer than the context and a server that cannot be reached end the trajectory, each for its own reason: none of them is
the proposer's mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agentprop.agent import tool_calls as functions
from agentprop.models.chat import ChatModel, Choice, Message, Reply, Request, Sampling, Usage
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.records import Move, Observation, StopReason

SPOKEN: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "assistant": "assistant"}


def spoken(history: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    """The conversation as a model is sent it: (role, text) pairs → messages, tool text as a user's."""
    return tuple(Message(SPOKEN.get(role, "user"), text) for role, text in history)


def request(history: Sequence[tuple[str, str]], replies: Sequence[Message] = (), *, native: bool) -> Request:
    """What a model is asked; `replies` is what it said by native calls."""
    if native:
        return Request(functions.conversation(history, replies), tools=functions.TOOLS)
    return Request(spoken(history), exact=True)


@dataclass
class ChatPolicy:
    """One candidate's policy."""

    model: ChatModel
    """Who answers."""
    sampling: Sampling = field(default_factory=Sampling)
    """How tokens are drawn."""
    sample: int = 0
    """Tells candidates with equal prompts apart, so that they get independent replies."""
    native: bool = False
    """Whether actions are native tool calls."""
    usage: list[Usage] = field(default_factory=list)
    """Tokens of every reply, as the server counted them."""
    replies: list[Message] = field(default_factory=list)
    """What the model said by native calls, as it is sent back to it."""

    async def act(self, observation: Observation) -> Move:
        """The model's next message with its token ids, or why there is none."""
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
        return self._called(choice) if self.native else _said(reply, choice)

    def _called(self, choice: Choice) -> Move:
        message, fault = functions.heard(choice)
        self.replies.append(functions.own(choice, message))
        return Move(message=message, fault=fault, finish_reason=choice.finish_reason)


def _said(reply: Reply, choice: Choice) -> Move:
    return Move(
        message=choice.text,
        prompt_token_ids=reply.prompt_token_ids,
        token_ids=choice.token_ids,
        logprobs=choice.logprobs,
        finish_reason=choice.finish_reason,
    )
