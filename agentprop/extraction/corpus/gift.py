"""Moodle's GIFT: questions with their answers in braces, `How many legs has a spider? {#8}`, apart by empty lines.

`=` stands before what is right, `~` before what is wrong, `#` before a number; `%50%` is a share of the marks, and a
second `#` begins a remark. Matches, essays and questions with several right options are read without their answer.
"""

from __future__ import annotations

import re
from typing import Any

from agentprop.extraction.corpus.rows import Row

_BLOCK = re.compile(r"\n[ \t]*\n")
_COMMENT = re.compile(r"^[ \t]*(?://|\$CATEGORY:).*$", re.MULTILINE)
_QUESTION = re.compile(
    r"(?:::(?P<title>(?:\\.|[^:\\])*)::)?\s*(?:\[\w+\])?(?P<before>(?:\\.|[^{}\\])*)"
    r"\{(?P<inside>(?:\\.|[^{}\\])*)\}(?P<after>(?:\\.|[^{}\\])*)",
    re.DOTALL,
)
_ANSWER = re.compile(
    r"(?P<mark>[=~])\s*(?:%(?P<share>-?\d+(?:\.\d+)?)%)?(?P<text>(?:\\.|[^=~#\\])*)(?:#(?:\\.|[^=~\\])*)?", re.DOTALL
)
_NUMBER = re.compile(
    r"#\s*=?\s*(?P<value>[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:\s*:\s*(?P<off>\d+(?:\.\d+)?))?\s*(?:#.*)?", re.DOTALL
)
_TRUTH = re.compile(r"(?P<value>T|F|TRUE|FALSE)\s*(?:#.*)?", re.DOTALL)
_ESCAPED = re.compile(r"\\([~=#{}:\\])")
_FORMAT = re.compile(r"\{\s*(?:[=~#]|(?:T|F|TRUE|FALSE)\s*[}#])")
BLANK = "____"


def gift_questions(text: str) -> list[Row]:
    """The questions of a text in GIFT; none if a part of it is no question."""
    if not _FORMAT.search(text):
        return []
    blocks = [block.strip() for block in _BLOCK.split(_COMMENT.sub("", text)) if block.strip()]
    found = [_QUESTION.fullmatch(block) for block in blocks]
    return [_row(one) for one in found if one] if all(found) else []


def _row(found: re.Match[str]) -> Row:
    after = _plain(found["after"])
    asked = " ".join(filter(None, (_plain(found["before"]), BLANK if after else "", after)))
    row: Row = {"question": asked}
    inside = found["inside"].strip()
    if number := _NUMBER.fullmatch(inside):
        off = number["off"] or "0"
        return {**row, "answer": number["value"], **({"tolerance": off} if float(off) else {})}
    if truth := _TRUTH.fullmatch(inside):
        return {**row, "answer": "True" if truth["value"][0] == "T" else "False"}
    return {**row, **_answers(inside)}


def _answers(inside: str) -> dict[str, Any]:
    """The options and the one that is right, or the answers that are."""
    found = list(_ANSWER.finditer(inside))
    if "".join(one[0] for one in found) != inside or any(re.search(r"(?<!\\)->", one["text"]) for one in found):
        return {}
    right = [_plain(one["text"]) for one in found if float(one["share"] or (100 if one["mark"] == "=" else 0)) == 100]
    options = [_plain(one["text"]) for one in found] if any(one["mark"] == "~" for one in found) else []
    if options:
        return {"options": options, "answer": right[0]} if len(right) == 1 else {}
    return {"answer": right[0], "accepted_answers": right[1:]} if right else {}


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text).strip()
