"""A field, or the end of a worked solution → the final answer; several answers; a number with its unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from agentprop.extraction.corpus.layout.names import plain
from agentprop.extraction.corpus.layout.shapes import text_of, unpacked
from agentprop.extraction.corpus.markup import without_markup

LONG = 60
"""Characters beyond which an answer is taken for a worked solution that ends in one."""
PROSE = 12
"""Words beyond which a text is no bare value."""
_COMMAND = re.compile(r"\\[A-Za-z]+|\$[^$]*\$")
_WORD = re.compile(r"[^\W\d_]{3,}")
_SAID = re.compile(
    r"(?:answer\s+is|答案是|答案为)\s*:?\s*([^\s].*?)(?:\.(?:\s|$)|。|\n|$)"
    r"|^\W*(?:final\s+)?answer\W*?:(?!.*\banswer\s+is\b)\W*?\s*([^\s*].*?)\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_BOX = re.compile(r"\\f?box(?:ed)?(?![a-z])")
_BETWEEN = re.compile(r"\s*\$?\s*(?:,|and|or|,\s*and|\\text\s*\{\s*(?:and|or)\s*\})\s*\$?\s*")
_LAST_EQUATION = re.compile(
    r"=\s*(?:<<[^<>]*>>)?\s*\\?\$?\s*(-?(?:\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?|\\[dt]?frac\{\d+\}\{\d+\}))\s*(?:\$|\\\)|\\\])?"
    r"(?:\s+[^\W\d]+){0,3}\s*\.?\s*\Z"
)
_COUNTED = re.compile(r"(-?\d[\d,]*(?:[./]\d+)?)\s*\(([^\W\d][^()\d=+*/^]*[^\W\d])\)")
_TEXTS = ("text", "answer", "value", "content", "body", "atext")
_CHOSEN = ("selected", "is_accepted", "isAccepted", "accepted")
_NO_ANSWER = frozenset({"nan", "n/a", "#n/a", "null", "<na>", "not found", "notfound", "proof", "no answer"})
_RIGHT = 100.0
"""Percent of the marks that an answer earns which is right (Moodle)."""
_IN_WORDS = re.compile(r"[^\d\\$]*[^\W\d_]{2,}[^\d\\$]*")
_LISTED = re.compile(r"\s*;\s+")
_BARS = re.compile(r"-?\d+(?:\.\d+)?(?:\s*\|\s*-?\d+(?:\.\d+)?)+")
_ACCEPTED = frozenset({"ideal", "aliases", "acceptable", "accepted", "alternatives"})


class FoundAnswer(NamedTuple):
    """A final answer and where it was read."""

    text: str
    """The answer."""
    source: str
    """`field`, `option`, `####`, `boxed`, `said`, `tag`, `last equation`; empty if there is none."""
    others: tuple[str, ...] = ()
    """Further answers that are as good."""
    unit: str = ""
    """The unit that stood beside it."""


NONE = FoundAnswer("", "")


def read_answer(value: Any, name: str, several: Any = None) -> FoundAnswer:
    """What an answer field holds; `several` is whether the row says that all of a list are wanted.

    A list of one is its element. More are one answer of several values, unless the field is called `answers` or the
    like: then each of them is accepted.
    """
    value = listed(unpacked(value))
    if isinstance(value, Mapping):
        return NONE
    if isinstance(value, list):
        texts = list(dict.fromkeys(text for item in value if (text := plain_text(item))))
        if len(texts) > 1 and several is not True and _accepts_any(name):
            return FoundAnswer(texts[0], "field", tuple(texts[1:]))
        if len(texts) > 1 and several is None and _step(name) == "answer" and all(map(_IN_WORDS.fullmatch, texts)):
            return NONE  # names that mean the same, as in Natural Questions, or parts of one answer
        return with_unit(", ".join(texts)) if texts else NONE
    text = plain_text(value)
    if not text:
        return NONE
    if _step(name) == "correctanswers" and len(texts := _LISTED.split(text)) > 1:
        return FoundAnswer(texts[0], "field", tuple(filter(None, texts[1:])))  # a list in a cell, as in TruthfulQA
    if is_worked(text):
        found = final_answer(text)
        if found.text and (found.source != "last equation" or _is_prose(text)):
            return found
        return NONE if _is_prose(text) else FoundAnswer(text, "field")
    return with_unit(text)


def _step(name: str) -> str:
    """The last step of a written path."""
    return plain(name.rpartition(".")[2])


def says_none(value: Any) -> bool:
    """Whether an answer says that there is none: `proof`, `notfound`, `N/A`, or the `None` that Python writes."""
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return isinstance(value, str) and (value == "None" or value.strip().lower() in _NO_ANSWER)


def is_worked(text: str) -> bool:
    """Whether an answer may be a worked solution: long, of several lines, or with a mark of the final answer."""
    return len(text) > LONG or "\n" in text or "####" in text or r"\boxed" in text


def is_bare(text: str) -> bool:
    """Whether a solution is nothing but the answer: short, and no sentence."""
    text = text.strip()
    return not is_worked(text) and not (text.endswith(".") and (" " in text or text[:-1].isalpha()))


def _is_prose(text: str) -> bool:
    """Whether a text explains: many words besides formulas, or several lines of them."""
    return len(_WORD.findall(_COMMAND.sub(" ", text))) > PROSE


def listed(value: Any) -> Any:
    """A list of objects with a text each as the list of the texts, or of those that are right; else as it is."""
    value = [value] if isinstance(value, Mapping) and "fraction" in value else value
    if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
        return value
    chosen = [item for item in value if any(item.get(name) is True for name in _CHOSEN)]
    value = chosen if len(chosen) == 1 else value
    if all("fraction" in item for item in value):
        value = [item for item in value if _percent(item["fraction"]) == _RIGHT]
    return [next((item[name] for name in _TEXTS if item.get(name) is not None), None) for item in value]


def _percent(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def plain_text(value: Any) -> str:
    """A value of an answer as text; true and false are answers too."""
    return str(value).lower() if isinstance(value, bool) else without_markup(text_of(value)).strip()


def _accepts_any(name: str) -> bool:
    steps = name.lower().split(".")
    several = any(step.endswith(("answers", "golds", "targets")) or step in _ACCEPTED for step in steps)
    return several and not plain(name).endswith("finalanswers")  # those of the parts of a question


def with_unit(text: str) -> FoundAnswer:
    """`9 (apples)` is nine, of apples; `4|3` are two values."""
    if _BARS.fullmatch(text):
        return FoundAnswer(", ".join(map(str.strip, text.split("|"))), "field")
    counted = _COUNTED.fullmatch(text)
    return FoundAnswer(counted[1], "field", unit=counted[2]) if counted else FoundAnswer(text, "field")


def final_answer(solution: str) -> FoundAnswer:
    """What a worked solution ends in: after `####`, in the last box, in a tag, after “the answer is” or the last `=`.

    Boxes that only a comma or “and” separates are one answer: `$\\boxed{1}$ and $\\boxed{2}$` is `1, 2`.
    """
    if "####" in solution:
        after = solution.rsplit("####", 1)[1].strip().split("\n", 1)[0].strip()
        return FoundAnswer(after, "####") if after else NONE
    if r"\boxed" in solution or r"\fbox" in solution:
        boxed = _boxed(solution)
        if boxed:
            return FoundAnswer(boxed, "boxed")
    if tagged := _tagged(solution):
        return FoundAnswer(tagged, "tag")
    said = [match[1] or match[2] for match in _SAID.finditer(solution)]
    if said:
        return FoundAnswer(said[-1].strip().strip("*").strip(), "said")
    last = _LAST_EQUATION.search(solution[-200:])
    return FoundAnswer(last[1].strip(), "last equation") if last else NONE


def _tagged(text: str) -> str:
    """What stands in the last `<answer>`."""
    lowered = text.lower()
    close = lowered.rfind("</answer>")
    begin = lowered.rfind("<answer>", 0, max(close, 0))
    return text[begin + len("<answer>") : close].strip() if begin >= 0 else ""


def _boxed(text: str) -> str:
    """The content of the last box and of those right before it."""
    found: list[str] = []
    stop = len(text)
    for match in reversed(list(_BOX.finditer(text))):
        content, end = _braced(text, match.end(), stop)
        if found and not _BETWEEN.fullmatch(text[end:stop]):
            break
        found.insert(0, content)
        stop = match.start()
    return ", ".join(filter(None, found))


def _braced(text: str, start: int, stop: int) -> tuple[str, int]:
    """(content of the brace that begins here, its end); `\\boxed 7` has none and means its first word."""
    while start < stop and text[start].isspace():
        start += 1
    if text[start : start + 1] != "{":
        words = text[start : min(stop, start + LONG)].split(None, 1)
        word = words[0].rstrip("$.,") if words else ""
        return word.strip("$"), start + len(word)
    depth = 0
    for place in range(start, stop):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place].strip(), place + 1
    return "", stop
