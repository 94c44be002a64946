"""A response to the text of its answer: what stands in the last box, between answer tags, or after `the answer is`.

What a policy forbids is no answer: text of a thinking part that never closed, and, where a box is asked for, anything
outside one. Control tokens of chat templates are dropped. The functions return plain text; `reader` reads it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal, NamedTuple

from agentprop.answers.reading.parser import is_unit

_MAX_RESPONSE = 4_000_000
"""Characters of a response that are looked at, from its end: answers stand last."""

_MAX_NESTED_BOXES = 8


@dataclass(frozen=True, slots=True)
class ExtractionPolicy:
    """What of a response counts as its answer."""

    box: Literal["optional", "required"] = "optional"
    """`required`: only a box holds an answer."""
    thinking: Literal["closed", "required"] = "closed"
    """`closed`: a thinking part that was opened must be closed; `required`: one must have been closed."""
    last_number: bool = False
    """Where nothing marks an answer, take the last number of the response."""


DEFAULT_POLICY = ExtractionPolicy()

_CONTROL = re.compile(
    r"<\|[^<>|\n]{1,60}\|>|<｜[^<>｜\n]{1,60}｜>|</?s>|</?(?:eos|bos|pad|(?:start|end)_of_turn)>|\[/?INST\]"
)
_THINKING = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\b\s*(\{)?")
_BARE_BOX = re.compile(r"[+-]?\d[\d.,]*(?<![.,])|[A-Za-z](?![A-Za-z])")
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_JOINED = re.compile(
    r"(?:[\s,;$.&]|\\[()\[\],;!: ]|\\q?quad\b)*(?:\\text\s*\{)?\s*(?:and|or)?\s*\}?"
    r"(?:[\s,;$.]|\\[()\[\],;!: ]|\\q?quad\b)*"
    r"(?:\\?[a-zA-Z]\w?\s*=)?\s*"
)
_AFTER_BOX = re.compile(
    r"(?:[$\s]|\\[),;!: ]){0,6}(?P<sign>\\?%|\\permil\w*|\^\s*\{?\s*\\(?:circ|degree)\s*\}?|\\degree\b|[°‰])"
    r"|(?:[$\s]|\\[),;!: ]){0,6}\\(?:text|textrm|mathrm|rm|mbox)\s*\{(?P<unit>[^{}]{1,40})\}"
    r"(?P<power>\s*\^\s*\{?-?\d\}?)?"
    r"|(?:[$\s]|\\[),;!: ]){1,6}(?P<word>[A-Za-z][A-Za-z/^0-9]{1,20})(?=[.,;]?\s*(?:$|\n))"
)
_LEAD = re.compile(
    r"(?<![a-zA-Z])(?:answers?|ans\b\.?)(?![a-zA-Z])(?:\s+to\s+(?:this|the)\s+(?:question|problem))?\s*(?:\*\*|__)?\s*"
    r"(?:(?:should|must|would|will|can)\s+be\b|is\b|are\b|:|=>?|->|→|⇒|\\to\b)(?:\*\*|__)?:?"
    r"|\banswer\s+(?=\(?[A-J]\)?\.?\s*$)|\bans\.\s+(?=[\d\\$(-])"
    r"|\b(?:result|solution)s?\s*(?:is\b|are\b|:|=)\s*:?|####"
    r"|^[^\w\n]{0,12}(?:the[ \t]+)?(?:final[ \t]+)?answer[^\w\n]{0,8}\n",
    re.IGNORECASE | re.MULTILINE,
)
_BEFORE_LEAD = re.compile(
    r"(?:[\s*#_>✅:,-]|\\text\s*\{|\b(?:so|thus|therefore|hence|the|my|our|final|correct|right|and|then)\b)*",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(
    r"\b(?:rs|approx|sq|cu|no|mr|st|vs|ca|a\.?m|p\.?m|e\.g|i\.e|min|max|pts?|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n[ \t]*\n")
_LAST_NUMBER = re.compile(r"[+-]?(?:\d[\d,]*)?\.?\d+(?:/\d+)?%?")


def final_answer(response: str, policy: ExtractionPolicy = DEFAULT_POLICY) -> str:
    """The last explicit answer of a response; the response itself where none is marked; empty where none may count."""
    text = _spoken(response[-_MAX_RESPONSE:], policy)
    found = _marked(text) if text else ""
    if found is not None:
        return found
    if policy.box == "required":
        return ""
    found = _announced(text)
    if found is None and policy.last_number:
        numbers = _LAST_NUMBER.findall(text)
        return numbers[-1] if numbers else ""
    return text.strip() if found is None else found


def gold_answer(text: str) -> str:
    """The answer that a right answer's text holds: as of a response, but never a fragment of a longer statement."""
    text = text[-_MAX_RESPONSE:]
    spoken = _spoken(text, DEFAULT_POLICY)
    marked = _marked(spoken)
    if marked is not None:
        return marked
    lead = _LEAD.search(spoken)
    if lead is None or not (lead[0] == "####" or _BEFORE_LEAD.fullmatch(spoken[: lead.start()])):
        return spoken.strip()
    found = _announced(spoken)
    rest = spoken[lead.end() :].strip().rstrip("*_ .")
    return found if found is not None and found.rstrip("*_ .") == rest else spoken.strip()


