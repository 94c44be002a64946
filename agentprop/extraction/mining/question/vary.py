"""A reading to the numbers with which its question can be asked again: the domain of a skill.

Numerals that keep the kind of the answer wherever they move are *free*; others are *tied* to equal ones; if an answer
is designed (integer roots, a right triangle) the settings that keep it are looked for and listed in a *table*: this is
choosing the answer first without an inverse for every kind of task. What is kept was computed by both routes.

    x² − 5x + 6 = 0, the larger root  →  a table of (5, 6), (7, 12), (9, 14), …
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.execute import FAILURES, NotComputed, call
from agentprop.extraction.mining.question.kernel.answer import (
    answer_shape,
    named,
    number_answer,
    rational_answer,
    text_answer,
    whole_answer,
)
from agentprop.extraction.mining.question.kernel.limits import MOST_STEPS, Steps
from agentprop.extraction.mining.question.knobs import Knob, knobs, ties, widened
from agentprop.extraction.mining.question.reading import QuestionReading
from agentprop.extraction.mining.question.rewriting import rewritten
from agentprop.extraction.mining.question.text import QuestionText

BUDGET = 300_000
"""Steps that one document may take to be varied."""
PRICE = 20
"""Steps that a computation costs whatever it does."""
FREE = 0.5
"""Share of a numeral's values, or of random settings, that must be kept where numerals are free."""
DRAWS = 60
LEAST_SETTINGS = 8
LEAST_ANSWERS = 4
MOST_TABLE = 60
LEAST_DENSITY = 0.06
"""Share of the settings of a table's columns that the table must hold."""
GRID = 28
LARGEST_WIDENED = 60
CHECKED = 24
LONGER = 6
"""Characters that an answer may be longer than the original."""


ALONE = (("$", "$"), ("\\[", "\\]"), ("=", "$"), ("\\(", "\\)"))
"""What stands around an expression that is asked about."""
_BLANKS = re.compile(r"\s")


@dataclass(frozen=True)
class Kind:
    """What an answer is, so that other answers can be compared with it."""

    name: str
    """integer, rational, number (a rational that may be whole) or expression."""
    shape: str
    """`answer_shape` of the value."""
    size: int
    """Most digits of an integer or of a fraction's parts, most characters of a text."""
    trivial: bool = False
    """Whether it is 0 or 1."""

    def of(self, value: Any) -> Any:
        """The answer that a value is. Raises ValueError for another kind."""
        if self.name == "integer":
            return whole_answer(value, self.size)
        if self.name == "rational":
            return rational_answer(value, self.size)
        if self.name == "number":
            return number_answer(value, self.size)
        return text_answer(value, self.shape, self.size)


