"""A question's numerals to what may vary: single numerals and equal ones together, each with the values to try.

Numerals that say how things are written stay: 0, 1, ordinals, exponents of letters, degrees of roots, digits under a
bar, and whatever the reading took as a part of the notation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from agentprop.extraction.mining.question.latex.lexer import plain_number
from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree, walk
from agentprop.extraction.mining.question.reading import QuestionReading
from agentprop.extraction.mining.question.text import QuestionText

MOST_VALUES = 40
MOST_PLACES = 3
MOST_DIGITS = 9


@dataclass(frozen=True)
class Knob:
    """Numerals that move together, and their values."""

    slots: tuple[int, ...]
    """Which numerals; all have the same value."""
    values: tuple[Any, ...]
    """Values to try, ascending, the original among them."""
    places: int = 0
    """Decimal places; 0 for integers."""

    def set_to(self, setting: Sequence[Any], value: Any) -> tuple[Any, ...]:
        """The numbers of a question with these numerals changed."""
        return tuple(value if slot in self.slots else one for slot, one in enumerate(setting))


def knobs(question: QuestionText, reading: QuestionReading, ones: bool = False) -> list[Knob]:
    """One knob for each numeral that may vary; `ones` are those that are 1, which mostly stay."""
    fixed = fixed_slots(question, reading)
    shares = _percentages(reading.tree)
    found = []
    for slot, token in enumerate(question.numerals):
        text = plain_number(token.text)
        if slot in fixed or len(text) > MOST_DIGITS or (text == "1") != ones:
            continue
        places = len(text.partition(".")[2])
        values = _values(text, places, slot in shares)
        if len(values) > 2 and places <= MOST_PLACES:
            found.append(Knob((slot,), values, places))
    return found


def ties(single: Sequence[Knob], numbers: Sequence[Any]) -> list[Knob]:
    """Equal numerals as one knob, all of them and in pairs."""
    by_value: dict[tuple[Any, int], list[Knob]] = {}
    for knob in single:
        by_value.setdefault((numbers[knob.slots[0]], knob.places), []).append(knob)
    found = []
    for group in by_value.values():
        for size in range(len(group), 1, -1) if len(group) <= 4 else (len(group),):
            for some in combinations(group, size):
                values = min((one.values for one in some), key=len)
                found.append(Knob(tuple(slot for one in some for slot in one.slots), values, some[0].places))
    return found


FAR = 160
"""Values up to which a numeral is tried whose neighbours do not do."""
LARGEST_POWER = 100_000
ANGLE = 15
"""Degrees between angles that may have a simple sine."""


def widened(knob: Knob, own: Any) -> Knob | None:
    """The knob with values far from the original: squares, numbers n(n + 1), powers, angles with a simple sine."""
    if knob.places:
        return None
    near = range(2, FAR) if own < FAR else ()
    angles = range(ANGLE, 2 * 360 + 1, ANGLE) if own % ANGLE == 0 and own <= 2 * 360 else ()
    values = tuple(sorted({own, *near, *angles, *powers_like(own)}))
    return Knob(knob.slots, values) if len(values) > 2 else None


def powers_like(own: int) -> set[int]:
    """Other powers with the exponent of a perfect power, or with its base.

    >>> sorted(powers_like(125))[:6]
    [5, 8, 25, 27, 64, 125]
    """
    found: set[int] = set()
    for exponent in range(2, own.bit_length() + 1):
        base = round(own ** (1 / exponent))
        if base >= 2 and base**exponent == own:
            found |= {other**exponent for other in range(2, 60)} | {base**other for other in range(1, 18)}
    return {value for value in found if value <= max(LARGEST_POWER, own)}


def fixed_slots(question: QuestionText, reading: QuestionReading) -> frozenset[int]:
    """Numerals that stay as they are."""
    used = {int(found) for found in re.findall(r"\bn(\d+)\b", reading.program.solve)}
    found = {slot for slot, token in enumerate(question.numerals) if slot not in used or token.text == "0"}
    for piece in question.pieces:
        if piece.kind == "ordinal":
            found |= {question.numbers[token.start] for token in piece.tokens if token.start in question.numbers}
    return frozenset(found | set(_written(reading.tree)))


def _written(tree: Tree) -> Iterator[int]:
    """Exponents of letters, degrees of roots, and digits of repeating decimals."""
    for one in walk(tree):
        if not isinstance(one, Node):
            continue
        if (one.head == "pow" and any(isinstance(inner, Letter) for inner in walk(one.args[0]))) or one.head == "root":
            yield from _slots(one.args[1])
        elif one.head == "repeating":
            yield from _slots(one)


def _slots(tree: Tree) -> Iterator[int]:
    return (one.slot for one in walk(tree) if isinstance(one, Numeral) and one.slot >= 0)


def _percentages(tree: Tree) -> frozenset[int]:
    return frozenset(
        slot for one in walk(tree) if isinstance(one, Node) and one.head == "percent" for slot in _slots(one)
    )


def _values(text: str, places: int, share: bool) -> tuple[Any, ...]:
    """Values of the same kind, about as large, the original among them."""
    original = int(text.replace(".", ""))
    step = _roundness(original)
    if original <= 12:
        low, high = min(original, 2), max(12, 2 * original)
    elif original <= 100:
        low, high = max(2, original // 3), 2 * original
    else:
        low, high = original // 2, 2 * original
    if share and original <= 100 * 10**places:
        high = min(high, 100 * 10**places - step)
    low += -low % step
    numbers = sorted({original, *_thinned(range(low, high + 1, step))})
    if not places:
        return tuple(numbers)
    return tuple(Fraction(number, 10**places) for number in numbers)


def _roundness(number: int) -> int:
    """The step in which a number moves: 10 for 250, 100 for 1200, 1 for 37."""
    step = 1
    while number >= 100 * step and number % (10 * step) == 0:
        step *= 10
    return step


def _thinned(values: range) -> list[int]:
    """No more than so many values, at even distances but not all of one parity."""
    if len(values) <= MOST_VALUES:
        return list(values)
    return sorted({values[place * (len(values) - 1) // (MOST_VALUES - 1)] for place in range(MOST_VALUES)})