def _spoken(text: str, policy: ExtractionPolicy) -> str:
    """What is said aloud: after the last closed thought, without control tokens; nothing inside an open thought."""
    if "<" in text or "[" in text:
        text = _CONTROL.sub(" ", text)
    thoughts = list(_THINKING.finditer(text)) if "<" in text else []
    if not thoughts:
        return "" if policy.thinking == "required" else text
    if not thoughts[-1][1]:
        return ""
    return text[thoughts[-1].end() :]


def _marked(text: str) -> str | None:
    found = _boxed(text) if "box" in text else None
    return _tagged(text) if found is None and "<" in text else found


# -- boxes -----------------------------------------------------------------------------------------------------------


def _boxed(text: str) -> str | None:
    """The content of the last box, together with boxes joined to it by nothing but commas, `and`, `or`."""
    boxes = _boxes(text)
    if not boxes:
        return None
    kept = [boxes[-1]]
    for earlier in reversed(boxes[:-1]):
        between = text[earlier.end : kept[0].start]
        if len(between) > 60 or not re.search(r",|;|and|or", between) or not _JOINED.fullmatch(between):
            break
        kept.insert(0, earlier)
    return ", ".join(_with_neighbours(text, box) for box in kept)


class _Box(NamedTuple):
    """Where a box stands, and where its content: `\\boxed{42}` from 0 to 10, content from 7 to 9."""

    start: int
    end: int
    first: int
    last: int


def _boxes(text: str) -> list[_Box]:
    """Every outermost box, in one pass; one that never closes must be the last."""
    braced, bare = {}, []
    for match in _BOX.finditer(text):
        if match[1]:
            braced[match.end() - 1] = match.start()
        elif content := _BARE_BOX.match(text, match.end()):
            bare.append(_Box(match.start(), content.end(), content.start(), content.end()))
    boxes: list[_Box] = []
    stack: list[int] = []
    for brace in _BRACES.finditer(text, min(braced, default=len(text))):
        if brace[0] == "{":
            stack.append(brace.start())
        elif brace[0] == "}" and stack:
            start = stack.pop()
            if start in braced:
                while boxes and boxes[-1].start > braced[start]:
                    boxes.pop()
                boxes.append(_Box(braced[start], brace.end(), start + 1, brace.start()))
    outside = [box for box in bare if not _inside(box.start, boxes)]
    unclosed = next((start for start in stack if start in braced), None)
    if unclosed is not None and not any(box.start > braced[unclosed] for box in boxes):
        outside.append(_cut_short(text, braced[unclosed], unclosed))
    return sorted(boxes + outside)


def _inside(position: int, boxes: list[_Box]) -> bool:
    number = bisect_right(boxes, position, key=lambda box: box.start) - 1
    return number >= 0 and position < boxes[number].end


def _cut_short(text: str, start: int, brace: int) -> _Box:
    """A last box without its closing brace holds the rest of its line; with braces inside, which one lacks is open."""
    line = text[brace + 1 :].partition("\n")[0].rstrip().rstrip("$. ")
    if "{" in line or "}" in line:
        return _Box(start, len(text), start, len(text))
    return _Box(start, len(text), brace + 1, brace + 1 + len(line))


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


def _with_neighbours(text: str, box: _Box) -> str:
    """The content with the percent sign or unit that follows its box, and the sign or dollar in front of it."""
    start, end, content = box.start, box.end, _unwrapped(text[box.first : box.last])
    before = text[max(0, start - 8) : start].rstrip(" ")
    if re.search(r"(?:^|[$=(\[])\s*-$", before) and text[start - 1 : start] == "-":
        content = f"-{content}" if re.fullmatch(r"\s*[\w.\\{}/]+\s*", content) else f"-({content})"
    money = re.search(r"(?:\\\$|[€£¥₹])$", before)
    content = f"{money[0]}{content}" if money else content
    after = _AFTER_BOX.match(text, end)
    if after is None or not re.search(r"[\d}a-z)]\s*$", content):
        return content
    if after["sign"]:
        return content + after["sign"].replace("\\%", "%").replace("%", "\\%")
    unit = after["unit"] or after["word"]
    return f"{content} \\text{{{unit}}}{after['power'] or ''}" if is_unit(unit) else content


# -- tags and announcements ------------------------------------------------------------------------------------------


def _tagged(text: str) -> str | None:
    """Between the last pair of answer tags, found in one pass."""
    opened: int | None = None
    found: str | None = None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            opened = tag.end()
        elif opened is not None:
            found, opened = text[opened : tag.start()].strip(), None
    return found


def _announced(text: str) -> str | None:
    ends = [lead.end() for lead in _LEAD.finditer(text)]
    return _closed(_first_sentence(text[ends[-1] :])) or None if ends else None


def _closed(text: str) -> str:
    """Without the end of an emphasis that began before the text: `12**` of `**The answer is 12**`."""
    mark = text[-2:]
    return text[:-2].rstrip(" .") if mark in ("**", "__") and text.count(mark) == 1 else text


def _first_sentence(text: str) -> str:
    text = text.strip()
    text = text[1:].lstrip() if text.startswith("}") else text
    for end in _SENTENCE_END.finditer(text):
        before = text[max(0, end.start() - 8) : end.start()]
        if end[0] == "." and _ABBREVIATION.search(before):
            continue
        if end[0] == "!" and before[-1:].isalnum() and re.search(r"\d\s*$|\b[a-z]$", before):
            continue
        return text[: end.start()].strip()
    return text
