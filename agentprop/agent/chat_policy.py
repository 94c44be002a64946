"""A language model as the policy of the proposing environment: in tagged text, or by native calls of four functions.

Tagged text is sent as it stands. Observations are sent as user messages, because few chat templates accept tool
messages without tool calls. Native calls become the same tagged text in the record; their token ids are not kept,
because they encode another text than the one that imitation learns from. A reply cut off by its token limit, a
conversation longer than the context and a server that cannot be reached each end the trajectory for a reason of its
own: none of them is the proposer's mistake.

Unless the rules are strict, a reply in tagged text ends with its first action that has an answer: the closing tags are
sent as stop sequences, so that nobody pays for an answer that the model invents. A server that refuses them is asked
without. The tag that a stop sequence cut off is put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agentprop.agent import tool_calls as functions
from agentprop.agent.reading import read, read_calls
from agentprop.agent.reading.blocks import CLOSING, OPENING, STRICT, THINKING, THOUGHT, opens_block
from agentprop.models.chat import ChatModel, Choice, Message, Reply, Request, Sampling, Usage
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.prompts import prompt
from agentprop.records import Move, Observation, StopReason
from agentprop.records.action_text import Malformed

STOPS = ("</action:exec>", "</action:edit>", "</action:submit>", "</action>")
"""Stop sequences: thinking may still be followed by an action. Servers take at most four."""
REFUSALS = frozenset({"rejected", "unsupported"})
"""Kinds of failure that mean that a server does not take something in the request."""
CHAT_ROLES: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "assistant": "assistant"}


def chat_messages(history: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    """(role, text) pairs of the record → messages as they are sent, observations as user messages."""
    return tuple(Message(CHAT_ROLES.get(role, "user"), text) for role, text in history)


def request(
    history: Sequence[tuple[str, str]],
    replies: Sequence[functions.SentReply] = (),
    *,
    native: bool,
    system: str | None = None,
) -> Request:
    """Request for the next message; `replies` and `system` are those of a model that uses native calls."""
    if native:
        told = prompt(functions.PROMPT) if system is None else system
        return Request(functions.conversation(history, replies, told), tools=functions.TOOLS)
    return Request(chat_messages(history), exact=True)


@dataclass
class StopSupport:
    """Whether a model can be asked with stop sequences; shared by the conversations of a process."""

    taken: bool = True
    """False once the server has refused them, or they have cut off a thought that drafts an action."""


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
    strict: bool = True
    """Replies are taken as they were sampled."""
    stops: StopSupport = field(default_factory=StopSupport)
    """Whether replies in tagged text end with their first action."""
    system: str | None = None
    """System text for native calls; None means the plain one."""
    usage: list[Usage] = field(default_factory=list)
    """Tokens of every reply, as the server counted them."""
    replies: list[functions.SentReply] = field(default_factory=list)
    """The model's replies with native calls, as they are sent back to it."""

    async def act(self, observation: Observation) -> Move:
        """Ask for the next message, with its token ids if known; a move without a message says why there is none."""
        if self.replies:
            told = sum(role == "assistant" for role, _ in observation.messages)
            self.replies[-1] = replace(self.replies[-1], turns=told - sum(sent.turns for sent in self.replies[:-1]))
        try:
            reply, stopped = await self._reply(
                request(observation.messages, self.replies, native=self.native, system=self.system)
            )
        except ModelFailure as failure:
            overflow = failure.kind is FailureKind.CONTEXT_OVERFLOW
            stop = StopReason.CONTEXT_OVERFLOW if overflow else StopReason.INFRASTRUCTURE
            return Move(stop=stop, fault=functions.storable(failure.message))
        if reply.usage is not None:
            self.usage.append(reply.usage)
        choice = reply.choices[0]
        if choice.truncated:
            fault = "the reply was cut off by its token limit (reply_tokens)"
            return Move(stop=StopReason.TRUNCATED, fault=fault, finish_reason=choice.finish_reason)
        if self.native:
            return self._called(choice)
        return _sampled_move(reply, choice) if self.strict else _read_move(reply, choice, stopped)

    async def _reply(self, asked: Request) -> tuple[Reply, bool]:
        """(reply, stop sequences were sent): they are if the server takes them. Raises ModelFailure."""
        stopping = self.stops.taken and not (self.strict or self.native)
        sampling = replace(self.sampling, stop=STOPS) if stopping else self.sampling
        asked = replace(asked, sampling=sampling, sample=self.sample)
        try:
            reply = await self.model.reply(asked)
            if not stopping or not _cut_in_thought(reply.choices[0]):
                return reply, stopping
        except ModelFailure as failure:
            if not stopping or failure.kind not in REFUSALS or "stop" not in failure.message.lower():
                raise
        self.stops.taken = False
        return await self.model.reply(replace(asked, sampling=self.sampling)), False

    def _called(self, choice: Choice) -> Move:
        if self.strict:
            message, fault = functions.message_of_calls(choice)
            self.replies.append(functions.SentReply(functions.assistant_message(choice, message), fault is not None))
            return Move(message=message, fault=fault, finish_reason=choice.finish_reason)
        message, fault, repairs = _read_calls(choice)
        sent = functions.assistant_message(choice, message) if choice.tool_calls else None
        self.replies.append(functions.SentReply(sent, fault is not None))
        return Move(message=message, fault=fault, repairs=repairs, finish_reason=choice.finish_reason)


