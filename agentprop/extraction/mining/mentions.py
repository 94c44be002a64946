"""A question to the numbers it mentions, each with a reason to vary or to stay as it is.

`1 apple`, `3:30`, `May 5`, `the 3rd`, `2/3`, `$1.25`, `the two brothers` stay: changing them would need more grammar
than numbers, or would contradict what else the text says. What is left are plain counts, amounts and percentages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from agentprop.extraction.mining.cues import WORDS, parts_of
from agentprop.extraction.mining.expression import number

Form = Literal["count", "percent", "money", "fixed", "fraction", "label"]
"""`fixed` numbers may be used by the solution; `label` ones (dates, ordinals, names) need not be."""


@dataclass(frozen=True)
class Mention:
    """A number in the text of a question."""

    start: int
    """First character of the number itself."""
    end: int
    """One past its last character."""
    value: Fraction
    """Its value; 20 for `20%`."""
    form: Form
    """What it is and whether it may vary."""
    cents: bool = False
    """Whether it counts cents, so that a solution may use a hundredth of it."""
    parts: frozenset[Fraction] = frozenset()
    """For fractions: the numbers it may bring into a calculation."""


_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_WORDS = "|".join(sorted(WORDS, key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<clock>\b\d{{1,2}}:\d\d\b|\b\d{{1,2}} ?(?:[ap]\.?m\b|o'clock))"
    rf"|(?P<ratio>\b\d+ ?: ?\d+(?: ?: ?\d+)*\b)"
    rf"|(?P<mixed>\b\d+(?: and |[ -])\d+ ?/ ?\d+(?!\d| of\b))"
    rf"|(?P<fraction>\b\d+ ?/ ?\d+|\\[dt]?frac(?:\{{\d+\}}\{{\d+\}}|\d\{{\d+\}}|\d\d))"
    rf"|(?P<ordinal>\b\d+(?:st|nd|rd|th)\b)"
    rf"|(?P<digits>(?:(?<![\w.])|(?<=\bRs\.)|(?<=\brs\.))(?:{_DIGITS})(?![\d]))"
    rf"|(?P<word>\b(?:(?:{_TENS})-(?:{'|'.join(list(WORDS)[1:10])})|{_WORDS})\b)",
    re.IGNORECASE,
)
_MONTH = re.compile(r"\b(?:Jan\w*|Feb\w*|Mar(?:ch)?|Apr\w*|May|June?|July?|Aug\w*|Sep\w*|Oct\w*|Nov\w*|Dec\w*)\.? $")
_NAMED = re.compile(
    r"(?:\b(?:grade|room|level|number|no\.?|page|chapter|day|week|month|year|phase|step|round|bus|route|class|type|size|"
    r"unit|lesson|floor|apartment|highway|route|channel|question|problem|exercise|team|group|player|box|bag|jar|store|"
    r"in|since|until|from|by) |#|v)$",
    re.IGNORECASE,
)
_DEMONSTRATIVE = re.compile(
    r"\b(?:the|these|those|his|her|their|its|my|our|your|all|other|remaining|last|of|next|same|another|only) "
    r"(?:\w+ )?$",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"^(?: (?:\w+ )?|-)(?:people|persons?|friends?|brothers?|sisters?|siblings?|children|kids|sons?|daughters?|"
    r"cousins?|roommates?|nephews?|nieces?|grand\w+|co-?workers?|teammates?|boys?|girls?|men|women|adults?|parents?|players?|"
    r"neighbou?rs?|members?|guests?|dogs?|cats?|pets?)\b",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"^(?: ?-? ?(?:\w+ )?)(?:legs?|wheels?|wheelers?|sides?|sided|eyes|ears|wings|fingers|toes|tires|teeth|"
    r"days (?:in|a) (?:a |the )?week|point(?:er)?s? (?:shots?|baskets?|field)|"
    r"hours in|minutes in|seconds in|months in|weeks in|inches in|ounces in|feet in|cards in|cents in|-?way|times)\b",
    re.IGNORECASE,
)
_DENOMINATION = re.compile(r"^-?(?: dollar)? (?:bills?|coins?|notes?)\b", re.IGNORECASE)
_LARGE_WORD = 4
"""Spelled numbers up to four often count persons who are also named; they stay."""


def mentions(question: str) -> list[Mention]:
    """All numbers of a question in reading order."""
    return [_mention(match, question) for match in _NUMBER.finditer(question)]


def _mention(match: re.Match[str], question: str) -> Mention:
    kind, text = str(match.lastgroup), match.group()
    start, end = match.span()
    if kind in ("clock", "ordinal"):
        return Mention(start, end, Fraction(re.match(r"\d+", text).group()), "label")  # type: ignore[union-attr]
    if kind in ("ratio", "mixed", "fraction"):
        digits = re.sub(r"frac(\d)(\d)", r"\1 \2", text)
        return _composite(kind, [int(part) for part in re.findall(r"\d+", digits)], start, end)
    value = number(text) if kind == "digits" else _spelled(text.lower())
    return _plain(value, kind, start, end, question)


def _spelled(text: str) -> Fraction:
    return Fraction(sum(WORDS[part] for part in text.split("-")))


def _composite(kind: str, numbers: list[int], start: int, end: int) -> Mention:
    if kind == "ratio":
        total = Fraction(sum(numbers))
        parts = {Fraction(n) for n in numbers} | {total} | {n / total for n in numbers if total}
        return Mention(start, end, total, "fraction", parts=frozenset(parts))
    *whole, top, bottom = numbers
    if bottom == 0:
        return Mention(start, end, Fraction(0), "label")
    base = Fraction(sum(whole))
    parts = parts_of(top, bottom) | {base + Fraction(top, bottom), base, base * bottom + top}
    return Mention(start, end, base + Fraction(top, bottom), "fraction", parts=frozenset(parts))


def _plain(value: Fraction, kind: str, start: int, end: int, question: str) -> Mention:
    before, after = question[max(0, start - 24) : start], question[end : end + 40]
    if re.match(r"\s*(?:%|percent\b|\\%)", after):
        return Mention(start, end, value, "percent" if _varies(value, kind) else "fixed")
    cents = bool(re.match(r" ?(?:cents?\b|¢)", after))
    if _is_label(value, kind, before, after):
        return Mention(start, end, value, "label")
    if not _varies(value, kind) or _is_fixed(value, kind, before, after):
        return Mention(start, end, value, "fixed", cents=cents)
    return Mention(start, end, value, "money" if re.search(r"(?:\$ ?|\b[Rr]s\.? ?)$", before) else "count", cents=cents)


def _varies(value: Fraction, kind: str) -> bool:
    """One changes grammar, decimals change currency, and large words do not fit a sentence as digits."""
    if value.denominator != 1 or value < 2:
        return False
    return kind == "digits" or value > _LARGE_WORD


def _is_label(value: Fraction, kind: str, before: str, after: str) -> bool:
    if kind == "word" and (value == 1 or re.match(r"[- ](?:hundred|thousand|million)", after)):
        return value == 1
    if _MONTH.search(before):
        return True
    if kind == "digits" and 1500 <= value <= 2100 and re.search(r"\b(?:in|since|of|year|by|until) $", before):
        return not re.match(r" [a-z]", after) or bool(re.match(r" (?:and|when|until|to|he|she|they|it)\b", after))
    return kind == "digits" and bool(_NAMED.search(before)) and not re.match(r"[ -][a-z]|\s*[%,]? ?[a-z]", after)


_NO_ROOM_BEFORE = re.compile(
    r"\b(?:an|An) \$?$|-$|[*/^=<>+\\_({]$|\b(?:hundred|thousand|million|and a|once|every|at least|at most|about) \$?$|"
    r"\b(?:other|remaining|rest|last|first|next|final|another|all|these|those|both|same|the) $"
)
_NO_ROOM_AFTER = re.compile(
    r"\s*[*/^=<>+\\_)}']|[a-zA-Z]|\.\d|-?(?:foot|feet) \d|"
    r"[- ](?:hundred|thousand|million|billion|dozen|score|half|and a half|percent)\b"
)


def _is_fixed(value: Fraction, kind: str, before: str, after: str) -> bool:
    if _NO_ROOM_BEFORE.search(before) or _NO_ROOM_AFTER.match(after):
        return True
    if _KNOWN.match(after) or _DENOMINATION.match(after):
        return True
    if value <= 6 and _PEOPLE.match(after):
        return True
    return value <= 12 and kind == "word" and bool(_DEMONSTRATIVE.search(before))
