"""Sentences: what is stacked, too long, doubled or worn out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from agentprop.composition.lint.rule import Draft, Rule

MAX_MEASURES = 2
"""Most measures in a sentence: with a third one the reader has to go back."""
MAX_WORDS = 55
MAX_OF = 6

_STACKED = re.compile(
    r"remainder when [^.?]{0,40}\bremainder\b|the (sum|number|list|product|value|digit sum) of the \1\b", re.IGNORECASE
)
_MEASURE = re.compile(
    r"\bthe (?:greatest number|largest number|smallest number|number|remainder when|sum of|value (?:of|at)|product of|"
    r"probability|coefficient of|distance from|list of|list obtained|string (?:of|formed|obtained|spelled)|length of|"
    r"smallest integer|largest integer|least integer|smallest non-negative integer|smallest value|smallest total|"
    r"largest product|(?:smallest|least) possible (?:value|total)|"
    r"least total|largest sum|total of|expected (?:number|value)|integral|base-\d+ digit sum|trace of|"
    r"alphabetically first)\b",
    re.IGNORECASE,
)
_NO_MEASURE = re.compile(r"\bthe number (?:#|\d+|`\w+`)|\bthe number (?:written|shown|obtained)\b", re.IGNORECASE)
_CONSTANTS = {
    "g": ("9.8", re.compile(r"\bg ?= ?9\.8\d*")),
    "0 °C": ("273.15", re.compile(r"\b273\.15\b")),
    "R": ("8.314", re.compile(r"\b8\.314\b")),
    "N_A": ("6.022", re.compile(r"\b6\.022\b")),
    "MeV": ("1.602", re.compile(r"\b1\.602\b")),
    "sigma": ("5.67", re.compile(r"\b5\.670?\b")),
}
"""Constants, each with the figures that are looked for first, since most statements have none of them."""
_POWER = re.compile(r"\d\.\d{3,}\\times10\^\{-?\d+\}")
"""A number of four figures or more with its power of ten: in a statement mostly a constant."""
_CLICHE = re.compile(
    r"recorded on its own card|gets? a (?:page|locker|colour|letter|chair) of (?:its|their) own|"
    r"given a (?:bead )?(?:colour|letter) of its own|coin is set aside for each|applied again and again|"
    r"[Ff]or (?:each of these|every one of the) [a-z -]+ (?:one|a) straight line is drawn"
)
_SMALL = r"(the|of|a|an|and|is|in|to|are|at|by|with|for|from) \1\b"
_DOUBLED = re.compile(rf"\b{_SMALL}", re.IGNORECASE)
_IN_LOWER_CASE = re.compile(_SMALL)
"""The same for a text in lower case, and words that end so: quicker, and found in few statements."""
_SPACING = re.compile(r" [,.;:?](?!\w)|(?<=[^ ]) {2,}|\(\s")
_LOOSE = re.compile(r" [ ,.;:?]|\(\s")
"""What every wrong space begins with; a text without it is searched no further."""
BEFORE, BEHIND = 20, 10
"""Characters that are quoted around a wrong space."""


def _stacked_clause(draft: Draft) -> Iterator[str]:
    for sentence in draft.sentences:
        if "when " in (lower := sentence.lower()) or " of the " in lower:  # as each of them does
            yield from (found[0] for found in _STACKED.finditer(sentence))


def measures(sentence: str) -> int:
    """Number of quantities that a sentence defines one inside the other.

    >>> measures("Find the remainder when the number of divisors of $12$ is divided by $5$.")
    2
    """
    return len(_MEASURE.findall(sentence)) - len(_NO_MEASURE.findall(sentence))


def _stacked_measures(draft: Draft) -> Iterator[str]:
    for sentence in draft.sentences:
        if sentence.lower().count("the ") <= MAX_MEASURES:  # each measure begins with it
            continue
        if (count := measures(sentence)) > MAX_MEASURES:
            yield f"{count} in: {_cut(sentence)}"


def _chain_of_of(draft: Draft) -> Iterator[str]:
    for sentence in draft.sentences:
        if sentence.count("of") > MAX_OF and (count := len(re.findall(r"\bof\b", sentence))) > MAX_OF:
            yield f"{count} times in: {_cut(sentence)}"


def _long_sentence(draft: Draft) -> Iterator[str]:
    for sentence in draft.sentences:
        if (count := len(re.sub(r"\[[^\]]*\]", "[]", sentence).split())) > MAX_WORDS:
            yield f"{count} words: {_cut(sentence)}"


def _doubled_word(draft: Draft) -> Iterator[str]:
    if _IN_LOWER_CASE.search(draft.words.lower()) is not None:
        yield from (found[0] for found in _DOUBLED.finditer(draft.words))


def _spacing(draft: Draft) -> Iterator[str]:
    if _LOOSE.search(draft.words) is None:
        return
    for line in draft.words.split("\n"):
        quoted = 0
        for found in _SPACING.finditer(line):
            if found.start() >= quoted:
                quoted = found.end() + BEHIND
                yield line[max(0, found.start() - BEFORE) : quoted].strip()


def _cliche(draft: Draft) -> Iterator[str]:
    yield from (found[0] for found in _CLICHE.finditer(draft.prose))


def _repeated_constant(draft: Draft) -> Iterator[str]:
    for name, (figures, pattern) in _CONSTANTS.items():
        if draft.prose.count(figures) > 1 and (count := len(pattern.findall(draft.prose))) > 1:
            yield f"{name} is stated {count} times"
    if "times10" in draft.prose:
        powers = Counter(_POWER.findall(draft.prose))
        yield from (f"{power} is stated {count} times" for power, count in powers.items() if count > 1)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= 100 else f"{sentence[:99]}…"


STACKED_CLAUSE = Rule("error", _stacked_clause)
"""The remainder when the remainder."""
STACKED_MEASURES = Rule("error", _stacked_measures)
"""Three quantities or more, each defined inside the other."""
CHAIN_OF_OF = Rule("error", _chain_of_of)
LONG_SENTENCE = Rule("warning", _long_sentence)
DOUBLED_WORD = Rule("error", _doubled_word)
SPACING = Rule("error", _spacing)
CLICHE = Rule("warning", _cliche)
"""Wordings that many stories use to turn a count into a thing."""
REPEATED_CONSTANT = Rule("error", _repeated_constant)
