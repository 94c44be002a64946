"""A language model as the policy of the proposing environment, speaking the tagged text protocol.

The conversation is sent as it stands; what the environment says is sent as user text, because few chat templates know
tool text without tool calls. A reply cut off by its token limit, a conversation longer than the context and a server
that cannot be reached end the trajectory, each for its own reason: none of them is the proposer's mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from agentprop.models.chat import ChatModel, Message, Request, Sampling, Usage
from agentprop.models.failures import Kind, ModelFailure
from agentprop.records import Move, Observation, StopReason

SPOKEN: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "assistant": "assistant"}


def spoken(history: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    """The conversation as a model is sent it: (role, text) pairs → messages, tool text as a user's."""
    return tuple(Message(SPOKEN.get(role, "user"), text) for role, text in history)


@dataclass
class ChatPolicy:
    """One candidate's policy."""

    model: ChatModel
    """Who answers."""
    sampling: Sampling = field(default_factory=Sampling)
    """How tokens are drawn."""
    sample: int = 0
    """Tells candidates with equal prompts apart, so that they get independent replies."""
    usage: list[Usage] = field(default_factory=list)
    """Tokens of every reply, as the server counted them."""

    async def act(self, observation: Observation) -> Move:
        """The model's next message with its token ids, or why there is none."""
        messages = spoken(observation.messages)
        try:
            reply = await self.model.reply(Request(messages, self.sampling, sample=self.sample, exact=True))
        except ModelFailure as failure:
            overflow = failure.kind is Kind.CONTEXT_OVERFLOW
            return Move(stop=StopReason.CONTEXT_OVERFLOW if overflow else StopReason.INFRASTRUCTURE)
        if reply.usage is not None and not reply.cached:
            self.usage.append(reply.usage)
        choice = reply.choices[0]
        if choice.truncated:
            return Move(stop=StopReason.TRUNCATED, finish_reason=choice.finish_reason)
        return Move(
            message=choice.text, prompt_token_ids=reply.prompt_token_ids, token_ids=choice.token_ids,
            logprobs=choice.logprobs, finish_reason=choice.finish_reason,
        )  # fmt: skip
