"""The boxes of a response, and the answer that the last of them hold."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from agentprop.answers.reading.surroundings import bound, denial, with_surroundings

_MAX_NESTED_BOXES = 8
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\b\s*(\{)?")
_BARE_BOX = re.compile(r"[+-]?\d[\d.,]*(?<![.,])|[A-Za-z](?![A-Za-z])")
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_JOINT = re.compile(r",|;|\b(?:and|or|und|oder|et|ou|y|o)\b")
_BESIDE = re.compile(r"[ \t$]{0,8}")
"""Two boxes right beside each other are two values."""
_JOINED = re.compile(
    r"(?:[\s,;$.&]|\\[()\[\],;!: ]|\\q?quad\b)*(?:\\text\s*\{)?\s*(?:and|or|und|oder|et|ou|y|o)?\s*\}?"
    r"(?:[\s,;$.]|\\[()\[\],;!: ]|\\q?quad\b)*"
    r"(?:\\?[a-zA-Z]\w?\s*=)?\s*"
)


def last_boxes(text: str, *, bounds: bool) -> tuple[str, int] | None:
    """The content of the last box and where it ends, with boxes joined to it by nothing but commas, `and`, `or`.

    `bounds` keeps the words that make a bound of it (`at least`), which no reference solution means by its box.
    """
    boxes = _boxes(text)
    if not boxes:
        return None
    while len(boxes) > 1 and denial(text, boxes[-1].start) is not None:
        boxes.pop()  # `\boxed{3}, not \boxed{4}`
    kept = [boxes[-1]]
    for earlier in reversed(boxes[:-1]):
        between = text[earlier.end : kept[0].start]
        if not _BESIDE.fullmatch(between) and (
            len(between) > 60 or not _JOINT.search(between) or not _JOINED.fullmatch(between)
        ):
            break
        if _BESIDE.fullmatch(between) and text[earlier.first : earlier.last] == text[kept[0].first : kept[0].last]:
            continue
        kept.insert(0, earlier)
    contents = (_unwrapped(text[box.first : box.last]) for box in kept)
    answer = ", ".join(
        with_surroundings(text, box.start, box.end, content) for box, content in zip(kept, contents, strict=True)
    )
    before, behind = bound(text, kept[0].start, kept[-1].end) if bounds else ("", "")
    return f"{before} {answer} {behind}".strip(" ") if before or behind else answer, kept[-1].end


class Box(NamedTuple):
    """Where a box stands, and where its content: `\\boxed{42}` from 0 to 10, content from 7 to 9."""

    start: int
    end: int
    first: int
    last: int


def _boxes(text: str) -> list[Box]:
    """Every outermost box with anything in it, or that is the whole text; one that never closes must be the last."""
    braced, bare = {}, []
    for match in _BOX.finditer(text):
        if match[1]:
            braced[match.end() - 1] = match.start()
        elif content := _BARE_BOX.match(text, match.end()):
            bare.append(Box(match.start(), content.end(), content.start(), content.end()))
    boxes: list[Box] = []
    stack: list[int] = []
    for brace in _BRACES.finditer(text, min(braced, default=len(text))):
        if brace[0] == "{":
            stack.append(brace.start())
        elif brace[0] == "}" and stack:
            start = stack.pop()
            if start in braced:
                while boxes and boxes[-1].start > braced[start]:
                    boxes.pop()
                boxes.append(Box(braced[start], brace.end(), start + 1, brace.start()))
    outside = [box for box in bare if not _inside(box.start, boxes)]
    unclosed = next((start for start in stack if start in braced), None)
    if unclosed is not None and not any(box.start > braced[unclosed] for box in boxes):
        outside.append(_cut_short(text, braced[unclosed], unclosed))
    found = sorted(boxes + outside)
    is_whole = len(found) == 1 and found[0].end - found[0].start == len(text.strip(" $."))
    return found if is_whole else [box for box in found if text[box.first : box.last].strip()]


def _inside(position: int, boxes: list[Box]) -> bool:
    number = bisect_right(boxes, position, key=lambda box: box.start) - 1
    return number >= 0 and position < boxes[number].end


def _cut_short(text: str, start: int, brace: int) -> Box:
    """A last box without its closing brace holds the rest of its line; with braces inside, which one lacks is open."""
    line = text[brace + 1 :].partition("\n")[0].rstrip().rstrip("$. ")
    if "{" in line or "}" in line:
        return Box(start, len(text), start, len(text))
    return Box(start, len(text), brace + 1, brace + 1 + len(line))


def _unwrapped(content: str) -> str:
    """A box within a box, a few levels deep."""
    for _ in range(_MAX_NESTED_BOXES):
        inner = content.strip()
        match = _BOX.match(inner)
        if match is None or not match[1] or not inner.endswith("}") or not _closes_at_end(inner, match.end() - 1):
            return content
        content = inner[match.end() : -1]
    return content


def _closes_at_end(text: str, opening: int) -> bool:
    depth = 0
    for brace in _BRACES.finditer(text, opening):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth == 0:
            return brace.end() == len(text)
    return False
