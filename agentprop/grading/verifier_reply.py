"""A verifier's tagged reply → its opinion, or the reason why the reply is none.

    <verdict>valid|invalid</verdict>
    <flags>none, or some of: ambiguous, underspecified, unsolvable, or other words for these</flags>
    <answer>…</answer>
    <rationale>…</rationale>

Of several sections with one tag the last counts, because models think aloud before they commit themselves. LaTeX and
code stand unescaped between the tags. Reading takes one pass and never raises, for any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentprop.grading.reports import FLAGS, flag_of

MAX_ANSWER, MAX_RATIONALE = 20_000, 2_000
"""Characters; a longer answer makes the reply unusable, a longer rationale is cut."""
_VOTES = {"valid": True, "invalid": False}
_NO_FLAGS = frozenset({"none", "no", "nothing", "no flags", "n", "a", "-", "–", "—", ""})
"""What stands for an empty list; `n` and `a` are what is left of n/a."""
_BETWEEN, _WORDS = re.compile(r"[,;/|\n]+"), re.compile(r"\s+")


@dataclass(frozen=True)
class Opinion:
    """A verifier's opinion of a problem."""

    valid: bool
    """v_i: the problem is valid."""
    answer: str | None
    """The answer it found, if any."""
    rationale: str
    """The reason, in a sentence or two."""
    flags: tuple[str, ...] = ()
    """Faults of the statement that it lists, in the order of FLAGS; its rationale may report more."""


@dataclass(frozen=True)
class ReplyFault:
    """The reason why a reply is no opinion, as a correction that a model can act on."""

    message: str


def read(text: str) -> Opinion | ReplyFault:
    """Read the opinion of a reply."""
    sections = {tag: _section(text, tag) for tag in ("verdict", "flags", "answer", "rationale")}
    missing = [f"<{tag}>…</{tag}>" for tag, content in sections.items() if content is None]
    if missing:
        return ReplyFault(f"the reply lacks {', '.join(missing)}")
    verdict, listed, answer, rationale = (content or "" for content in sections.values())
    vote = _VOTES.get(verdict.strip(" .*`").lower())
    if vote is None:
        return ReplyFault("the verdict must be the one word valid or invalid")
    flags, unknown = _flags(listed)
    if unknown:
        return ReplyFault(f"the flags must be none, or some of {', '.join(FLAGS)}; {unknown[0][:40]} is not one")
    if vote and not answer:
        return ReplyFault("a valid problem has an answer: write yours")
    if len(answer) > MAX_ANSWER:
        return ReplyFault(f"the answer is longer than {MAX_ANSWER} characters")
    if not rationale:
        return ReplyFault("the rationale is empty")
    return Opinion(vote, answer or None, rationale[:MAX_RATIONALE], tuple(flag for flag in FLAGS if flag in flags))


def _flags(listed: str) -> tuple[set[str], list[str]]:
    """The flags of a list, whatever they are called there, and the words that are none."""
    flags, unknown = set[str](), list[str]()
    for item in map(_bare, _BETWEEN.split(listed)):
        if item in _NO_FLAGS:
            continue
        # An item is one name of a flag, or several of one word each: "no ambiguity" holds a word that is none.
        for name in [item] if flag_of(item) else map(_bare, _WORDS.split(item)):
            flag = flag_of(name)
            flags |= {flag} if flag else set()
            unknown += [name] if flag is None else []
    return flags, sorted(unknown)


def _bare(text: str) -> str:
    return text.strip(" .*`[](){}\"'").lower()


def _section(text: str, tag: str) -> str | None:
    """Content of the last closed section with a tag."""
    end = text.rfind(f"</{tag}>")
    start = text.rfind(f"<{tag}>", 0, end) if end >= 0 else -1
    return text[start + len(tag) + 2 : end].strip() if start >= 0 else None
