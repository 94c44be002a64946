"""A right answer → the same answer as others would write it: boxed, between dollars, in bold, with other spaces.

Only what cannot change the answer is changed, and only where it makes sense for the text: prose gets no dollars, a text
with unbalanced braces no box. What no reader can take for another answer must never be called different.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_PROSE = re.compile(r"[^\W\d_]{4,}")
_WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)*")
_TEX_WORD = re.compile(r"\\[a-zA-Z]+")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|\n")
_LOOSE = re.compile(r"(?<=[\w)}\]])([+=])(?=[\w(\\{\[])")
_EXPONENT = re.compile(r"\d[eE][+-]?\d|\^\{?[\w]*[+-]|[A-Z][a-z]?\d*[+-]")
_CODE = re.compile(r"[\"'\[{]")


class Respelling(NamedTuple):
    """The same answer, written otherwise."""

    name: str
    """What was done to it."""
    text: str
    """How it is written now."""


def respellings(answer: str, *, string: bool = False) -> Iterator[Respelling]:
    """Every respelling that makes sense for the answer; `string` is one that is compared letter by letter."""
    text = answer.strip()
    if _balanced(text) and "boxed" not in text and text:
        yield Respelling("box", f"\\boxed{{{text}}}")
    if "*" not in text and "`" not in text and "\n" not in text and "_" not in text:
        yield Respelling("bold", f"**{text}**")
    if _WORDS.fullmatch(text):
        yield Respelling("text", f"\\text{{{text}}}")
        yield Respelling("box of text", f"\\boxed{{\\text{{{text}}}}}")
    if not string:
        yield from _of_mathematics(text)


def _of_mathematics(text: str) -> Iterator[Respelling]:
    delimited = text.startswith("$") and text.endswith("$") and text.count("$") == 2
    core = text[1:-1].strip() if delimited else text
    prose = bool(_PROSE.search(_TEX_WORD.sub(" ", core)))
    plain = "$" not in core and not prose and "\n" not in core and not _CODE.search(core)
    if "\\frac" in text:
        yield Respelling("dfrac", text.replace("\\frac", "\\dfrac"))
    if "  " not in text and " " in text and not _CODE.search(text):
        yield Respelling("spaces", text.replace(" ", "  "))
    if not text.endswith((".", "…")) and text[-1:].isalnum():
        yield Respelling("full stop", f"{text}.")
    if plain and core:
        yield Respelling("dollars", f"${core}$")
        yield Respelling("display", f"\\[ \\displaystyle {core} \\]")
        yield Respelling("thin space", f"${core}\\,$" if core[-1] not in ".,;" else f"$\\,{core}$")
        if _LOOSE.search(core) and not _EXPONENT.search(core) and "\\text" not in core:
            yield Respelling("loose", _LOOSE.sub(r" \1 ", core))
        if "\\" in core and "(" in core and "\\left" not in core and _matching(core):
            yield Respelling("left and right", core.replace("(", "\\left(").replace(")", "\\right)"))
        if not _SENTENCE_END.search(core) and len(core) < 200:
            yield Respelling("sentence", f"The answer is ${core}$.")


def _balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"\\.|[{}]", text, re.DOTALL):
        depth += (brace == "{") - (brace == "}")
        if depth < 0:
            return False
    return depth == 0


def _matching(text: str) -> bool:
    """Round brackets that close each other, and no half-open interval."""
    return text.count("(") == text.count(")") and "[" not in text and "]" not in text
