"""Words of a question that stand for numbers without being parameters: half, a dozen, a week, a kilogram.

A leaf of a solution that is not written in the question may be one of these constants; the words stay in the wording as
they are, so the constant stays true whatever the parameters become.
"""

from __future__ import annotations

import re
from fractions import Fraction

WORDS: dict[str, int] = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000,
}  # fmt: skip
"""Number words that a question may use for a quantity."""

_FRACTION_WORDS = {
    "half": 2, "halves": 2, "halved": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip

_MEANINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"twice|doubl\w*|both|pairs?|couple|twins?|either|two-way|round[- ]trip|each other|weekends?", ("2",)),
    (r"thrice|tripl\w*", ("3",)),
    (r"quadrupl\w*", ("4",)),
    (r"dozens?", ("12",)),
    (r"scores?", ("20",)),
    (r"weeks?|weekly|daily|every ?day|days?", ("7",)),
    (r"weeks?|weekly|years?|yearly|annual\w*", ("52",)),
    (r"weekdays?|work ?days?|school ?days?|workweek|school week", ("5",)),
    (r"fortnight\w*", ("14", "2")),
    (r"months?|monthly|years?|yearly|annual\w*", ("12",)),
    (r"months?|monthly", ("4",)),
    (r"pyramids?|cones?|spheres?|hemispheres?|domes?|balls?", ("3", "1/3", "4/3", "4")),
    (r"trapez\w+|kites?|rhombus\w*", ("2", "1/2")),
    (r"days?|daily|hours?|hourly", ("24",)),
    (r"days?|daily|months?|monthly|April|June|September|November", ("30",)),
    (r"years?|yearly|annual\w*|days?|daily", ("365",)),
    (r"January|March|May|July|August|October|December", ("31",)),
    (r"hours?|hourly|minutes?|seconds?|mph|per minute", ("60",)),
    (r"hours?|seconds?", ("3600",)),
    (r"decades?", ("10",)),
    (r"centur\w+", ("100",)),
    (r"feet|foot|inch\w*", ("12",)),
    (r"yards?|feet|foot", ("3",)),
    (r"yards?", ("36",)),
    (r"miles?", ("5280", "1760")),
    (r"pounds?|ounces?|lbs?|cups?|pints?", ("16",)),
    (r"tons?", ("2000",)),
    (r"gallons?|quarts?", ("4",)),
    (r"pints?|quarts?|gallons?|cups?", ("2", "8")),
    (r"kilo\w*|k[gm]|grams?|liters?|litres?|milliliters?|ml|tonnes?", ("1000",)),
    (r"meters?|metres?|centimeters?|centimetres?|cm", ("100",)),
    (r"cents?|pennies|dollars?|percent\w*|%", ("100",)),
    (r"quarters?", ("25", "0.25", "1/4")),
    (r"dimes?", ("10", "0.1")),
    (r"nickels?", ("5", "0.05")),
    (r"pennies|penny", ("0.01",)),
    (r"squares?|square-shaped", ("4",)),
    (r"rectang\w+|perimeter|averag\w*|mean|halfway", ("2",)),
    (r"triang\w+", ("3", "2", "1/2")),
    (r"cubes?|cubical", ("6",)),
    (r"hexagon\w*", ("6",)),
    (r"pentagon\w*", ("5",)),
    (r"octagon\w*", ("8",)),
    (r"legs|dogs?|cats?|cows?|sheep|goats?|horses?|pigs?|kangaroos?", ("4",)),
    (r"chickens?|ducks?|birds?|legs|hens?|people|eyes|ears|bicycles?|bikes?", ("2",)),
    (r"tricycles?", ("3",)),
    (r"cars?", ("4",)),
    (r"spiders?|octopus\w*", ("8",)),
    (r"insects?|ants?|bees?", ("6",)),
)  # fmt: skip
_COMPILED = tuple(
    (re.compile(rf"\b(?:{words})(?!\w)|%" if "%" in words else rf"\b(?:{words})\b", re.IGNORECASE), values)
    for words, values in _MEANINGS
)
_FRACTION_WORD = re.compile(
    r"\b(?:(?P<top>a|an|one|two|three|four|five|six|seven|eight|nine)[- ])?"
    rf"(?P<bottom>{'|'.join(_FRACTION_WORDS)})s?\b",
    re.IGNORECASE,
)


def constants(question: str) -> frozenset[Fraction]:
    """Every number that a word of the question may stand for; 1 always, for wholes."""
    found = {Fraction(1)}
    for pattern, values in _COMPILED:
        if pattern.search(question):
            found.update(Fraction(value) for value in values)
    return frozenset(found) | fractions_told(question)


def fractions_told(question: str) -> frozenset[Fraction]:
    """Every number that the spelled fractions of a question bring into a calculation."""
    return frozenset(one for match in _FRACTION_WORD.finditer(question) for one in _fraction(match))


def _fraction(match: re.Match[str]) -> set[Fraction]:
    """`three fifths` explains 3, 5, 3/5 and what is left: 2, 2/5; and 1 + 3/5."""
    bottom = _FRACTION_WORDS[match["bottom"].lower()]
    top = WORDS.get((match["top"] or "one").lower(), 1)
    return parts_of(top, bottom) | ({Fraction(1, bottom)} if top > 1 else set())


def parts_of(top: int, bottom: int) -> set[Fraction]:
    """The numbers a fraction brings into a calculation."""
    share = Fraction(top, bottom)
    found = {Fraction(top), Fraction(bottom), share, 1 + share}
    if share < 1:
        found |= {Fraction(bottom - top), 1 - share}
    return found