def kind_of(value: Any) -> Kind:
    """The kind of a value. Raises ValueError for one without a name."""
    found = named(value[0] if isinstance(value, list) and len(value) == 1 else value)
    shape = answer_shape(found)
    if shape == "i":
        return Kind("integer", shape, len(str(abs(found))) + LONGER // 2, found in (0, 1))
    if shape == "q":
        return Kind("rational", shape, max(len(str(abs(found.numerator))), len(str(found.denominator))) + 2)
    return Kind("expression", shape, len(text_answer(found, shape, 400)) + LONGER)


def wider(kind: Kind, answer: Any, question: str) -> Kind | None:
    """Any rational numbers, for a whole answer that nothing counts, or a fraction that is not asked for as one."""
    if kind.name == "integer" and not _WHOLE.search(question):
        return Kind("number", kind.shape, max(2, len(str(abs(answer)))))
    if kind.name == "rational" and not _FRACTION.search(question):
        return Kind("number", kind.shape, kind.size)
    return None


_FRACTION = re.compile(r"\bfractions?\b|\bmixed\b|\bratio\b|\bdecimal\b", re.IGNORECASE)
_WHOLE = re.compile(
    r"\b(?:how many|number of|integers?|integral|whole|natural|primes?|digits?|divisors?|factors?|multiples?|squares?|"
    r"remainder|modulo|mod|people|permutations?|combinations?|degree|counts?|(?:dollar|cent|ticket|student|year|day)s?)\b"
    r"|[a-z]_|\\(?:binom|choose|lfloor|lceil|pmod|equiv|sum|dots|ldots|cdots)|!",
    re.IGNORECASE,
)
"""Words and signs of a question whose answer stays a whole number."""


@dataclass(frozen=True)
class Variation:
    """Where a question may vary."""

    knobs: tuple[Knob, ...]
    """What varies, each with its values."""
    table: tuple[tuple[Any, ...], ...]
    """The settings of the knobs that are allowed; empty where all are."""
    settings: tuple[tuple[tuple[Any, ...], Any], ...]
    """Settings of the knobs with their answers, by both routes; the original first."""
    answers: int
    """How many different answers they have."""
    rate: float
    """Share of the settings drawn from the knobs' values, the table apart, that were kept."""
    how: str
    """free, tied or table."""


@dataclass
class Trials:
    """Settings tried on all readings of a question, with a budget."""

    question: QuestionText
    readings: Sequence[QuestionReading]
    kind: Kind
    left: int = BUDGET
    known: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def answer(self, setting: tuple[Any, ...]) -> Any:
        """The answer if all readings have it and it is of the kind, or None."""
        if setting not in self.known:
            if self.left < 0:
                return None
            self.known[setting] = self._answer(setting)
        return self.known[setting]

    def _answer(self, setting: tuple[Any, ...]) -> Any:
        answers = {self._computed(reading.solve, setting) for reading in self.readings}
        answer = answers.pop() if len(answers) == 1 else None
        return None if answer is not None and self._stands(answer, setting) else answer

    def _stands(self, answer: Any, setting: tuple[Any, ...]) -> bool:
        """Whether an expression already stands in the question: nothing is left to simplify in the root of a prime."""
        if self.kind.name != "expression":
            return False
        texts = {slot: str(number) for slot, number in enumerate(setting) if isinstance(number, int)}
        asked = _BLANKS.sub("", rewritten(self.question, texts))
        return any(_BLANKS.sub("", f"{left}{answer}{right}") in asked for left, right in ALONE)

    def checked(self, setting: tuple[Any, ...]) -> Any:
        """The answer by the other route, or None; also where this takes too long."""
        if self.left < -BUDGET:
            return None
        answers = {self._computed(reading.check, setting) for reading in self.readings}
        return answers.pop() if len(answers) == 1 else None

    def _computed(self, function: Any, setting: tuple[Any, ...]) -> Any:
        try:
            found = self.kind.of(call(function, setting))
            return None if self._is_trivial(found) else found
        except (NotComputed, *FAILURES):
            return None
        finally:
            self.left -= MOST_STEPS - Steps.left + PRICE

    def _is_trivial(self, answer: Any) -> bool:
        """0 and 1 say little, unless the original answer is one of them."""
        return self.kind.name == "integer" and answer in (0, 1) and not self.kind.trivial


def vary(question: QuestionText, readings: Sequence[QuestionReading], numbers: Sequence[Any], kind: Kind) -> Variation:
    """The domain of a question. Raises Refusal: fixed, no-second-route."""
    trials = Trials(question, readings, kind)
    reason = Refusal("fixed", "no numeral of the question may vary")
    for ones in (False, True):
        single = knobs(question, readings[0], ones)
        if ones:
            single = [*single, *knobs(question, readings[0])] if single else []
        if not single:
            continue
        found = _best(_Search(trials, tuple(numbers), single))
        if isinstance(found, Variation):
            return found
        reason = found
    raise reason


def _best(search: _Search) -> Variation | Refusal:
    """The widest domain that both routes confirm, or why there is none."""
    best: Variation | None = None
    reason = Refusal("fixed", "no other numbers keep the kind of the answer often enough")
    for how, chosen, table in search.domains():
        made = search.verified(how, chosen, table)
        if isinstance(made, Refusal):
            reason = made
        elif best is None or _worth(made) > _worth(best):
            best = made
        if best is not None and (best.how == "free" or search.trials.left < 0):
            break
    return best or reason


def _worth(variation: Variation) -> tuple[bool, int, int]:
    return (
        len(variation.settings) >= 2 * LEAST_SETTINGS,
        sum(len(knob.slots) for knob in variation.knobs),
        len(variation.settings),
    )


@dataclass
class _Search:
    trials: Trials
    numbers: tuple[Any, ...]
    single: list[Knob]
    rng: Random = field(default_factory=lambda: Random("vary"))
    kept: dict[Knob, tuple[Any, ...]] = field(default_factory=dict)

    def domains(self) -> Iterator[tuple[str, tuple[Knob, ...], tuple[tuple[Any, ...], ...]]]:
        """Candidates (how, knobs, table), the widest first."""
        for knob in self.single:
            self._sweep(knob)
        free = [knob for knob in self.single if self._share(knob) >= FREE and self._moves(knob)]
        yield from self._free("free", free)
        tied = [knob for knob in ties(self.single, self.numbers) if self._sweep(knob)]
        taken = self._apart([*(k for k in tied if self._share(k) >= FREE and self._moves(k)), *free])
        if taken and taken != free:
            yield from self._free("tied", taken)
        yield from self._tables([*self.single, *tied])
        yield from self._lists([*tied, *self.single])
        yield from self._lists(self._far([*tied, *self.single]))

    def _sweep(self, knob: Knob) -> bool:
        """Move one knob alone; whether anything is kept but the original."""
        if knob not in self.kept:
            values = knob.values if self.trials.left > BUDGET // 3 else _some(knob.values, 12)
            self.kept[knob] = tuple(v for v in values if self.trials.answer(knob.set_to(self.numbers, v)) is not None)
        return len(self.kept[knob]) > 1

    def _share(self, knob: Knob) -> float:
        return (len(self.kept[knob]) - 1) / max(1, len(knob.values) - 1)

    def _moves(self, knob: Knob) -> bool:
        """Whether the answer depends on it."""
        return len({self.trials.answer(knob.set_to(self.numbers, v)) for v in self.kept[knob]}) > 1

    def _apart(self, found: Sequence[Knob]) -> list[Knob]:
        """Knobs, first come first served, that share no numeral."""
        taken: list[Knob] = []
        for knob in found:
            if not any(set(knob.slots) & set(other.slots) for other in taken):
                taken.append(knob)
        return sorted(taken, key=lambda knob: knob.slots)

    # --- free numerals ---

    def _free(self, how: str, found: Sequence[Knob]) -> Iterator[tuple[str, tuple[Knob, ...], tuple[Any, ...]]]:
        """All of them together; while too few random settings are kept, without the one that keeps least."""
        chosen = [Knob(knob.slots, self.kept[knob], knob.places) for knob in found]
        while chosen:
            if self._kept_share(chosen) >= FREE:
                yield how, tuple(chosen), ()
                return
            chosen.remove(min(chosen, key=lambda knob: len(knob.values)))

    def _kept_share(self, chosen: Sequence[Knob]) -> float:
        draws = [self._drawn(chosen) for _ in range(DRAWS)]
        return sum(self.trials.answer(self._full(chosen, draw)) is not None for draw in draws) / DRAWS

    def _drawn(self, chosen: Sequence[Knob]) -> tuple[Any, ...]:
        return tuple(self._drawn_value(knob) for knob in chosen)

    def _drawn_value(self, knob: Knob) -> Any:
        """A value; of decimals any one between the ends, because their parameters know no gaps."""
        if not knob.places:
            return self.rng.choice(knob.values)
        scale = 10**knob.places
        return Fraction(self.rng.randint(int(knob.values[0] * scale), int(knob.values[-1] * scale)), scale)

    def _full(self, chosen: Sequence[Knob], values: Sequence[Any]) -> tuple[Any, ...]:
        setting = self.numbers
        for knob, value in zip(chosen, values, strict=True):
            setting = knob.set_to(setting, value)
        return setting

    # --- designed answers ---

    def _tables(self, found: Sequence[Knob]) -> Iterator[tuple[str, tuple[Knob, ...], tuple[tuple[Any, ...], ...]]]:
        """Pairs of knobs swept over a grid."""
        pairs = [(one, other) for one, other in combinations(found, 2) if not set(one.slots) & set(other.slots)]
        pairs.sort(key=lambda pair: -sum(len(self.kept[knob]) for knob in pair))
        for one, other in pairs[:6]:
            if self.trials.left < BUDGET // 8:
                return
            rows = [
                (a, b)
                for a in self._around(one)
                for b in self._around(other)
                if self.trials.answer(self._full((one, other), (a, b))) is not None
            ]
            chosen = (one, other)
            table = _dense(rows, self._own(chosen))
            if len(table) >= LEAST_SETTINGS:
                yield "table", tuple(_narrowed(knob, [row[i] for row in table]) for i, knob in enumerate(chosen)), table

    def _around(self, knob: Knob) -> tuple[Any, ...]:
        """Values of a grid: the nearest to the original, beyond the knob's own where it is small."""
        own = self.numbers[knob.slots[0]]
        values = knob.values
        if not knob.places and own <= LARGEST_WIDENED:
            values = tuple(range(2, 2 * max(values)))
        return tuple(sorted(sorted({own, *values}, key=lambda value: (abs(value - own), value))[:GRID]))

    def _own(self, chosen: Sequence[Knob]) -> tuple[Any, ...]:
        return tuple(self.numbers[knob.slots[0]] for knob in chosen)

    def _lists(self, found: Sequence[Knob]) -> Iterator[tuple[str, tuple[Knob, ...], tuple[Any, ...]]]:
        """One knob with the values that are kept."""
        for knob in sorted(found, key=lambda knob: -len(self.kept[knob])):
            kept = self.kept[knob]
            if len(kept) >= LEAST_SETTINGS:
                yield "list", (Knob(knob.slots, kept, knob.places),), tuple((value,) for value in kept)

    def _far(self, found: Sequence[Knob]) -> list[Knob]:
        """The knobs with values far from the original, and with powers where it is one."""
        far = [made for knob in found if (made := widened(knob, self.numbers[knob.slots[0]])) is not None]
        return [knob for knob in far if self.trials.left > BUDGET // 8 and self._sweep(knob)]

    # --- both routes ---

    def verified(self, how: str, chosen: tuple[Knob, ...], table: tuple[tuple[Any, ...], ...]) -> Variation | Refusal:
        """The domain with the settings that both routes agree on, or what is wrong with it."""
        own = self._own(chosen)
        differ = Refusal("no-second-route", "the second route does not confirm the answers to other numbers")
        if self._confirmed(chosen, own) is None:
            return differ
        if table:
            rows = [
                (row, self._confirmed(chosen, row)) for row in [own, *(row for row in table if row != own)][:MOST_TABLE]
            ]
            kept = [(row, answer) for row, answer in rows if answer is not None]
            chosen = tuple(_narrowed(knob, [row[i] for row, _ in kept]) for i, knob in enumerate(chosen))
            listed = len(chosen) > 1 or chosen[0].places > 0
            table = tuple(sorted(row for row, _ in kept)) if listed else ()
        else:
            kept = self._sampled(chosen, own)
        if len(kept) < 2:
            return differ
        answers = len({answer for _, answer in kept})
        if table and not _fills([row for row, _ in kept], chosen):
            return Refusal("fixed", "too few of the settings between the ends keep the kind of the answer")
        if len(kept) < LEAST_SETTINGS or answers < LEAST_ANSWERS or not self._all_move(kept, len(chosen)):
            return Refusal("fixed", f"{len(kept)} settings with {answers} answers are too few")
        rate = 1.0 if table else self._rate(chosen)
        return Variation(chosen, table, tuple(kept), answers, rate, how)

    def _sampled(self, chosen: tuple[Knob, ...], own: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], Any]]:
        """The original, both ends of every knob, and random settings; nothing if the routes ever differ."""
        ends = [
            tuple(end if place == at else one for place, one in enumerate(own))
            for at, knob in enumerate(chosen)
            for end in (knob.values[0], knob.values[-1])
        ]
        drawn = [self._drawn(chosen) for _ in range(CHECKED)]
        kept = []
        for values in dict.fromkeys([own, *ends, *drawn]):
            setting = self._full(chosen, values)
            answer, other = self.trials.answer(setting), self.trials.checked(setting)
            if answer != other:
                return []
            if answer is not None:
                kept.append((values, answer))
        return kept

    def _confirmed(self, chosen: Sequence[Knob], values: Sequence[Any]) -> Any:
        setting = self._full(chosen, values)
        answer = self.trials.answer(setting)
        return answer if answer is not None and self.trials.checked(setting) == answer else None

    def _rate(self, chosen: Sequence[Knob]) -> float:
        return round(self._kept_share(chosen), 2)

    def _all_move(self, kept: Sequence[tuple[tuple[Any, ...], Any]], count: int) -> bool:
        """Whether every knob takes several values."""
        return all(len({values[place] for values, _ in kept}) > 1 for place in range(count))


