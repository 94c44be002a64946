"""The grammar's frames around a letter, as regular expressions: a letter told of behind a scene, or asked for."""

from __future__ import annotations

import re

from agentprop.composition import grammar

TOLD = re.compile(
    r"(?<=[.?!]) (?:" + "|".join(
        re.escape(frame)
        .replace("<symbol>", f"(?P<s{number}>[A-Za-z])")
        .replace("<named>", f"(?P<n{number}>the [^.$?!]+)")
        for number, frame in enumerate(grammar.TOLD, 1)
    ) + rf"){grammar.APART}(?=[A-Z])"
)  # fmt: skip
"""A letter for the value of the scene in front of it."""


def _asked_backwards(frame: str) -> str:
    """Regular expression of a question for a datum."""
    return (
        re.escape(frame)
        .replace("<symbol>", "(?P<symbol>[A-Za-z])")
        .replace("<named>", "(?P<named>the [^.$?!]+)")
        .replace("<left>", r"(?P<left>\$[A-Za-z]\$)")
        .replace("<right>", r"(?P<right>\$[A-Za-z]\$)")
        .replace("<value>", r"(?P<value>\d+(?:\.\d+)?)(?: (?P<unit>[^?, ][^?,]*))?")
    )


SOUGHT = tuple(re.compile(rf"(?<=[.?!]) {_asked_backwards(frame)}\Z") for frame in grammar.SOUGHT)
SOUGHT_EXCESS = tuple(re.compile(_asked_backwards(frame)) for frame in grammar.SOUGHT_EXCESS)


def sought_letters(text: str) -> list[str]:
    """The letter of the datum that a statement asks for, if it does."""
    last = text.rpartition(grammar.APART)[2]
    found = [question.search(text) for question in SOUGHT]
    found += [question.fullmatch(last) for question in SOUGHT_EXCESS]
    return [one["symbol"] for one in found if one is not None][:1]
