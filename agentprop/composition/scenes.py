"""A skill's wordings → what can be told with them: scenes that stand alone, and follow-ups of a story."""

from __future__ import annotations

import re
from functools import lru_cache

from agentprop.skills import Hole, Spec, Wording, segments

CONDITIONAL = re.compile(r" (?:if|for|where|when|given|such that) ")
"""A noun phrase with a condition behind it."""


def with_subject(wording: str, subject: str) -> str:
    """Name the subject of a follow-up: in full after the first "the", and by the bare noun elsewhere.

    >>> with_subject("Each of the <subject> weighs $<g>$ grams. The <subject> are sold.", "shells that she has left")
    'Each of the shells that she has left weighs $<g>$ grams. The shells are sold.'
    """
    bare = re.split(r" (?:that|which|who) ", subject)[0]
    first, mark, rest = wording.partition("<subject>")
    full = re.search(r"\b[Tt]he $", first) is not None
    return first + (subject if full else bare) + rest.replace("<subject>", bare) if mark else wording


def complete_scene(spec: Spec, wording: Wording) -> bool:
    """True if the scene alone fixes every parameter, so that its question can be dropped.

    In a wording that was mined nobody has split scene and question with care. Its question is dropped only if it says
    nothing that the scene and the subject of the story do not say again.
    """
    if not wording.scene or not set(spec.parameters) <= _names(wording.scene):
        return False
    return spec.evidence != "self-consistent" or not only_asked(spec, wording)


_ASKING = frozenset({
    "how", "many", "what", "is", "are", "was", "were", "do", "does", "did", "will", "can", "there", "in", "total",
    "all", "altogether", "together", "combined", "overall",
})  # fmt: skip
"""Words of a question that hold no condition."""


def only_asked(spec: Spec, wording: Wording) -> list[str]:
    """Words of a wording's question that neither its subject nor the form of a question accounts for.

    >>> from agentprop.skills import load
    >>> spec = next(iter(load([]).values())).spec
    >>> output = spec.output.model_copy(update={"subject": "rolls that she has"})
    >>> spec = spec.model_copy(update={"output": output})
    >>> only_asked(spec, Wording(scene="Ann bakes <a> rolls.", ask="How many rolls does she have in total?"))
    []
    >>> only_asked(spec, Wording(scene="Ann bakes <a> rolls.", ask="If she eats half, how many rolls does she have?"))
    ['if', 'eats', 'half']
    """
    subject = spec.output.subject if spec.output is not None and spec.output.subject else ""
    told = re.findall(r"[a-z]+", subject.lower())
    asked = re.findall(r"<\w+>|[a-z]+", wording.ask.lower())
    return [word for word in asked if word not in _ASKING and not any(_may_be(word, other) for other in told)]


_CONDITIONS = frozenset({
    "if", "when", "after", "before", "half", "third", "quarter", "twice", "double", "each", "every", "per", "more",
    "fewer", "less", "only", "except", "without", "other", "another", "remaining", "rest", "left", "extra", "first",
    "last", "now", "then", "also", "still", "not", "no", "all", "both",
})  # fmt: skip


def _may_be(word: str, other: str) -> bool:
    """True if a word of the subject can be a form of a word of the question: `sold` of `sell`."""
    return word == other if word in _CONDITIONS else word[0] == other[0]


def complete_follow(spec: Spec, wording: Wording, name: str) -> bool:
    """True if a follow-up's scene alone fixes every other parameter."""
    return bool(wording.scene) and set(spec.parameters) - {name} <= _names(wording.scene)


def story_wordings(spec: Spec, name: str, role: str) -> list[Wording]:
    """Follow-ups that take a parameter from a story in which it has the role."""
    if role not in spec.parameters[name].roles:
        return []
    return [w for w in spec.follows.get(name, ()) if w.role in (None, role)]


@lru_cache(maxsize=1 << 14)
def _names(text: str) -> frozenset[str]:
    return frozenset(part.name for part in segments(text) if isinstance(part, Hole))
