"""Dates and times of day in the usual spellings: `March 5th, 2021`, `2021-03-05`, `5 Mar`, `3:45 p.m.`, `noon`.

A date in digits whose day and month could be exchanged has two readings, and the caller gets both.
"""

from __future__ import annotations

import re

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Clock, Day, Node

_MONTHS = {
    spelling: number
    for number, name in enumerate(words(
        "january february march april may june july august september october november december"), 1)
    for spelling in (name, name[:3], *(("sept",) if name == "september" else ()))
}  # fmt: skip
_MONTHS |= {
    name: number
    for names in (
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    for number, name in enumerate(words(names), 1)
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|\.)?"
_MONTH_FIRST = re.compile(rf"{_WEEKDAY}({_MONTH})\.?\s+(?:the\s+)?{_DAY}(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(?:(?:the|le|el|am|den|der)\s+)?{_DAY}\s+(?:(?:of|de)\s+)?({_MONTH})\.?(?:(?:,|\s+del?)?\s+(\d{{4}}))?",
    re.IGNORECASE,
)
_MONTH_ONLY = re.compile(rf"({_MONTH})\.?,?\s+(?:(?:of|de)\s+)?(\d{{4}})", re.IGNORECASE)
_MONTH_IN_DIGITS = re.compile(
    r"(?P<year>[12]\d{3})[-/](?P<month>0[1-9]|1[0-2])|(?P<first>0?[1-9]|1[0-2])/(?P<last>[12]\d{3})"
)
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(?:(\d{1,2})日)?")
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_HALF = r"(?:\s*([ap])\.?\s?m\b\.?|\s*(noon|midnight|in the (?:morning|afternoon|evening)|at night))"
_CLOCK = re.compile(
    rf"([01]?\d|2[0-4])(?::|\.(?=\d\d\s*[ap]\.?\s?m\b))([0-5]\d)(?::([0-5]\d))?(?:{_HALF})?", re.IGNORECASE
)
_HOUR = re.compile(rf"(\d{{1,2}})(?:\s*o'?clock)?{_HALF}", re.IGNORECASE)
_OCLOCK = re.compile(r"(\d{1,2})\s*o'?clock", re.IGNORECASE)
_DAYS_IN = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LETTERS = re.compile(r"\\(?:text|mathrm)?|[{}~]")


def moments(text: str) -> list[Node]:
    """The dates or the time that the whole text may be; none where it is something else."""
    if len(text) > 60 or not any(char.isdigit() for char in text):
        plain = text.casefold()
        if (past := _past(plain)) is not None:
            return [past]
        return [Clock(43_200 if plain.endswith("noon") else 0, True)] if plain in _NAMED else []
    plain = " ".join(_LETTERS.sub(" ", text).split())
    clock = _clock(plain)
    return [clock] if clock is not None else _days(plain)


_NUMERALS = {name: number for number, name in enumerate(words(
    "one two three four five six seven eight nine ten eleven twelve"), 1)}  # fmt: skip
_PAST = re.compile(rf"(half|(?:a )?quarter) (past|to) (\d{{1,2}}|{'|'.join(_NUMERALS)})(?:{_HALF})?", re.IGNORECASE)


def _past(text: str) -> Clock | None:
    """`half past three`, `quarter to 6 p.m.`."""
    match = _PAST.fullmatch(text)
    if match is None or (match[1].casefold() == "half" and match[2].casefold() == "to"):
        return None
    hour = _NUMERALS.get(match[3].casefold()) or int(match[3])
    minutes = 30 if match[1].casefold() == "half" else 15
    if match[2].casefold() == "to":
        hour, minutes = (hour + 10) % 12 + 1, 60 - minutes
    return _at(hour, minutes * 60, match[4] or match[5]) if 1 <= hour <= 12 else None


_NAMED = frozenset(("noon", "midnight", "12 noon", "12 midnight"))


def _days(text: str) -> list[Node]:
    if match := _MONTH_FIRST.fullmatch(text):
        return _valid((match[3], _MONTHS[match[1].lower()], match[2]))
    if match := _DAY_FIRST.fullmatch(text):
        return _valid((match[3], _MONTHS[match[2].lower()], match[1]))
    if match := _ISO.fullmatch(text):
        return _valid((match[1], match[3], match[4]))
    if match := _NUMERIC.fullmatch(text):
        return _valid((match[4], match[1], match[3]), (match[4], match[3], match[1]))
    if match := _MONTH_ONLY.fullmatch(text):
        return [Day(int(match[2]), _MONTHS[match[1].lower()], None)]
    if match := _MONTH_IN_DIGITS.fullmatch(text):
        return [Day(int(match["year"] or match["last"]), int(match["month"] or match["first"]), None)]
    if match := _CHINESE.fullmatch(text):
        return _valid((match[1], match[2], match[3])) if match[3] else [Day(int(match[1]), int(match[2]), None)]
    return []


def _valid(*dates: tuple[str | None, str | int, str]) -> list[Node]:
    found: list[Node] = []
    for year, month, day in dates:
        node = Day(int(year) if year else None, int(month), int(day))
        if 1 <= node.month <= 12 and 1 <= int(day) <= _DAYS_IN[node.month - 1] and node not in found:
            found.append(node)
    return found


def _clock(text: str) -> Clock | None:
    if text.casefold() in _NAMED:
        return Clock(43_200 if text.casefold().endswith("noon") else 0, True)
    if match := _CLOCK.fullmatch(text):
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        return _at(hour, minute * 60 + second, match[4] or match[5])
    if match := _HOUR.fullmatch(text):
        return _at(int(match[1]), 0, match[2] or match[3]) if int(match[1]) <= 12 else None
    if (past := _past(text)) is not None:
        return past
    if match := _OCLOCK.fullmatch(text):
        return _at(int(match[1]), 0, None) if int(match[1]) <= 12 else None
    return None


def _at(hour: int, rest: int, half: str | None) -> Clock | None:
    """Twelve comes before one: 12:30 a.m. is half past midnight."""
    if half is None:
        return Clock(hour % 24 * 3600 + rest, hour > 12 or hour == 0)
    word = half.casefold()
    if word in ("noon", "midnight"):
        return Clock(43_200 if word == "noon" else 0, True) if hour == 12 and rest == 0 else None
    if hour > 12 or hour == 0:
        return None if word in ("a", "p") else Clock(hour % 24 * 3600 + rest, True)
    afternoon = word in ("p", "in the afternoon", "in the evening") or (word == "at night" and hour != 12)
    return Clock((hour % 12 + 12 * afternoon) * 3600 + rest, True)
