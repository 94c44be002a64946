"""The parts of a question → agentprop's own sentences that ask it, and noun phrases that name its answer.

The words stand in restating.toml: names for each kind of thing that is asked for, sentences that ask for a noun phrase,
and sentences around a condition. They are combined in turns, so that the first few are already unlike.

    >>> parts = QuestionParts("the value of $f(<b>)$", "$f(x) = x^2 - <a>$", "$f(x) = x^2 - <a>$")
    >>> for text in list(sentences(parts))[:3]:
    ...     print(text)
    Let $f(x) = x^2 - <a>$. Evaluate $f(<b>)$.
    Suppose that $f(x) = x^2 - <a>$. Compute $f(<b>)$.
    Given that $f(x) = x^2 - <a>$, what is $f(<b>)$?
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from math import lcm

from agentprop.extraction.mining.question.question_parts import QuestionParts

_SEVERAL = re.compile(
    r"the (?:\w+ )*?(?:values|coordinates|roots|solutions|zeros|zeroes|pairs|triples|integers|numbers|constants|factors"
    r"|intercepts|angles|endpoints)\b"
)
_OF = re.compile(r" (?:of|in|between|that|which|when|for|from|if) |\$|<")


@dataclass(frozen=True)
class AskedKind:
    """A kind of thing that is asked for."""

    name: str
    """What it is."""
    asked: re.Pattern[str]
    """Its noun phrase."""
    names: tuple[str, ...]
    """Noun phrases for it, with `<…>` for the groups of the pattern."""
    sentences: tuple[str, ...] = ()
    """Sentences that ask for it, likewise."""


@dataclass(frozen=True)
class Wordings:
    """The contents of restating.toml."""

    single: tuple[str, ...]
    several: tuple[str, ...]
    statement: tuple[str, ...]
    definition: tuple[str, ...]
    kinds: tuple[AskedKind, ...]


@cache
def wordings() -> Wordings:
    """The words, read once."""
    text = files("agentprop.extraction.mining.question").joinpath("restating.toml").read_text("utf-8")
    data = tomllib.loads(text)
    kinds = (
        AskedKind(one["name"], re.compile(one["asked"]), tuple(one["names"]), tuple(one.get("sentences", ())))
        for one in data["kind"]
    )
    asking, conditions = data["asking"], data["conditions"]
    return Wordings(*map(tuple, (*asking.values(), *conditions.values(), kinds)))


def sentences(parts: QuestionParts) -> Iterator[str]:
    """The question in agentprop's own sentences."""
    asking = list(dict.fromkeys(_asking(parts.asked)))
    if not parts.given:
        yield from asking
        return
    frames = _frames(parts)
    for turn in range(lcm(len(frames), len(asking))):
        yield _framed(frames[turn % len(frames)], asking[turn % len(asking)], parts)


def _frames(parts: QuestionParts) -> Sequence[str]:
    """The sentences that fit around a condition."""
    if not parts.let:
        return wordings().statement
    if parts.let == parts.given:
        return wordings().definition
    return [frame for frame in wordings().definition if not frame.startswith("Define ")]


def phrases(parts: QuestionParts) -> Iterator[str]:
    """Noun phrases for the answer."""
    for name in names(parts.asked):
        if not parts.given:
            yield name
        elif parts.let and parts.let == parts.given:
            yield from (f"{name} for {parts.given}", f"{name} if {parts.given}")
        elif parts.let:
            yield f"{name}, where {parts.given}"
        else:
            yield f"{name} if {parts.given}"


def names(asked: str) -> list[str]:
    """Noun phrases for what is asked, the one that stood in the question last if it is not among agentprop's own."""
    found = [_filled(name, groups) for kind, groups in _kinds(asked) for name in kind.names]
    return list(dict.fromkeys([*found, asked]))


def _asking(asked: str) -> Iterator[str]:
    for kind, groups in _kinds(asked):
        yield from (_filled(sentence, groups) for sentence in kind.sentences)
    frames = wordings().several if _is_plural(asked) else wordings().single
    called = names(asked)
    for turn in range(lcm(len(frames), len(called))):
        yield frames[turn % len(frames)].replace("<asked>", called[turn % len(called)])


def _kinds(asked: str) -> Iterator[tuple[AskedKind, Mapping[str, str]]]:
    """The kind of what is asked, if it has one."""
    found = ((kind, kind.asked.fullmatch(asked)) for kind in wordings().kinds)
    yield from islice(((kind, match.groupdict()) for kind, match in found if match is not None), 1)


def _filled(text: str, groups: Mapping[str, str]) -> str:
    """A wording with the groups of a pattern in their places; the holes of a question are left alone."""
    return re.sub(r"<(\w+)>", lambda found: groups[found[1]], text)


def _framed(frame: str, question: str, parts: QuestionParts) -> str:
    end = question[-1]
    values = {"Question": question, "question": question[0].lower() + question[1:], "end": end}
    if "<end>" in frame:
        values["Question"] = question[:-1]
    given = parts.let if frame.startswith(("Let ", "Define ")) else parts.given
    # One pass: the parts of a question have holes of their own.
    return re.sub(r"<(\w+)>", lambda found: {**values, "given": given}[found[1]], frame)


def _is_plural(asked: str) -> bool:
    return _SEVERAL.fullmatch(_OF.split(asked)[0].strip()) is not None
