"""Which numbers of a question stay because the text would go on saying their old value, or something that rests on it.

    James gets 3 tickets … the third cost 1/3 as much  →  3 stays
    She saved for 6 weeks. In the seventh week …       →  6 stays
    45 % are boys and 55 % are girls                   →  both stay

Each of them may be right on its own; together with what stays they would contradict each other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from agentprop.extraction.mining.cues import WORDS, fractions_told
from agentprop.extraction.mining.mentions import Mention

_ORDINALS = {
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_ORDINAL = re.compile(rf"\b(?:(?P<digits>\d+)(?:st|nd|rd|th)|(?P<word>{'|'.join(_ORDINALS)}))\b", re.IGNORECASE)
_MULTIPLES = (
    (re.compile(r"\b(?:twice|doubl\w*|half|halves|halved|both|pairs?|couple)\b", re.IGNORECASE), 2),
    (re.compile(r"\b(?:thrice|tripl\w*)\b", re.IGNORECASE), 3),
    (re.compile(r"\b(?:quadrupl\w*)\b", re.IGNORECASE), 4),
    (re.compile(r"\bdozens?\b", re.IGNORECASE), 12),
)
_SPELLED = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
_CALENDAR = (
    (r"^[ -]days?\b", r"\bweek", {7}),
    (r"^[ -]days?\b", r"\bmonth|\bJan|\bFeb|\bMarch|\bApril|\bMay|\bJune|\bJuly|\bAug|\bSept|\bOct|\bNov|\bDec",
     {28, 29, 30, 31}),
    (r"^[ -]days?\b", r"\byear|\bannual", {360, 365, 366}),
    (r"^[ -]weeks?\b", r"\byear|\bannual", {52}),
    (r"^[ -]weeks?\b", r"\bmonth", {4}),
    (r"^[ -]months?\b", r"\byear|\bannual", {12}),
    (r"^[ -]hours?\b", r"\bday|\bdaily", {24}),
    (r"^[ -]minutes?\b", r"\bhour", {60}),
    (r"^[ -]seconds?\b", r"\bminute", {60}),
    (r"^[ -]inch", r"\bfoot\b|\bfeet\b", {12}),
    (r"^[ -]feet\b", r"\byard", {3}),
    (r"^[ -](?:ounces?|oz)\b", r"\bpound|\blbs?\b", {16}),
    (r"^[ -]degrees\b", r"", {90, 180, 360}),
)  # fmt: skip
"""A unit behind a number, a larger unit in the text, and how many of the one make the other."""


def remaining(
    question: str, numbers: Sequence[Mention], varying: Sequence[int], ties: Mapping[int, int]
) -> frozenset[int]:
    """Those of the varying numbers that have to stay."""
    moving = {place for place in range(len(numbers)) if ties.get(place, place) in varying}
    told = set(_told_elsewhere(question, numbers, moving))
    found = {index for index in varying if numbers[index].value in told}
    found |= {index for index in varying if _is_convention(question, numbers[index])}
    return frozenset(found | _shares_of_one_whole(numbers, varying))


_OWNED = re.compile(r"\b(?:had|has|have|made|baked|there (?:were|are)) \$?$", re.IGNORECASE)
_GONE = re.compile(r"\b(?:lost|gave|ate|threw away|gave away|sold|spent|bought [^.,\d]+ for) \$?$", re.IGNORECASE)
_GAINED = re.compile(r"\b(?:found|bought|got|received|earned|made|more|now|another|again|cost)\b", re.IGNORECASE)


def overspent(question: str, numbers: Sequence[Mention]) -> Fraction | None:
    """What is given away although less of it was there, as in `Ida had 4 figs. She ate 9 figs`; None if nothing is."""
    owned = [mention for mention in numbers if _OWNED.search(question[: mention.start])]
    gone = [mention for mention in numbers if _GONE.search(question[: mention.start])]
    for had in owned:
        for spent in gone:
            between = question[had.end : spent.start]
            alike = _thing(question, had) == _thing(question, spent) != ""
            if had.end < spent.start and alike and spent.value > had.value and not _GAINED.search(between):
                return spent.value
    return None


_PHRASE = re.compile(r"(?: (?!(?:and|in|of|from|to|on|at|for|with|while)\b)[a-z-]+)*")


def _thing(question: str, mention: Mention) -> str:
    """What a number counts: the words behind it up to the end of their phrase, in the singular; or money."""
    if question[: mention.start].endswith("$"):
        return "$"
    found = _PHRASE.match(question, mention.end)
    return found.group().strip().rstrip("s") if found else ""


def _told_elsewhere(question: str, numbers: Sequence[Mention], moving: Collection[int]) -> Iterator[Fraction]:
    """Every value that the text would still hold if the moving numbers were taken out of it."""
    for index, mention in enumerate(numbers):
        if index not in moving:
            yield mention.value
            yield from mention.parts
    text = _without(question, [numbers[index] for index in moving])
    yield from fractions_told(text)
    for found in _SPELLED.finditer(text):
        yield Fraction(WORDS[found.group().lower()])
    for pattern, multiple in _MULTIPLES:
        if pattern.search(text):
            yield Fraction(multiple)
    for found in _ORDINAL.finditer(text):
        place = int(found["digits"]) if found["digits"] else _ORDINALS[found["word"].lower()]
        yield from (Fraction(place - 1), Fraction(place))


def _without(question: str, places: Sequence[Mention]) -> str:
    for mention in places:
        blank = " " * (mention.end - mention.start)
        question = question[: mention.start] + blank + question[mention.end :]
    return question


def _is_convention(question: str, mention: Mention) -> bool:
    """Whether a number only says how many of its unit make a larger one: `an entire year, 52 weeks`."""
    behind = question[mention.end : mention.end + 12]
    return any(
        mention.value in values and re.match(unit, behind, re.IGNORECASE) and re.search(larger, question, re.IGNORECASE)
        for unit, larger, values in _CALENDAR
    )


def _shares_of_one_whole(numbers: Sequence[Mention], varying: Sequence[int]) -> set[int]:
    """Percentages that come to 100 together."""
    shares = [index for index, mention in enumerate(numbers) if mention.form == "percent"]
    found = set[int]()
    for size in (2, 3):
        for some in combinations(shares, size):
            if sum(numbers[index].value for index in some) == 100:
                found |= set(some) & set(varying)
    return found
