"""A right answer → answers one change away from it: a digit, a sign, a relation, a bracket, or one part less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

_RELATIONS = {
    "\\leq": "\\geq", "\\geq": "\\leq", "\\le": "\\ge", "\\ge": "\\le", "<": ">", ">": "<", "\\neq": "=", "\\ne": "=",
    "\\cup": "\\cap", "\\cap": "\\cup",
}  # fmt: skip
_RELATION = re.compile("|".join(re.escape(sign) + (r"(?![a-zA-Z])" if sign[0] == "\\" else "") for sign in _RELATIONS))
_LAYOUT = re.compile(r"\\(?:left|right|begin|end)\b|\\\\\[[^\]]*\]|\{[lcr|]+\}|[lcr]{2,}")
_PART = re.compile(r",(?!\\|\d{3}(?!\d))| and | or |;|\\cup")
PER_KIND = 3
"""Changes of one kind to one answer."""


class Mutant(NamedTuple):
    """A changed answer."""

    kind: str
    """What was changed."""
    text: str
    """The text with the change."""


def mutants(text: str, seed: int) -> list[Mutant]:
    """Some of all changes to the answer, the same ones for the same seed."""
    random = Random(f"{seed}:{text}")
    found: list[Mutant] = []
    for kind, changed in (
        ("digit", list(_digits(text))),
        ("sign", list(_signs(text))),
        ("relation", list(_relations(text))),
        ("bracket", list(_brackets(text))),
        ("part", list(_parts(text))),
    ):
        chosen = random.sample(changed, min(PER_KIND, len(changed)))
        found.extend(Mutant(kind, mutant) for mutant in chosen if mutant != text)
    return found


def _digits(text: str) -> Iterator[str]:
    fixed = {position for match in _LAYOUT.finditer(text) for position in range(*match.span())}
    for match in re.finditer(r"\d", text):
        if match.start() not in fixed:
            other = (int(match[0]) + 1) % 10
            yield f"{text[: match.start()]}{other}{text[match.end() :]}"


def _signs(text: str) -> Iterator[str]:
    for match in re.finditer(r"(?<![a-zA-Z])[+-](?![>-])", text):
        other = "-" if match[0] == "+" else "+"
        yield f"{text[: match.start()]}{other}{text[match.end() :]}"
    core = text.strip("$ ")
    if re.match(r"\\?[d]?frac|\d|\\sqrt", core):
        yield text.replace(core, f"-{core}", 1)


def _relations(text: str) -> Iterator[str]:
    for match in _RELATION.finditer(text):
        if not text.startswith("\\le", match.start()) or not text.startswith("\\left", match.start()):
            yield f"{text[: match.start()]}{_RELATIONS[match[0]]}{text[match.end() :]}"


def _brackets(text: str) -> Iterator[str]:
    """An open end of an interval closed, a closed one opened."""
    for match in re.finditer(r"(?<=[\s$(])?[(\[](?=[^()\[\]]{1,60},[^()\[\],]{1,60}[)\]])", text):
        other = "[" if match[0] == "(" else "("
        yield f"{text[: match.start()]}{other}{text[match.end() :]}"


def _parts(text: str) -> Iterator[str]:
    marks = list(_PART.finditer(text))
    if marks and text.count("$") in (0, 2) and not re.search(r"[(\[{]", text):
        last = marks[-1]
        yield text[: last.start()] + ("$" if text.endswith("$") and text.count("$") == 2 else "")
        yield ("$" if text.startswith("$") and text.count("$") == 2 else "") + text[marks[0].end() :].lstrip()
