"""The label in front of an answer, and an answer in labelled parts: `(B) 42`, `B. 42`, `(a) 3; (b) 5`.

A label needs a space and a content after it, and a content starts no operation: `(x)^2` and `(a)(b+c)` are products.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_LABEL = re.compile(
    r"(?:(?:option|choice|answer|part)\s*:?\s*)?"
    r"(?:\(\s*(?P<round>[A-Za-z]|[ivx]{1,4}|\d)\s*\):?|\[\s*(?P<square>[A-Z])\s*\]"
    r"|(?P<bare>[A-Za-z]|[ivx]{2,4})\s*[).:](?![=\d]))"
    r"(?:\s|\\[ ,;:]|\\quad)+(?P<content>\S.*)",
    re.DOTALL | re.IGNORECASE,
)
_LONE = re.compile(
    r"(?:(?:(?:my|the|our|final|best|correct)\s+){0,2}(?:option|choice|answer|part)\s*:?\s*)?(?:\(\s*([A-Za-z])\s*\)|\[\s*([A-Z])\s*\]|([A-Za-z])\s*[).:]?)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?:^|(?<=[\s,;.&]))(?:part\s+)?(?:\(\s*([a-z]|[ivx]{1,4}|\d)\s*\)|([a-z]|[ivx]{2,4}|\d(?=\)))\s*[):](?![=\d]))"
    r"(?=\s|\\[ ,;:]|\\quad)",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"([^()]{0,40}\d(?:\s?\\?%)?)\s+\(([A-J])\)")
"""A number with its option behind it, `18 (C)`."""
_OPERATES = re.compile(r"[-+*/^_!=<>)|&]?(?:->|[*/^_!=<>&])|\\(?:to|cdot|times|cup|cap|le|ge|in)\b|[|)\]]")
"""How no content of a label begins."""

_BETWEEN = re.compile(r"[\s,;.&]*(?:and)?[\s,;.&]*$")


class Label(NamedTuple):
    """A label as written in lower case, whether it stood in capitals, and what follows it."""

    name: str
    capital: bool
    content: str


def split_label(text: str) -> Label | None:
    """`(B) 42`, or `42 (B)`, to its label and its content; None where no label is written."""
    match = _LABEL.fullmatch(text)
    if match is None and (behind := _BEHIND.fullmatch(text)) is not None:
        return Label(behind[2].casefold(), True, behind[1])
    if match is None or _OPERATES.match(match["content"]):
        return None
    name = match["round"] or match["square"] or match["bare"]
    return Label(name.casefold(), name.isupper(), match["content"].strip())


def lone_label(text: str) -> Label | None:
    """`(B)`, `B.`, `Option B`: a letter and nothing else."""
    match = _LONE.fullmatch(text.strip())
    if match is None:
        return None
    name = next(group for group in match.groups() if group)
    return Label(name.casefold(), name.isupper(), "")


def is_marked(text: str) -> bool:
    """The lone letter is written as a label, not as a variable might be."""
    return len(text.strip()) > 1


def split_parts(text: str) -> list[Label]:
    """`(a) 3; (b) 5` to its parts, two at least, their labels in order from the first; none where it is one answer."""
    marks = list(_PART.finditer(text))
    if len(marks) < 2 or marks[0].start() != 0 or len(marks) > 26:
        return []
    names = [(mark[1] or mark[2]).casefold() for mark in marks]
    if not _in_order(names):
        return []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts = []
    for name, mark, end in zip(names, marks, ends, strict=True):
        content = _BETWEEN.sub("", text[mark.end() : end]).strip()
        if not content or _OPERATES.match(content):
            return []
        parts.append(Label(name, False, content))
    return parts


def _in_order(names: list[str]) -> bool:
    """Letters, digits or roman numbers without a gap, in any order."""
    found = set(names)
    series = ([chr(ord("a") + k) for k in range(26)], [str(k) for k in range(1, 10)], list(_ROMAN))
    return len(found) == len(names) and any(found == set(letters[: len(names)]) for letters in series)
