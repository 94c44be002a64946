"""Chat messages ↔ token ids, so that a conversation grows by appending and what a model sampled is never encoded again.

A chat template is a function of the whole conversation: some rewrite earlier turns when a later one is appended, and
text decoded from sampled ids need not encode to the same ids. So a template is asked for the first prompt only, and
from then on for what follows a sampled turn (its end, the role headers, the tool text): the *bridge*. Then

    next prompt = previous prompt + sampled ids + bridge        (exactly: token-in, token-out)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from agentprop.errors import InputError
from agentprop.models.chat import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = tuple[int, ...]

SAID = "⟪said⟫"
"""Stands for a sampled turn in a dummy conversation: what a template writes after it is the bridge."""
REMEMBERED_IDS = 1 << 23
"""Token ids that a memory keeps: 32 MiB."""


class Renderer:
    """A tokenizer with a chat template. Raises InputError where the template cannot say a conversation."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        if not tokenizer.chat_template:
            raise InputError(
                f"the tokenizer {tokenizer.name_or_path or '(unnamed)'} has no chat template",
                hint="use an instruct model's tokenizer, or set its chat_template",
            )
        self.tokenizer = tokenizer

    def prompt(self, messages: Sequence[Message]) -> Ids:
        """Ids of a whole conversation, ready for the model's next turn."""
        return self.encode(self._text(messages, ready=True))

    def bridge(self, sampled: Sequence[int], new: Sequence[Message]) -> Ids:
        """Ids that follow a sampled turn: what the model left of its end, `new`, the next turn's header."""
        after = self.encode(self._after(new))
        return after[_overlap(sampled, after) :]

    def said(self, text: str) -> Ids:
        """Ids that a model would sample to say a text: what its template begins a reply with, and the turn's end."""
        return (*self.encode(self._lead + text), self.end_id)

    def encode(self, text: str) -> Ids:
        """Ids of a text, with nothing added to it."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return tuple(ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of sampled ids, without special tokens."""
        text = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)
        return text

    @cached_property
    def end_id(self) -> int:
        """The token by which a model ends its turn: the one that the template writes there, or the end of text."""
        first = self.encode(self._after([Message("user", "?")]))[0]
        eos = self.tokenizer.eos_token_id
        if first in self.tokenizer.added_tokens_decoder or eos is None:
            return first
        return int(eos)

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """Tokens at which sampling stops: the turn's end and the tokenizer's end of text."""
        eos = self.tokenizer.eos_token_id
        return frozenset({self.end_id} if eos is None else {self.end_id, int(eos)})

    @cached_property
    def _lead(self) -> str:
        """What the template puts between a turn's header and its text, such as an empty block of reasoning."""
        asked = [Message("user", "?")]
        header = self._text(asked, ready=True)
        before, found, _ = self._text([*asked, Message("assistant", SAID)], ready=False).partition(SAID)
        return before.removeprefix(header) if found and before.startswith(header) else ""

    def _after(self, new: Sequence[Message]) -> str:
        dummy = [Message("user", "?"), Message("assistant", SAID), *new]
        _, found, after = self._text(dummy, ready=True).partition(SAID)
        if not found:
            raise InputError("the chat template drops what an assistant says", hint="use another chat template")
        return after

    def _text(self, messages: Sequence[Message], *, ready: bool) -> str:
        from jinja2 import TemplateError

        conversation = [{"role": m.role, "content": m.text} for m in messages]
        try:
            text: Any = self.tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=ready)
        except TemplateError as error:
            raise InputError(
                f"the chat template refuses the conversation: {error}",
                hint="it needs system, user and assistant turns; use another chat template",
            ) from error
        assert isinstance(text, str)
        return text


def _overlap(sampled: Sequence[int], after: Sequence[int]) -> int:
    """How much of what follows a turn the sampled ids already end with: most often the one token that ended it."""
    for size in range(min(len(after), len(sampled)), 0, -1):
        if after[size - 1] == sampled[-1] and tuple(sampled[-size:]) == tuple(after[:size]):
            return size
    return 0


class Memory:
    """Exact ids of the conversations that were sampled here, by what was said; the least recent are forgotten."""

    def __init__(self, renderer: Renderer, capacity: int = REMEMBERED_IDS) -> None:
        self.renderer = renderer
        self._capacity = capacity
        self._held = 0
        self._ids: OrderedDict[tuple[int, tuple[Message, ...]], npt.NDArray[np.int32]] = OrderedDict()

    def prompt(self, messages: Sequence[Message], sample: int = 0) -> Ids:
        """Ids of a conversation: those of its last remembered turn and a bridge, or rendered where none is known.

        `sample` tells conversations apart in which the same was said by other ids.
        """
        for cut in range(len(messages) - 1, 0, -1):
            said = messages[cut - 1].role == "assistant"
            if said and (known := self._ids.get((sample, tuple(messages[:cut])))) is not None:
                ids: Ids = tuple(known.tolist())
                return ids + self.renderer.bridge(ids, messages[cut:])
        return self.renderer.prompt(messages)

    def remember(
        self, messages: Sequence[Message], prompt: Sequence[int], sampled: Sequence[int], text: str, sample: int = 0
    ) -> None:
        """A reply to `messages`: `text`, sampled as `sampled` after `prompt`."""
        key = (sample, (*messages, Message("assistant", text)))
        self._forget(key)
        self._ids[key] = np.asarray((*prompt, *sampled), dtype=np.int32)
        self._held += len(self._ids[key])
        while self._held > self._capacity and len(self._ids) > 1:
            self._forget(next(iter(self._ids)))

    def _forget(self, key: tuple[int, tuple[Message, ...]]) -> None:
        if key in self._ids:
            self._held -= len(self._ids.pop(key))


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a model directory or hub id. Raises InputError where there is none."""
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(f"no tokenizer can be read from {name}: {reason}", hint="name a model directory") from error
    return tokenizer
