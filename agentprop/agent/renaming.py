"""A task and a pool of names → a bijection of the names, and a chat model that reads and writes in the new ones.

A model that meets few skills learns their names by heart. Here the names of the pool change places anew for every
task. Only the model's side is renamed: environment, sandbox, verifier and stored text keep a skill's own name, while
stored token ids are those that the model read and wrote. All attempts of a group share their task, so their names.

    >>> swap = Renaming({"qab": "qcd", "qcd": "qab"})
    >>> swap("from skills import qab; qab_1 = qab.solve(n=3)")
    'from skills import qcd; qcd_1 = qcd.solve(n=3)'
    >>> swap.inverse(swap("qab asks, qcd supplies"))
    'qab asks, qcd supplies'

A name is replaced where it is a whole run of ASCII letters and digits. The replacement is such a run again, so that the
inverse restores every text, whatever a model wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random

from agentprop.models.chat import ChatModel, Choice, Message, Reply, Request, ToolCall
from agentprop.records import Trajectory

RUN = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True)
class Renaming:
    """Bijection of the names of a pool."""

    to: Mapping[str, str] = field(default_factory=dict)
    """Name → name that stands for it; names that are not there stay as they are."""

    @classmethod
    def drawn(cls, names: Sequence[str], seed: int, index: int) -> Renaming:
        """Draw the bijection of a task; without names it is the identity."""
        drawn = list(names)
        Random(f"{seed}/{index}/names").shuffle(drawn)
        return cls(dict(zip(names, drawn, strict=True)))

    @cached_property
    def inverse(self) -> Renaming:
        """The bijection backwards."""
        return Renaming({new: old for old, new in self.to.items()})

    def __call__(self, text: str) -> str:
        """Rename in a text."""
        return RUN.sub(lambda run: self.to.get(run[0], run[0]), text) if self.to else text


def renamed(trajectory: Trajectory, names: Sequence[str]) -> Trajectory:
    """Return a trajectory as a model would have read and written it, under the names of its task, without token ids."""
    if not names:
        return trajectory
    told = Renaming.drawn(names, trajectory.task.seed, trajectory.task.index)
    turns = tuple(
        turn.model_copy(
            update={
                "message": told(turn.message),
                "observation": told(turn.observation),
                "token_ids": None,
                "prompt_token_ids": None,
                "logprobs": None,
            }
        )
        for turn in trajectory.turns
    )
    texts = {"system": told(trajectory.system), "prompt": told(trajectory.prompt)}
    return trajectory.model_copy(update={**texts, "turns": turns, "token_exact": False})


def renaming_chat(model: ChatModel, names: Sequence[str], seed: int, index: int) -> ChatModel:
    """Return the model as the episodes of a task hear it; without names that is the model itself."""
    return RenamedChat(model, Renaming.drawn(names, seed, index)) if names else model


@dataclass(frozen=True)
class RenamedChat:
    """Chat model that is told, and answers in, the names of a task; who asks it knows the skills' own names only."""

    model: ChatModel
    """The model that answers."""
    names: Renaming
    """Bijection of the task."""

    @property
    def identity(self) -> str:
        """Name of the model."""
        return self.model.identity

    @property
    def version(self) -> int | None:
        """Step of the weights, if the model has versions."""
        return getattr(self.model, "version", None)

    async def reply(self, request: Request) -> Reply:
        """Ask under the names of the task; the texts that come back have the skills' own, the token ids do not."""
        asked = replace(request, messages=tuple(_told(message, self.names) for message in request.messages))
        reply = await self.model.reply(asked)
        return replace(reply, choices=tuple(_heard(choice, self.names.inverse) for choice in reply.choices))

    async def aclose(self) -> None:
        """Close the model."""
        await self.model.aclose()


def _told(message: Message, names: Renaming) -> Message:
    return replace(message, text=names(message.text), tool_calls=_calls(message.tool_calls, names))


def _heard(choice: Choice, names: Renaming) -> Choice:
    reasoning = None if choice.reasoning is None else names(choice.reasoning)
    calls = _calls(choice.tool_calls, names)
    return replace(choice, text=names(choice.text), reasoning=reasoning, tool_calls=calls)


def _calls(calls: Sequence[ToolCall], names: Renaming) -> tuple[ToolCall, ...]:
    return tuple(replace(call, arguments=names(call.arguments)) for call in calls)