def _read_calls(choice: Choice) -> tuple[str, str | None, tuple[str, ...]]:
    """(message, its fault or None, repairs) of a reply in which functions may have been called."""
    if not choice.tool_calls:
        text, repairs = _said(choice)
        try:
            read(text)
        except Malformed as fault:
            return text, functions.uncalled() if fault.kind == "message" else None, repairs
        return text, None, repairs
    try:
        found = read_calls(functions.without_repeats(choice.tool_calls))
    except Malformed as fault:
        return functions.unread(choice), str(fault), ()
    text = "" if choice.text.strip().startswith(("{", "[")) else choice.text  # a server that gives a call twice
    blocks = "\n".join(block for block, _ in found.actions)
    return _beside(text, blocks), None, found.repairs


def _beside(text: str, blocks: str) -> str:
    """The blocks of calls below the text of the reply, unless something in that text would be read as an action."""
    message = f"{text}\n{blocks}".strip()
    try:
        same = [action for _, action in read(message).actions] == [action for _, action in read(blocks).actions]
    except Malformed:
        same = False
    return message if same else blocks


def _said(choice: Choice) -> tuple[str, tuple[str, ...]]:
    """(text, repairs): that of the reply, or the action with which its reasoning ends if it says nothing else.

    An action that the reasoning goes on behind is a draft.
    """
    reasoning = choice.reasoning or ""
    opened = [tag for tag in OPENING.finditer(reasoning) if opens_block(reasoning, tag)]
    if choice.text.strip() or not opened:
        return choice.text, ()
    closing = CLOSING.search(reasoning, opened[-1].end())
    if closing is not None and reasoning[closing.end() :].strip():
        return choice.text, ()
    return reasoning[opened[-1].start() :], ("thinking",)


def _cut_in_thought(choice: Choice) -> bool:
    """True if a reply ends in the middle of a thought, after an action that the thought drafts."""
    if not choice.text.strip():
        return "<action" in (choice.reasoning or "")
    begun = [match.end() for match in THINKING.finditer(choice.text)]
    return bool(begun) and not THOUGHT.search(choice.text, begun[-1]) and "<action" in choice.text[begun[-1] :]


def _read_move(reply: Reply, choice: Choice, stopped: bool) -> Move:
    """The move of a reply; if stop sequences were sent, the tag that one of them cut off is put back."""
    text, repairs = _said(choice)
    opened = [tag for tag in OPENING.finditer(text) if opens_block(text, tag)] if stopped else []
    if opened and not CLOSING.search(text, opened[-1].end()):
        strict = STRICT.match(text, opened[-1].start())
        closing = f"</action:{strict[1]}>" if strict else "</action>"
        return Move(message=f"{text}{closing}", repairs=repairs, finish_reason=choice.finish_reason)
    return _sampled_move(reply, choice).model_copy(update={"message": text, "repairs": repairs})


def _sampled_move(reply: Reply, choice: Choice) -> Move:
    return Move(
        message=choice.text,
        prompt_token_ids=reply.prompt_token_ids,
        token_ids=choice.token_ids,
        logprobs=choice.logprobs,
        finish_reason=choice.finish_reason,
    )
