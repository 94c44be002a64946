"""Replies that a file has already → attempts: what a model said elsewhere is graded, and nothing is asked.

A field holds a reply or several, in the forms in which trainers, servers and harnesses store them: a text, a list of
texts, a conversation, the answer of an OpenAI-compatible server, of Anthropic's or of vLLM, and lists of these.

    >>> [choice.text for choice in replies_in(["It is 4.", {"text": "5", "finish_reason": "stop"}])]
    ['It is 4.', '5']
    >>> replies_in([{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}])[0].text
    '4'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentprop.extraction.corpus.layout.shapes import is_chat, said_last, text_of, unpacked
from agentprop.grading.probers import GradedReply, Prober
from agentprop.models.chat import Choice, Reply
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.records import Problem

_SEVERAL = ("choices", "outputs", "completions", "responses", "generations", "resps")
"""Keys of an object that holds several replies."""
_SAID = ("message", "content", "text", "response", "completion", "generation", "output", "reply")
"""Keys of an object that is one reply."""
_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens"})
"""Reasons for which a server ends a reply that is not at its end."""


def replies_in(value: Any) -> tuple[Choice, ...]:
    """The replies that a field holds, in order; what cannot be read as one is left out."""
    if isinstance(value, str):
        entered = unpacked(value)  # a reply may be an object itself, but a list of texts is several
        return replies_in(entered) if isinstance(entered, list) else (Choice(value),)
    if isinstance(value, list):
        if is_chat(value):
            return (Choice(said_last(value)),)
        return tuple(choice for one in value for choice in replies_in(one))
    if isinstance(value, Mapping):
        return _of_object(value)
    return (Choice(text),) if (text := text_of(value)) else ()


def _of_object(value: Mapping[str, Any]) -> tuple[Choice, ...]:
    if isinstance(value.get("body"), Mapping):  # of a batch
        return _of_object(value["body"])
    if is_chat(said := _messages(value.get("output"))):  # OpenAI's responses
        cut_off = value.get("status") == "incomplete"
        return (Choice(said_last(said), finish_reason="length" if cut_off else None),)
    for name in _SEVERAL:
        if isinstance(value.get(name), list):
            return replies_in(value[name])
    found = next((value[name] for name in _SAID if value.get(name) is not None), None)
    text = _joined(found.get("content") if isinstance(found, Mapping) else found)
    if text is None:
        return ()
    reason = value.get("finish_reason") or value.get("stop_reason")
    told = reason if isinstance(reason, str) else None
    return (Choice(text, finish_reason="length" if told in _CUT_OFF else told),)


def _messages(items: Any) -> list[Any]:
    """Those of the items of a reply that are no thoughts or calls of tools."""
    listed = items if isinstance(items, list) else []
    return [item for item in listed if isinstance(item, Mapping) and item.get("type") == "message"]


def _joined(content: Any) -> str | None:
    """The text of a message: as it is, or in parts, of which those that are no text are left out."""
    if isinstance(content, list):
        return "".join(text_of(part.get("text")) for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else None


@dataclass(frozen=True)
class RecordedProber(Prober):
    """Prober whose replies were recorded before."""

    recorded: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    """Problem → its replies."""

    async def tries(self, problem: Problem, start: int, count: int, *, exact: bool = False) -> list[GradedReply]:
        """Grade the replies start … start + count − 1, or as many of them as there are."""
        found = self.recorded.get(problem.id, ())[start : start + count]
        return await self.graded(problem, [self._reply(choice) for choice in found])

    def _reply(self, choice: Choice) -> Reply | ModelFailure:
        if not choice.text.strip():
            return ModelFailure(FailureKind.EMPTY, "the recorded reply is empty")
        return Reply((choice,), self.made_by.name)
