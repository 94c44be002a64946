"""A rationale → the faults of the statement that it reports, in whatever words; a word in a list of flags → its flag.

The paper's second condition is about what the rationales say, and people do not say it in three words. The phrases are
in reports.toml. A phrase does not count if it is denied ("is not ambiguous", "neither ambiguous nor underspecified"),
supposed ("would be ambiguous if"), or taken back in the same sentence ("either reading gives the same answer").

    >>> reported("The problem does not say which of the two players begins.")
    ('underspecified',)
    >>> reported("Nothing is ambiguous, underspecified or contradictory here; the count is 7.")
    ()
    >>> reported("x^2 + 1 = 0 has no solution in the reals, so the count is 0.")
    ()
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

FLAGS = ("ambiguous", "underspecified", "unsolvable")
"""Faults of a statement that a verifier may report; a single one refuses the problem."""
MAX_TEXT = 20_000
"""Characters at the end of a text that are searched."""
NEAR = 5
"""Words in front of a phrase that may deny it."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_CLAUSE = re.compile(
    r"[,:()—–]|\b(?:because|since|as|so|and|but|which|hence|therefore|thus|however|yet|although|though)\b"
)
_WORD = r"(?!(?:not|never|no|hardly)\b)\w+"
_LISTED = re.compile(r"[\s,/]*(?:(?:and|or|nor|and/or|even|any|is|it|in any way)\b[\s,/]*)*")
"""What may stand between the items of a list, all of which are denied if the first one is."""


class _Phrase(NamedTuple):
    start: int
    end: int
    flag: str


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("agentprop.grading").joinpath("reports.toml").read_text(encoding="utf-8"))


@cache
def _patterns(table: str, key: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text.replace(r"\w+", _WORD), re.IGNORECASE) for text in _table()[table][key])


def reported(text: str) -> tuple[str, ...]:
    """Name the faults that a text reports, in the order of FLAGS."""
    plain = text[-MAX_TEXT:].replace("’", "'")
    found = {flag for sentence in _SENTENCE.split(plain) for flag in _of_sentence(" ".join(sentence.split()))}
    return tuple(flag for flag in FLAGS if flag in found)


def _of_sentence(sentence: str) -> Iterator[str]:
    phrases = sorted(
        _Phrase(*match.span(), flag)
        for flag in FLAGS
        for pattern in _patterns("phrases", flag)
        for match in pattern.finditer(sentence)
    )
    if not phrases or any(pattern.search(sentence) for pattern in _patterns("negations", "sentence")):
        return
    end, denied = 0, False
    for phrase in phrases:
        listed = denied and _LISTED.fullmatch(sentence, end, max(end, phrase.start)) is not None
        denied = listed or _is_denied(sentence[: phrase.start])
        end = max(end, phrase.end)
        if not denied:
            yield phrase.flag


def _is_denied(before: str) -> bool:
    """True if the last words in front of a phrase, in its own clause, deny or suppose it."""
    clause = " ".join(_CLAUSE.split(before)[-1].split()[-NEAR:])
    return any(pattern.search(clause) for pattern in _patterns("negations", "before"))


@cache
def _words() -> dict[str, str]:
    return {word: flag for flag in FLAGS for word in _table()["flags"][flag]}


def flag_of(words: str) -> str | None:
    """The flag that an item of a list of flags means; None if it is no word for one."""
    return _words().get(" ".join(words.lower().replace("_", " ").replace("’", "'").split()))
