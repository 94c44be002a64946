"""Chat messages ↔ token ids, so that a conversation grows by appending and what a model sampled is never encoded again.

A chat template is a function of the whole conversation. Some rewrite earlier turns when a later one is appended, and
text decoded from sampled ids need not encode to the same ids. So the template renders only the first prompt, and from
then on only what follows a sampled turn (its end, the role headers, the tool text), which is called the *bridge*:

    next prompt = previous prompt + sampled ids + bridge        (exactly: token-in, token-out)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from agentprop.errors import InputError
from agentprop.models.chat import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = tuple[int, ...]

REPLY_MARK = "⟪said⟫"
"""Stands for the sampled turn in a dummy conversation: the text that the template puts after it is the bridge."""
REMEMBERED_IDS = 1 << 23
"""Default capacity of a prompt cache, in token ids: 32 MiB."""


class Renderer:
    """Tokenizer with a chat template. Methods raise InputError if the template refuses a conversation."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        if not tokenizer.chat_template:
            raise InputError(
                f"the tokenizer {tokenizer.name_or_path or '(unnamed)'} has no chat template",
                hint="use an instruct model's tokenizer, or set its chat_template",
            )
        self.tokenizer = tokenizer

    def prompt(self, messages: Sequence[Message]) -> Ids:
        """Render a whole conversation to ids, ready for the model's next turn."""
        return self.encode(self._text(messages, ready=True))

    def bridge(self, sampled: Sequence[int], new: Sequence[Message]) -> Ids:
        """Return the ids that follow a sampled turn: the rest of its end, the `new` messages, the next header."""
        after = self.encode(self._text_after_reply(new))
        return after[_overlap(sampled, after) :]

    def reply_ids(self, text: str) -> Ids:
        """Return the ids that a model would sample for a text: the reply prefix, the text, the end of the turn."""
        return (*self.encode(self._reply_prefix + text), self.end_id)

    def encode(self, text: str) -> Ids:
        """Encode a text, adding nothing to it."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return tuple(ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Decode sampled ids, without special tokens."""
        text = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)
        return text

    @cached_property
    def end_id(self) -> int:
        """Token by which a model ends its turn: the special token of the template, or the end of text."""
        first = self.encode(self._text_after_reply([Message("user", "?")]))[0]
        eos = self.tokenizer.eos_token_id
        if first in self.tokenizer.added_tokens_decoder or eos is None:
            return first
        return int(eos)

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """Tokens that stop sampling: the end of a turn and the tokenizer's end of text."""
        eos = self.tokenizer.eos_token_id
        return frozenset({self.end_id} if eos is None else {self.end_id, int(eos)})

    @cached_property
    def _reply_prefix(self) -> str:
        """Text that the template puts between the header and the text of a turn, such as an empty reasoning block."""
        asked = [Message("user", "?")]
        header = self._text(asked, ready=True)
        before, found, _ = self._text([*asked, Message("assistant", REPLY_MARK)], ready=False).partition(REPLY_MARK)
        return before.removeprefix(header) if found and before.startswith(header) else ""

    def _text_after_reply(self, new: Sequence[Message]) -> str:
        dummy = [Message("user", "?"), Message("assistant", REPLY_MARK), *new]
        _, found, after = self._text(dummy, ready=True).partition(REPLY_MARK)
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
    """Count the ids at the end of `sampled` that `after` begins with: usually one, the token that ends the turn."""
    for size in range(min(len(after), len(sampled)), 0, -1):
        if after[size - 1] == sampled[-1] and tuple(sampled[-size:]) == tuple(after[:size]):
            return size
    return 0


class PromptCache:
    """Exact ids of conversations that were sampled here, by their messages; drops the oldest beyond its capacity."""

    def __init__(self, renderer: Renderer, capacity: int = REMEMBERED_IDS) -> None:
        self.renderer = renderer
        self._capacity = capacity
        self._held = 0
        self._ids: OrderedDict[tuple[int, tuple[Message, ...]], npt.NDArray[np.int32]] = OrderedDict()

    def prompt(self, messages: Sequence[Message], sample: int = 0) -> Ids:
        """Return the ids of a conversation: those of its last known turn plus a bridge, or else a fresh rendering.

        `sample` distinguishes conversations whose messages are equal but were sampled as different ids.
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
        """Store a reply to `messages`: its `text`, and the ids `sampled` after `prompt`."""
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
    """Load the tokenizer of a model directory or hub id. Raises InputError if there is none."""
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        there = Path(name).is_dir() and not any(Path(name).glob("*token*"))
        reason = "the directory has none" if there else " ".join(str(error).split())[:200]
        raise InputError(
            f"no tokenizer can be read from {name}: {reason}", hint="name a model directory, with its tokenizer"
        ) from error
    return tokenizer
