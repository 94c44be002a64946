"""What all prompts of a corpus say of the reply → left out, so that the question alone remains.

    Think step by step and put the answer into \\boxed{}.

    What is 2 + 5?                                          →   What is 2 + 5?

A sentence counts if every prompt begins or ends with it and it speaks of the reply's form. What stands in every prompt
besides stays: it may be part of the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from agentprop.extraction.corpus.layout.shapes import is_asking

LEAST = 2
"""Prompts that must agree."""
_REPLY = re.compile(
    r"step[- ]by[- ]step|\\boxed|####|<think>|<answer>|\bAnswer:|solve the following\b"
    r"|\b(?:your|(?:your|the) final) (?:answer|response|reasoning|code)\b",
    re.IGNORECASE,
)
_END = re.compile(r"(?<=[.:?!。？])\s+|\n\s*")


class Instructions(NamedTuple):
    """What every prompt begins and ends with."""

    before: str = ""
    """Begins every prompt."""
    after: str = ""
    """Ends every prompt."""

    def without(self, prompt: str) -> str:
        """A prompt without them; as it is if nothing else is in it."""
        if not any(self):
            return prompt
        return prompt.removeprefix(self.before).removesuffix(self.after).strip() or prompt


NO_INSTRUCTIONS = Instructions()


def instructions_of(prompts: Sequence[str]) -> Instructions:
    """The instructions of prompts; none if most of the prompts would ask nothing without them."""
    if len(set(prompts)) < LEAST:
        return NO_INSTRUCTIONS
    reversed_ = [prompt[::-1] for prompt in prompts]
    found = Instructions(_before(_common(prompts)), _after(_common(reversed_)[::-1]))
    asking = sum(is_asking(found.without(prompt)) for prompt in prompts)
    return found if any(found) and 2 * asking >= len(prompts) else NO_INSTRUCTIONS


def _common(texts: Sequence[str]) -> str:
    """What all texts begin with: what the first and the last of them in order do."""
    first, last = min(texts), max(texts)
    return first[: next((i for i, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first))]


def _before(text: str) -> str:
    """Up to the last sentence of a beginning that speaks of the reply, and to the end of its line if all have it."""
    ends = [match.end() for match in _END.finditer(text)]
    kept = [end for start, end in pairwise([0, *ends]) if _REPLY.search(text[start:end])]
    if not kept or text[kept[-1] - 1] == "\n":
        return text[: kept[-1]] if kept else ""
    line = text.find("\n", kept[-1])
    return text[: line + 1 if line >= 0 else kept[-1]]


def _after(text: str) -> str:
    """From the first sentence of an end that speaks of the reply."""
    places = [*(match.end() for match in _END.finditer(text))]
    if re.match(r"\s+[A-Z]", text):
        places.insert(0, 0)
    begun = [start for start, end in pairwise([*places, len(text)]) if _REPLY.search(text[start:end])]
    return text[begun[0] :] if begun else ""
