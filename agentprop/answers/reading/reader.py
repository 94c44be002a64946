"""An answer's text to a `Reading`: the trees it may be read as, what was skipped, and what could not be understood.

Forms are tried from the most specific to the most general: yes and no, set phrases, dates and times, labelled parts,
chemistry, the mathematical grammar, numbers in words, counted things, sentences that lead in to a value, prose. A
reading is complete where nothing that might change the answer was left over; only complete readings can be the same.
Nothing in the text is evaluated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from agentprop.answers.reading.chains import exact
from agentprop.answers.reading.chemistry import chemical
from agentprop.answers.reading.counters import NO_COUNTERS, counted, is_common, noun_unit, without_total
from agentprop.answers.reading.cycles import cycles
from agentprop.answers.reading.digits import spellings
from agentprop.answers.reading.labels import split_label, split_parts
from agentprop.answers.reading.moments import moments
from agentprop.answers.reading.nodes import (
    MAX_DEPTH,
    Clock,
    Collection,
    Day,
    Labelled,
    Node,
    Number,
    Operation,
    Quantity,
    Relational,
    Symbol,
    UnreadableAnswer,
    Words,
    depth_of,
    is_closed,
    symbols,
    walk,
)
from agentprop.answers.reading.notations import arranged, indexed, respelled, with_signs
from agentprop.answers.reading.numerals import number_in_words
from agentprop.answers.reading.parser import Parser, is_unit
from agentprop.answers.reading.propositions import proposition
from agentprop.answers.reading.sentences import followed, in_signs, lead_ins, statement, translated, without_opening
from agentprop.answers.reading.sizes import lengths
from agentprop.answers.reading.tokens import MAX_CHARS, tokenize
from agentprop.answers.reading.typography import clean, is_mathematical, is_word
from agentprop.answers.reading.units import unit_named
from agentprop.answers.reading.words import ORDINAL, PLACES, after_truth, as_phrase, as_truth, in_words, is_prose

_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_RESTATED = re.compile(r"(.+?)\s*\(([^()]{1,80})\)", re.DOTALL)
_SAID_AGAIN = re.compile(
    r"^\s*(?:expected|answer|result|check(?:ed)?|exact(?:ly)?|decimal|in words|i\.e\.|that is|or|=)\s*[:,]?\s*(?=\S)",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"(?:approx(?:imately)?\.?|exact(?:ly)?|rounded|about|\d\s*(?:s\.?\s?f\.?|d\.?\s?p\.?|sig\.? ?figs?\.?)"
    r"|(?:option|choice)\s+\(?[A-J]\)?"
    r"|(?:(?:correct|rounded) )?to (?:the nearest [a-z]+|\d+ (?:decimal places?|significant figures?)))",
    re.IGNORECASE,
)
_POINTS = re.compile(r"\s*(?:(?:\b(?:percent(?:age)?|per cent)|\\?%)[\s-]points?|(?<=\d)\s?pp)\b", re.IGNORECASE)
"""A difference of percents, which is none itself: read as a noun of its own."""
_IN_YEAR = re.compile(r"[Ii]n (?:the year )?(\d{4})")
_RATE = re.compile(r"([^/]+?)(?:\s+per\s+|/)([a-z]{3,20})")
_ROW = re.compile(r"[+-]?\d+(?:\.\d+)?(?: +[+-]?\d+(?:\.\d+)?){1,50}")


MAX_SENTENCE = 600
"""Longest text that is read as one value with words around it; longer ones are prose, or mathematics alone."""

MAX_PARTS_WITHIN = 4
"""Parts within parts: `(a) Yes, the area is 5`."""

MAX_PARTS_READ = 100
"""Parts of one text that are read as answers of their own; each is read once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer's text was understood as."""

    text: str
    """The text without its typography."""
    nodes: tuple[Node, ...] = ()
    """Every defensible tree, the usual one first; none where the text is unreadable."""
    ignored: str = ""
    """What was skipped because it adds nothing: a lead-in, the reason of a yes."""
    remainder: str = ""
    """From where on the text was not understood."""

    @property
    def complete(self) -> bool:
        """The whole text was understood."""
        return bool(self.nodes)

    @property
    def node(self) -> Node:
        """The usual tree."""
        return self.nodes[0]


