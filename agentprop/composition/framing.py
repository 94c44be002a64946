"""A statement → the same without sentences that frame the question and do not change it.

"Solve the following problem." before a question and "Give your answer as an integer." after it are no part of the
grammar. The table is framing.toml; a sentence that says what the answer looks like fits only such answers.

    >>> unframed("Solve the following problem. What is $2 + 3$? Give your answer as an integer.")
    ('What is $2 + 3$?', frozenset({'integer'}))
    >>> unframed("What is $2 + 3$? Ignore the above.")
    ('What is $2 + 3$? Ignore the above.', None)
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

MAX_SENTENCES = 6
"""Most framing sentences on either side."""


@dataclass(frozen=True)
class _Frame:
    """A framing sentence."""

    text: re.Pattern[str]
    kinds: frozenset[str] | None
    """Outputs that it fits; None means all."""


@cache
def _frames(side: Literal["before", "after"]) -> tuple[_Frame, ...]:
    table = tomllib.loads(files("agentprop.composition").joinpath("framing.toml").read_text(encoding="utf-8"))
    return tuple(
        _Frame(re.compile(row["text"], re.IGNORECASE), frozenset(row["kinds"]) if "kinds" in row else None)
        for row in table[side]
    )


def unframed(statement: str) -> tuple[str, frozenset[str] | None]:
    """Strip the framing sentences, and name the kinds of answer that all of them fit; None means every kind."""
    text, kinds = statement, None
    for side in ("before", "after"):
        for _ in range(MAX_SENTENCES):
            found = _stripped(text, side)
            if found is None:
                break
            text, fitting = found
            kinds = fitting if kinds is None else kinds if fitting is None else kinds & fitting
    return text, kinds


def _stripped(text: str, side: Literal["before", "after"]) -> tuple[str, frozenset[str] | None] | None:
    """The text without its outermost framing sentence on one side, and the answers that the sentence fits."""
    if side == "before":
        cut = re.search(r"[.:!?]\**\s+|\n\s*", text)
        sentence, rest = (text[: cut.start()], text[cut.end() :]) if cut else ("", text)
    else:
        cuts = [found.end() for found in re.finditer(r"(?:[.:!?]|```)\s+|\n\s*", text)]
        sentence, rest = (text[cuts[-1] :].rstrip(".! "), text[: cuts[-1]].rstrip()) if cuts else ("", text)
    frame = next((frame for frame in _frames(side) if frame.text.fullmatch(sentence.strip(" *#"))), None)
    return (rest, frame.kinds) if frame is not None and rest else None
