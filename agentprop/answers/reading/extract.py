"""A response or answer in any of the usual wrappings to the trees it may be read as.

`final_answer` finds the answer inside a response (boxes, tags, "the answer is", markdown, maths delimiters); `read`
turns that text into one tree per defensible reading, the most usual first. Nothing in the text is evaluated.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentprop.answers.reading.nodes import (
    MAX_DEPTH,
    Node,
    Number,
    Operation,
    Quantity,
    Truth,
    UnreadableAnswer,
    Words,
    depth_of,
    is_closed,
    walk,
)
from agentprop.answers.reading.parser import Parser
from agentprop.answers.reading.tokens import MAX_CHARS, to_ascii_mathematics, tokenize
from agentprop.answers.reading.words import as_truth, as_value, is_noun, is_prose, noun_unit

_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\s*\{")
_LEAD = re.compile(
    r"(?:\b(?:(?:the|my|our)\s+)?(?:final\s+|correct\s+)?(?:answer|result|solution)\s*(?:is|are|:|=)\s*:?|####)\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:\b(?:is|are|equals|equal to|be|gives|get|obtain|exactly|approximately|about)\b:?|=)\s*", re.IGNORECASE
)
_JOINED = re.compile(r"[\s,;$.]*(?:and|or)?[\s,;$.]*(?:\\?[a-zA-Z]\w?\s*=)?\s*")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|\n\s*\n")
_LONG_SPACE = re.compile(r"\s{9,}")
"""Shortened first, so that no later pattern can spend time on runs of spaces."""

_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_OPENING = re.compile(
    r"(?:therefore|thus|hence|so|then|finally|and|we (?:get|have|find|obtain|conclude(?: that)?)|it follows that"
    r"|that is)\b[,:\s]*",
    re.IGNORECASE,
)
_SCALED = re.compile(r"(?<=\d)\s*(thousand|million|billion|trillion)\b", re.IGNORECASE)
_POWERS_OF_TEN = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_MAX_RESPONSE = 4_000_000
"""Characters of a response that are looked at, from its end: answers stand last."""


def final_answer(response: str) -> str:
    """The last explicit answer of a response; the response itself where none is marked."""
    text = response[-_MAX_RESPONSE:]
    thoughts = [match.end() for match in _THOUGHT_ENDS.finditer(text)]
    text = text[thoughts[-1] :] if thoughts else text
    for find in (_boxed, _tagged, _announced):
        found = find(text)
        if found is not None:
            return found
    return text.strip()


def _boxed(text: str) -> str | None:
    """The content of the last box, together with boxes joined to it by nothing but commas and `and`."""
    if "box" not in text:
        return None
    boxes = _boxes(text)
    if not boxes:
        return None
    kept = [boxes[-1]]
    for earlier in reversed(boxes[:-1]):
        between = text[earlier[1] : kept[0][0]]
        if len(between) > 40 or not re.search(r",|;|and|or", between) or not _JOINED.fullmatch(between):
            break
        kept.insert(0, earlier)
    return ", ".join(content for _, _, content in kept)


def _boxes(text: str) -> list[tuple[int, int, str]]:
    """Start, end and content of every closed outermost box, in one pass."""
    opening = {match.end() - 1: match.start() for match in _BOX.finditer(text)}
    stack: list[int] = []
    boxes: list[tuple[int, int, str]] = []
    for brace in _BRACES.finditer(text, min(opening, default=len(text))):
        if brace[0] == "{":
            stack.append(brace.start())
        elif brace[0] == "}" and stack:
            start = stack.pop()
            if start in opening:
                while boxes and boxes[-1][0] > opening[start]:
                    boxes.pop()
                boxes.append((opening[start], brace.end(), text[start + 1 : brace.start()]))
    return boxes


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
    leads = [match.end() for match in _LEAD.finditer(text)]
    return _first_sentence(text[leads[-1] :]) or None if leads else None


def _first_sentence(text: str) -> str:
    text = text.strip()
    end = _SENTENCE_END.search(text)
    return text[: end.start()].strip() if end else text


_FONT = re.compile(
    r"\\(?:text|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mathsf|mathtt|operatorname|mbox|hbox|rm|bf|emph|"
    r"texttt|boldsymbol|bm|ensuremath|displaystyle)\s*\*?\s*\{([^{}]*)\}"
)
_DELIMITERS = re.compile(r"\\[()\[\]]|\$\$?(?![\d.])|(?<=\S)\$")
_LEADING_SIGN = re.compile(r"^\$?\s*(?:=|\\approx|\\sim|~)\s*")
_SEGMENT = re.compile(r"\\overline\{([A-Z]{2})\}")
_CLOCK = re.compile(r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?(?:\s*[ap]\.?\s?m\.?)?", re.IGNORECASE)
_INVERSE = re.compile(r"\b([a-zA-Z])\^\{-1\}(?=\([a-z]\)\s*=)")
_QUANTIFIER = re.compile(
    r"(?<=\S)\s*,?\s*(?:where|for|with|and)?\s*\b[a-z]\s*\\in\s*(?:\\mathbb\s*\{?[ZN]\}?|[ZN])\s*\$?\s*$"
)
_ALIGN = re.compile(r"\\(?:begin|end)\{(?:align\*?|equation\*?|aligned|gathered)\}")
_TIMES_TEN = re.compile(r"(?<=[\d.])\s*[xX]\s*(?=10\s*(?:\^|\*\*))")
_DECIMAL_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)")
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])")
_SPACED_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:\\[,!; ]|\\ | |,\\!|\\,\\!)\d{3})+(?![\d])")
_BRACKETED = re.compile(r"[\[({]")


def clean(text: str) -> str:
    """One answer without its typography: maths delimiters, fonts, emphasis, final full stop."""
    text = _LONG_SPACE.sub(" " * 8, to_ascii_mathematics(text.strip()))
    text = _SEGMENT.sub(r"\1", _LEADING_SIGN.sub("", text))
    text = _QUANTIFIER.sub("", _INVERSE.sub(r"\1_{inverse}", text))
    text = _ALIGN.sub(" ", text).replace("\\$", "\\USD ").replace("\\!", "")
    text = _unfont(text)
    if "$" in text:
        text = _without_dollars(text)
    if "\\(" in text or "\\[" in text:
        text = re.sub(r"\\[()\[\]]", " ", text)
    text = text.replace("\\USD", "$").strip().strip("*`").strip().replace("**", "^")
    while text[-1:] in (".", ",", ";", "。") and not text.endswith("..."):
        text = text[:-1].rstrip()
    text = _SCALED.sub(lambda m: f"\\cdot 10^{{{_POWERS_OF_TEN[m[1].lower()]}}}", text)
    return _TIMES_TEN.sub(" \\\\times ", text)


def _unfont(text: str) -> str:
    for _ in range(4):
        text, count = _FONT.subn(r" \1 ", text)
        if not count:
            break
    return text


def _without_dollars(text: str) -> str:
    """Paired dollars delimit maths, a lone one is money."""
    text = text.replace("$$", " $ ") if text.count("$$") % 2 == 0 else text
    if text.count("$") % 2 == 0:
        return text.replace("$", " ")
    return text


@lru_cache(maxsize=4096)
def read(answer: str) -> tuple[Node, ...]:
    """Every defensible reading of an answer, without duplicates, the usual one first; words where nothing else fits."""
    if len(answer) > MAX_CHARS:
        raise UnreadableAnswer(f"longer than {MAX_CHARS:,} characters")
    text = clean(answer)
    truth = as_truth(text)
    if truth is not None:
        return (Truth(truth),)
    readings: list[Node] = []
    for spelling in _spellings(text):
        nodes = _parsed(spelling, units=True)
        if not nodes or any(isinstance(part, Quantity) for node in nodes for part in walk(node)):
            nodes += _parsed(spelling, units=False)
        readings.extend(node for node in nodes if node not in readings)
    value = as_value(text)
    if value is not None:
        readings.append(value)
    if not readings:
        readings.extend(_counted(text) or _tail(text))
    words = Words(text)
    if not readings or is_prose(text) or _CLOCK.fullmatch(text):
        readings = [words, *(node for node in readings if node != words)]
    return tuple(readings)


def _parsed(text: str, *, units: bool) -> list[Node]:
    """The reading from left to right, and the one where `1/2x` is 1/(2x) if that differs."""
    found: list[Node] = []
    try:
        for tight in (False, True):
            parser = Parser(tokenize(text), units=units, tight=tight)
            node = parser.answer()
            if depth_of(node) <= MAX_DEPTH:
                found.append(node)
            if not parser.ambiguous:
                break
    except (UnreadableAnswer, RecursionError):
        pass
    return found


def _counted(text: str) -> list[Node]:
    """`12 apples` and `five apples`: a closed number and what it counts, which acts as its unit."""
    pieces = text.split() if len(text) < 200 else []
    for cut in range(len(pieces) - 1, max(0, len(pieces) - 5), -1):
        noun = " ".join(pieces[cut:])
        if not is_noun(noun):
            return []
        head = " ".join(pieces[:cut])
        value = as_value(head) or next(iter(_parsed(head, units=False)), None)
        if isinstance(value, Number | Operation) and is_closed(value):
            unit = noun_unit(noun)
            return [value if unit is None else Quantity(value, unit, True)]
    return []


def _tail(text: str) -> list[Node]:
    """`The area is 5` where the sentence as a whole is no expression."""
    text = text[-2000:]
    while (opening := _OPENING.match(text)) is not None:
        text = text[opening.end() :]
    cuts = [match.end() for match in _TAIL.finditer(text)]
    nodes = _parsed(text[cuts[-1] :].strip() if cuts else text, units=True)
    return [node for node in nodes if not isinstance(node, Words)]


def _spellings(text: str) -> list[str]:
    """The text with digit groups joined, and as it stands where a comma may separate values instead."""
    plain = _DECIMAL_COMMA.sub(_decimal_or_group, text) if "{,}" in text else text
    plain = (
        _SPACED_THOUSANDS.sub(lambda m: re.sub(r"[^\d]", "", m[0]), plain) if " " in plain or "\\" in plain else plain
    )
    if not _THOUSANDS.search(plain):
        return [plain]
    joined = _THOUSANDS.sub(lambda m: m[1].replace(",", ""), plain)
    if not _BRACKETED.search(plain) or ",0" in plain or re.search(r",\s", plain):
        return [joined] if ",0" in plain and not re.search(r",0(?!\d\d)", plain) else [joined, plain]
    return [plain, joined]


def _decimal_or_group(match: re.Match[str]) -> str:
    following = match.string[match.end() : match.end() + 4]
    return "" if re.match(r"\d{3}(?!\d)", following) else "."
