"""What a number may count: `12 apples`, `5 such integers`, `1 way`, and which words change the number instead.

A noun counts where it is a plural, a common noun without one, or a noun of the question; `5 dozen`, `5 tenths`,
`5 or more`, `5 recurring` say another number, and `5 nope` says nothing that can be understood.
"""

from __future__ import annotations

import re
from fractions import Fraction

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.units import Unit, unit_named

NO_COUNTERS = frozenset(words("""
    is are was were be being been am not or and if for to mod no nor than but either maybe when where with without
    otherwise only wrong import times plus minus over divided choose sin cos tan log ln pi infinity more less fewer
    least most at under below above beyond up down so something ish roughly etc upwards onwards onward counting nope
    none never recurring repeating periodic squared cubed factorial factorials percent percents percentage percentages
    permille dozen dozens score scores gross hundred hundreds thousand thousands million millions billion billions lakh
    lakhs crore crores tens ones teens half halves third thirds fourth fourths fifth fifths sixth sixths seventh
    sevenths eighth eighths ninth ninths tenth tenths hundredth hundredths thousandth thousandths quarter quarters pair
    pairs couple couples trio trios double doubles triple triples quadruple twice thrice unless perhaps oops yes alas
    thus as this its his hers ours theirs yours us has does always sometimes besides towards else false true incorrect
    correct error plusminus modulo base degrees per out of by off on in inclusive exclusive inverse inverses negative
    negatives reciprocal opposite conjugate about approximately nearly almost around between through until any all each
    every both multiple multiples multiplied power powers remainder exponent because since while which that who whose
    whom then hence therefore means equals equal unknown undefined impossible possibly probably unlikely invalid
    question guess guesses worse better larger smaller greater bigger higher lower further variable
    """))  # fmt: skip
_IRREGULAR = frozenset(words("""
    people children men women mice feet geese teeth fish sheep deer dice oxen cacti fungi radii species aircraft salmon
    pence bacteria series offspring staff cattle shrimp moose dwarves data criteria syllabi alumni formulae foci loci
    """))  # fmt: skip
_SINGULAR = frozenset(words("""
    way solution root value number integer person child man woman student apple orange book page day week hour minute
    second month year pair point point side triangle square circle term digit letter word item coin card ball box bag
    car dog cat bird tree seat row column move step game team player ticket pen pencil marble cookie egg cup bottle
    bus train shirt toy piece slice pizza cake pie chair table room house floor block line angle vertex edge face prime
    factor divisor function subset element unit bead ring fish sheep dollar cent pound mile meter metre liter litre
    friend brother sister boy girl worker machine mole atom electron bond isomer product combination arrangement
    possibility outcome real intersection maximum minimum sign change zero
    """))  # fmt: skip
_ADJECTIVE = re.compile(r"[A-Za-z][a-z]+(?:[-/][a-z]+)?")
_EMPTY = (["unit"], ["square", "unit"], ["cubic", "unit"], ["sq", "unit"], ["linear", "unit"])
_EMPTY_TAILS = frozenset(
    (
        ("left",),
        ("left", "over"),
        ("remaining",),
        ("in", "total"),
        ("in", "all"),
        ("altogether",),
        ("total",),
        ("overall",),
        ("of", "them"),
        ("of", "these"),
    )
)


def counted(noun: str, value: Fraction | None, question: frozenset[str] = frozenset()) -> bool:
    """Whether the words name what the number counts; `value` is the number where it is known exactly."""
    found = noun.split()
    if not found or len(found) > 5 or not all(map(_ADJECTIVE.fullmatch, found)):
        return False
    lowered = [word.casefold() for word in found]
    if NO_COUNTERS & set(lowered):
        return False
    return _is_noun(lowered[-1], value, question)


def is_common(word: str) -> bool:
    """A noun so common that it is one even where its letters might be variables: `1 way`, `3 men`."""
    lowered = word.casefold()
    return (
        len(word) > 2
        and unit_named(word) is None
        and (lowered in _IRREGULAR or lowered in _SINGULAR or _singular(lowered) in _SINGULAR)
    )


def _is_noun(word: str, value: Fraction | None, question: frozenset[str]) -> bool:
    word = word.partition("/")[0]
    if word in _IRREGULAR or word in question or _singular(word) in question:
        return True
    if len(word) >= 4 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        return True
    return value is not None and abs(value) <= 1 and word in _SINGULAR


def noun_unit(noun: str) -> Unit | None:
    """What is counted, in the singular, as a unit of its own; None for the empty word `units`."""
    plain = [_singular(word) for word in noun.casefold().split()]
    if plain in _EMPTY:
        return None
    name = " ".join(plain)
    return Unit(name, Fraction(1), ((f"count of {name}", Fraction(1)),))


def is_count(unit: Unit) -> bool:
    """The unit is a noun, not a measure."""
    return any(base.startswith("count of ") for base, _ in unit.dimensions)


_PLACE = re.compile(r"(?:in|of|from|among|on) (?:the|this|that|our|her|his|their) [a-z]{3,}")


def without_total(pieces: list[str]) -> list[str]:
    """`5 apples in total`, `5 elements in the set` without their last words, which add nothing."""
    if len(pieces) > 4 and _PLACE.fullmatch(" ".join(pieces[-3:])):
        return pieces[:-3]
    for size in (2, 1):
        if tuple(word.casefold() for word in pieces[-size:]) in _EMPTY_TAILS:
            return pieces[:-size]
    return pieces


def nouns_of(question: str) -> frozenset[str]:
    """The words of a question that a number may count, without those that change numbers."""
    found = {word.casefold() for word in re.findall(r"[A-Za-z]{3,}", question[:20_000])}
    return frozenset(found | {_singular(word) for word in found}) - NO_COUNTERS


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word.removesuffix("s")