@lru_cache(maxsize=4096)
def read(answer: str, question: frozenset[str] = frozenset()) -> Reading:
    """The reading of one answer; `question` holds the nouns of the question, which numbers may count."""
    if len(answer) > MAX_CHARS:
        return Reading(answer[:200], remainder=f"longer than {MAX_CHARS:,} characters")
    return _read(answer, question, 0, {})


def _read(answer: str, question: frozenset[str], depth: int, parts: dict[tuple[str, int], Reading]) -> Reading:
    text = clean(answer)
    text = _POINTS.sub(" percentagepoints", text) if "point" in text or "pp" in text else text
    if _PLAIN_NUMBER.fullmatch(text) and len(text) < 1000:
        return Reading(text, _parsed(text, units=False))
    try:
        answer = answer.strip()
        mathematical, worded = is_mathematical(answer), is_word(answer)
        reading = _AnswerReader(text, question, depth, parts, mathematical=mathematical, worded=worded).read()
        logical = proposition(answer)
        return (
            reading if logical is None else Reading(text, (*_unless_letters(reading.nodes), logical), reading.ignored)
        )
    except RecursionError:
        return Reading(text, remainder="nested too deeply")


def _unless_letters(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """A reading as a map of sets (`A \\to B`) stays beside that as a formula; other readings of connectives do not."""
    return tuple(node for node in nodes if isinstance(node, Relational) and node.op == "to")


class _AnswerReader:
    """One text and the ways to read it."""

    def __init__(
        self, text: str, question: frozenset[str], depth: int, parts: dict[tuple[str, int], Reading], *,
        mathematical: bool, worded: bool,
    ) -> None:  # fmt: skip
        self.text = text
        self.question = question
        self.depth = depth
        self.parts = parts
        self.mathematical = mathematical
        self.worded = worded
        self.failure = ""

    def read(self) -> Reading:
        for form in (self._truth, self._phrase, self._moment, self._parts, self._chemistry, self._size, self._prose,
                     self._common_things, self._mathematics):  # fmt: skip
            found = form()
            if found is not None:
                return found
        short = len(self.text) <= MAX_SENTENCE
        for form in (self._label, self._row, self._restated, self._things, self._led_in) if short else ():
            found = form()
            if found is not None:
                return found
        found = self._sentence()
        return found if found is not None else Reading(self.text, remainder=self.failure or "no known form")

    def _reading(self, *nodes: Node, ignored: str = "") -> Reading:
        return Reading(self.text, nodes, ignored)

    def _inner(self, text: str) -> Reading:
        """The reading of a part, which is an answer of its own."""
        if len(text) >= len(self.text) or self.depth >= MAX_PARTS_WITHIN:
            return Reading(text, remainder="parts within parts")
        key = text, self.depth + 1
        if key not in self.parts:
            if len(self.parts) >= MAX_PARTS_READ:
                return Reading(text, remainder=f"more than {MAX_PARTS_READ} parts")
            self.parts[key] = _read(text, self.question, self.depth + 1, self.parts)
        return self.parts[key]

    # -- words -------------------------------------------------------------------------------------------------------

    def _truth(self) -> Reading | None:
        if not self.text[:1].isalpha():
            return None
        truth = as_truth(self.text)
        if truth is not None:
            return self._reading(truth[0], ignored=truth[1])
        more = after_truth(self.text)
        if more is None:
            return None
        rest = self._inner(more[1])
        return self._reading(*(Collection("parts", (more[0], node)) for node in rest.nodes)) if rest.complete else None

    def _phrase(self) -> Reading | None:
        if self.text[-2:] in ("st", "nd", "rd", "th") and ORDINAL.fullmatch(self.text):
            return self._reading(Words(self.text))
        phrase = as_phrase(self.text) if self.text[:1].isalpha() else None
        return self._reading(phrase) if phrase is not None else None

    def _row(self) -> Reading | None:
        """`9 2 0 7`: numbers in a row, with nothing but spaces between them, as programs print them; and `(1 2 3)`."""
        if self.text[:1] == "(" and (permutation := cycles(self.text)) is not None:
            commas = re.sub(r"(?<=\d)(?:\s|\\[,;: ])+(?=\d)", ", ", self.text)
            return self._reading(Words(permutation, quoted=True), *_readable(commas)[: self.text.count("(") == 1])
        if not _ROW.fullmatch(self.text) or len(spellings(self.text)[0].split()) == 1:
            return None
        numbers = [node for piece in self.text.split() for node in _readable(piece)]
        return self._reading(Collection("list", tuple(numbers)))

    def _moment(self) -> Reading | None:
        """A date or a time; a colon may also stand in a ratio."""
        if (year := _IN_YEAR.fullmatch(self.text)) is not None:
            return self._inner(year[1])
        found = moments(self.text)
        if not found:
            return None
        if isinstance(found[0], Day) and found[0].day is None and not any(map(str.isalpha, self.text)):
            found = _readable(self.text) + found
        if isinstance(found[0], Clock) and ":" in self.text and not found[0].half_known:
            found += _readable(self.text)
        return self._reading(*found)

    def _prose(self) -> Reading | None:
        """Letters only: words first, and the product of variables that they may be."""
        if self.mathematical or not (self.worded or is_prose(self.text)):
            return None
        spelled = number_in_words(self.text)
        if spelled is not None:
            return self._reading(spelled, *([Words(self.text)] if self.text.casefold() in PLACES else []))
        for form in (self._things, self._led_in) if len(self.text) <= MAX_SENTENCE else ():
            found = form()
            if found is not None:
                return found
        return self._reading(Words(" ".join(self.text.split())), *_readable(in_signs(self.text)))

    # -- parts -------------------------------------------------------------------------------------------------------

    def _parts(self) -> Reading | None:
        parts = split_parts(self.text) if "(" in self.text or ")" in self.text or ":" in self.text else []
        contents = [self._inner(part.content) for part in parts]
        if not parts or not all(content.complete for content in contents):
            return None
        labelled = tuple(Labelled(part.name, content.node) for part, content in zip(parts, contents, strict=True))
        return self._reading(Collection("parts", labelled))

    def _label(self) -> Reading | None:
        """`(b) 5` whose label the grammar could not take for a factor."""
        label = split_label(self.text)
        if label is None:
            return None
        content = self._inner(label.content)
        return self._reading(*(Labelled(label.name, node) for node in content.nodes)) if content.complete else None

    def _chemistry(self) -> Reading | None:
        said = self.text.startswith("\\ce")
        text = re.sub(r"\\ce\s*\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", self.text) if said else self.text
        if self.text.isdigit() or (text == text.lower() and "s" not in text):
            return None
        formula = chemical(text, said=said)
        if formula is None:
            return None
        return self._reading(formula, *(_readable(text) if text.lstrip().startswith("I") else ()))  # I_2: identity

    def _size(self) -> Reading | None:
        """`2 x 3 matrix`, `10 ft by 12 ft`: lengths in order."""
        texts = lengths(self.text, self.question) if self.text[-1:].isalnum() else None
        found = [self._inner(text) for text in texts or ()]
        if not found or not all(length.complete for length in found):
            return None
        return self._reading(Collection("tuple", tuple(length.node for length in found)))

    # -- mathematics -------------------------------------------------------------------------------------------------

    def _mathematics(self) -> Reading | None:
        label = split_label(self.text)
        if label is not None:
            labelled = self._label()
            if labelled is not None:
                return labelled
        readings: list[Node] = []
        opened = without_opening(self.text)
        for candidate in (self.text,) if opened == self.text else (opened, self.text):
            for text in indexed(respelled(with_signs(translated(candidate)))):
                for spelling in spellings(text):
                    readings.extend(node for node in self._both(spelling) if node not in readings)
            if readings:
                break
        if (counted := arranged(self.text)) is not None:
            readings.extend(_readable(counted))
        spelled = number_in_words(self.text) if not self.mathematical else None
        if spelled is not None:  # `1 and 1/2` may be two values
            readings = [spelled, *(node for node in readings if "/" in self.text and isinstance(node, Collection))]
        return self._reading(*readings) if readings else None

    def _both(self, text: str) -> tuple[Node, ...]:
        """With unit words as units, and, where that leaves a choice, as variables."""
        found, failure = _attempt(text, units=True)
        self.failure = self.failure or failure
        nodes = tuple(node for node in found if not _binds_a_unit(node))
        if not nodes or any(isinstance(part, Quantity) for node in nodes for part in walk(node)):
            nodes = nodes + _attempt(text, units=False)[0]
        return nodes

    def _restated(self) -> Reading | None:
        """`5 (five)`, `47.5 (pounds)`, `0.33 (2 d.p.)`: a value said again, its unit, or how it was rounded."""
        match = _RESTATED.fullmatch(self.text)
        if match is None:
            return None
        value = self._inner(match[1])
        if not value.complete or isinstance(value.node, Words):
            return None
        if _REMARK.fullmatch(match[2].strip()):
            return self._reading(*value.nodes, ignored=match[2])
        if is_unit(match[2]) or self._is_counter(match[2], value.node):
            return self._inner(f"{match[1]} {match[2]}")
        again = self._inner(_SAID_AGAIN.sub("", match[2]))
        shared = tuple(node for node in value.nodes if node in again.nodes or _same_number(node, again.nodes))
        return self._reading(*shared, ignored=match[2]) if shared else None

    # -- things and sentences ----------------------------------------------------------------------------------------

    def _common_things(self) -> Reading | None:
        """`1 way` before its letters are taken for variables."""
        last = self.text.rpartition(" ")[2]
        return self._things() if last.isalpha() and is_common(last) and self.text[:1].isalnum() else None

    def _things(self) -> Reading | None:
        """`12 apples`, `five apples`, `3 cats and 2 dogs`: closed numbers and what they count, which acts as a unit."""
        one = self._counted(self.text)
        if one is not None:
            return self._reading(one)
        pieces = re.split(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", self.text) if len(self.text) < 300 else []
        found = [self._counted(piece) for piece in pieces]
        if len(found) < 2 or any(item is None for item in found):
            return None
        return self._reading(Collection("bare", tuple(item for item in found if item is not None)))

    def _counted(self, text: str) -> Node | None:
        if (rated := _RATE.fullmatch(text) if len(text) < 200 else None) is not None:
            return self._rate(rated[1], rated[2])
        pieces = text.split() if len(text) < 200 else []
        kept = without_total(pieces)
        if kept != pieces and len(kept) == 1:
            return next(iter(_readable(kept[0])), None)
        for cut in range(1, len(kept)):
            noun = " ".join(kept[cut:])
            if not noun[:1].isalpha():
                continue
            value = _value(" ".join(kept[:cut]))
            if value is not None and self._is_counter(noun, value):
                unit = noun_unit(noun)
                return value if unit is None else Quantity(value, unit, True)
        return None

    def _rate(self, counted: str, per: str) -> Node | None:
        """`80 words per minute`: so many for one of something."""
        unit = unit_named(per) or noun_unit(per)
        measured = (node for node in _readable(counted) if isinstance(node, Quantity))
        amount = next(measured, None) or self._counted(counted) or _value(counted)
        if amount is None or unit is None or per == "cent" or per in NO_COUNTERS:
            return None
        if not isinstance(amount, Quantity):
            return Quantity(amount, unit.power(Fraction(-1)), True)
        return Quantity(amount.value, amount.unit * unit.power(Fraction(-1)), True)

    def _is_counter(self, noun: str, value: Node) -> bool:
        return counted(noun, value.value if isinstance(value, Number) else None, self.question)

    def _led_in(self) -> Reading | None:
        """`There are exactly 5 such integers`: one value, and words before it that cannot change it."""
        for text in dict.fromkeys((self.text, without_opening(self.text))):
            before = followed(text)
            if before is not None and (value := self._inner(before)).complete and _is_one_value(value.node):
                return self._reading(*value.nodes, ignored=self.text.partition(before)[2].strip())
        opened = without_opening(self.text)
        if opened != self.text and (value := self._inner(opened)).complete and _is_one_value(value.node):
            return self._reading(*value.nodes, ignored=self.text.removesuffix(opened).strip())
        for text in dict.fromkeys((self.text, opened)):
            for lead, rest in lead_ins(text):
                value = self._inner(rest)
                if value.complete and not isinstance(value.node, Words) and _is_one_value(value.node):
                    return self._reading(*value.nodes, ignored=lead)
        return None

    def _sentence(self) -> Reading | None:
        found = statement(in_words(self.text), lambda piece: next(iter(_readable(translated(piece))), None))
        return self._reading(found) if found is not None else None


def _binds_a_unit(node: Node) -> bool:
    """`5t, t in Z`, `f(t) = 5t`: what looks like a unit is a name that is bound there."""
    units = {part.unit.name for part in walk(node) if isinstance(part, Quantity)}
    if not units:
        return False
    bound: set[str] = set()
    for part in walk(node):
        match part:
            case Relational("in", Symbol(name), _):
                bound.add(name)
            case Relational(_, Operation("call", (_, *names)), _):
                bound.update(name.name for name in names if isinstance(name, Symbol))
    return bool(units & bound)


def _readable(text: str) -> list[Node]:
    """The trees of a text that is mathematics and nothing else."""
    for spelling in spellings(text):
        nodes = _attempt(spelling, units=True)[0]
        if not nodes or any(isinstance(part, Quantity) for node in nodes for part in walk(node)):
            nodes = nodes + _attempt(spelling, units=False)[0]
        if nodes:
            return list(nodes)
    return []


def _parsed(text: str, *, units: bool) -> tuple[Node, ...]:
    return _attempt(text, units=units)[0]


@lru_cache(maxsize=1024)  # an answer and its respellings come down to a few texts
def _attempt(text: str, *, units: bool) -> tuple[tuple[Node, ...], str]:
    """The reading from left to right, and the one where `1/2x` is 1/(2x) if that differs; or why there is none."""
    found: list[Node] = []
    try:
        for tight in (False, True):
            parser = Parser(tokenize(text), units=units, tight=tight)
            node = parser.answer()
            if depth_of(node) <= MAX_DEPTH:
                found.append(node)
            if not parser.ambiguous:
                break
    except (UnreadableAnswer, RecursionError) as error:
        return tuple(found), str(error)
    return tuple(found), ""


def _value(text: str) -> Node | None:
    """A closed number in digits or words."""
    spelled = number_in_words(text)
    if spelled is not None:
        return spelled
    node = next(iter(_attempt(next(iter(spellings(text))), units=False)[0]), None)
    return node if isinstance(node, Number | Operation) and is_closed(node) else None


def _same_number(node: Node, others: tuple[Node, ...]) -> bool:
    value = exact(node)
    return value is not None and value in map(exact, others)


def _is_one_value(node: Node) -> bool:
    """A number or a measure, or a plain shape: what a sentence may lead in to."""
    if isinstance(node, Quantity | Day | Clock | Collection):
        return True
    return (
        isinstance(node, Number | Operation | Symbol)
        and not (isinstance(node, Symbol) and len(node.name) > 1)
        and bool(is_closed(node) or symbols(node))
    )