def _narrowed(knob: Knob, values: Sequence[Any]) -> Knob:
    return Knob(knob.slots, tuple(sorted(set(values))), knob.places)


def _some(values: Sequence[Any], count: int) -> list[Any]:
    """So many of the values, evenly."""
    if len(values) <= count:
        return list(values)
    return [values[place * (len(values) - 1) // (count - 1)] for place in range(count)]


def _dense(rows: Sequence[tuple[Any, ...]], own: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
    """Rows of a table, those left out whose values are used least, until the rest fill enough of its columns."""
    kept = list(rows)
    while kept and not _fills(kept, ()):
        counts = [{value: sum(row[i] == value for row in kept) for value in {row[i] for row in kept}} for i in range(2)]
        scores = [(counts[i][value], i, value) for i in range(2) for value in counts[i] if value != own[i]]
        if not scores:
            return ()
        _, column, value = min(scores, key=lambda score: (score[0], score[1], score[2]))
        kept = [row for row in kept if row[column] != value]
    if len(kept) <= MOST_TABLE:
        return tuple(kept)
    return (
        tuple(sorted({own, *_some(kept, MOST_TABLE)}))
        if _fills(_some(kept, MOST_TABLE), ())
        else tuple(kept[:MOST_TABLE])
    )


def _fills(rows: Sequence[tuple[Any, ...]], chosen: Sequence[Knob]) -> bool:
    """Whether drawing each column for itself meets a row often enough."""
    size = 1.0
    for column in range(len(rows[0])):
        values = {row[column] for row in rows}
        places = chosen[column].places if chosen else 0
        size *= float(max(values) - min(values)) * 10**places + 1 if places else len(values)
    return len(rows) >= LEAST_DENSITY * size
