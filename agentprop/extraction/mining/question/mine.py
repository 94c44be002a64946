"""One question with its known answer to a template: read whole, computed by two routes, confirmed, varied, read again.

The reading is made before the answer is looked at. What the answer contradicts although two routes agree is kept as a
`Disagreement`, because the fault may be the corpus'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.answers import agrees, same_form
from agentprop.extraction.mining.question.execute import FAILURES, NotComputed, call
from agentprop.extraction.mining.question.kernel.answer import named, single_value
from agentprop.extraction.mining.question.kernel.texts import text_of
from agentprop.extraction.mining.question.latex.tree import Node, Unreadable, walk
from agentprop.extraction.mining.question.reading import LetterForm, QuestionReading, Readings, numbers_of, readings
from agentprop.extraction.mining.question.rewriting import has_holes, rewritten, template
from agentprop.extraction.mining.question.template import QuestionTemplate, VaryingNumber, names_for
from agentprop.extraction.mining.question.text import QuestionText
from agentprop.extraction.mining.question.vary import Kind, Variation, kind_of, vary, wider
from agentprop.extraction.mining.question.witness import idle_conditions
from agentprop.extraction.mining.question.written import ROUNDED, unwritable

REREAD = 6
"""Settings whose rewritten text is read again."""


@dataclass(frozen=True)
class Solved:
    """A question whose value both routes agree on."""

    readings: tuple[QuestionReading, ...]
    """Its readings; all have this value."""
    value: Any
    """The exact value."""
    text: str
    """The value as LaTeX."""


class Disagreement(Refusal):
    """Two routes agree on a value that is not the corpus' answer."""

    def __init__(self, found: str, value: Any, computation: str) -> None:
        super().__init__("disagrees", f"two routes give {found}")
        self.found = found
        self.value = value
        self.computation = computation


def mine(question: str, gold: str) -> QuestionTemplate:
    """The template of a document. Raises Refusal."""
    understood = readings(question)
    numbers = numbers_of(understood.question)
    found = solved(understood, numbers, gold)
    return varied(understood, numbers, found, gold)


def solved(understood: Readings, numbers: Sequence[Any], gold: str) -> Solved:
    """The value of a question, confirmed by its answer. Raises Refusal."""
    if not gold.strip():
        raise Refusal("no-answer", "the document has no final answer")
    if not understood.values:
        raise _form_refusal(understood.forms, gold)
    values = [(reading, _value(reading.solve, numbers)) for reading in understood.values]
    computed = [(reading, value) for reading, value in values if not isinstance(value, NotComputed)]
    if not computed:
        raise _one_route(understood, numbers, gold, values[0][1])
    texts = {_text(value) for _, value in computed}
    value = computed[0][1]
    if len(texts) > 1:
        raise Refusal("ambiguous-question", f"the question can be read with the values {', '.join(sorted(texts))}")
    other = _value(computed[0][0].check, numbers)
    confirmed = not isinstance(other, NotComputed) and _same(value, other)
    agreed = _agrees(value, gold, understood.question.source, computed[0][0])
    if not agreed and confirmed and _is_complex(gold) and _is_real(value):
        raise Refusal("not-reproduced", "the answer has complex numbers, and the question was taken over the reals")
    if not agreed and confirmed and ROUNDED.search(understood.question.source):
        raise Refusal("not-reproduced", "the answer is to be rounded, which no computation here does")
    if not agreed and confirmed:
        raise Disagreement(texts.pop(), value, computed[0][0].program.solve)
    if not agreed:
        raise Refusal("not-reproduced", f"the question comes to {texts.pop()}, by one route alone")
    if not confirmed:
        raise Refusal("no-second-route", f"the second route gives {other}")
    if computed[0][0].program.solve == computed[0][0].program.check:
        raise Refusal("no-second-route", "both routes are one computation")
    return Solved(tuple(reading for reading, _ in computed), value, texts.pop())


def _is_complex(gold: str) -> bool:
    return re.search(r"(?<![A-Za-z\\])i(?![A-Za-z])", gold) is not None


def _is_real(value: Any) -> bool:
    return "i" not in re.sub(r"[\\]?[A-Za-z]{2,}", "", _text(value))


def _one_route(understood: Readings, numbers: Sequence[Any], gold: str, problem: NotComputed) -> Refusal:
    """Why a question has no exact value; whether the other route alone has the document's answer."""
    source = understood.question.source
    for reading in understood.values:
        value = _value(reading.check, numbers)
        if not isinstance(value, NotComputed) and _agrees(value, gold, source, reading):
            return Refusal("no-second-route", f"only one route computes it: {problem}")
    return Refusal("not-executed", str(problem))


def _form_refusal(forms: Sequence[LetterForm], gold: str) -> Refusal:
    """Why an expression in letters is no answer to vary: it equals the question itself, so nothing is tested."""
    for form in forms:
        try:
            if same_form(form.tree, gold):
                return Refusal(
                    "form-answer", "the answer is an expression in letters, which other numbers would not test"
                )
        except (Unreadable, NotComputed, *FAILURES):
            continue
    return Refusal("not-reproduced", "the answer is another expression in letters")


def varied(understood: Readings, numbers: Sequence[Any], found: Solved, gold: str) -> QuestionTemplate:
    """The template of a question that can be asked with other numbers. Raises Refusal."""
    question = understood.question
    if has_holes(question):
        raise Refusal("unwritable", "the question has text in angle brackets")
    try:
        kind = kind_of(found.value)
    except FAILURES as problem:
        raise Refusal("form-answer", f"the answer has no text: {problem}") from None
    if ROUNDED.search(question.source):
        raise Refusal("fixed", "the answer is to be rounded, which no computation here does")
    kind, domain = _domain(question, found, numbers, kind)
    wanted = unwritable(question.source, [answer for _, answer in domain.settings])
    if wanted is not None:
        raise Refusal("fixed", f"the answer is to be {wanted}, and with other numbers it is not")
    _read_again(understood, domain)
    return _template(understood, numbers, found, kind, domain)


def _domain(question: QuestionText, found: Solved, numbers: Sequence[Any], kind: Kind) -> tuple[Kind, Variation]:
    """The numbers that keep the kind of the answer, or a wider kind that the question allows. Raises Refusal."""
    try:
        return kind, vary(question, found.readings, numbers, kind)
    except Refusal as refusal:
        also = wider(kind, kind.of(found.value), question.source)
        if refusal.code != "fixed" or also is None:
            raise
        return also, vary(question, found.readings, numbers, also)


def _value(function: Any, numbers: Sequence[Any]) -> Any:
    try:
        value = call(function, numbers)
    except NotComputed as problem:
        return problem
    empty = isinstance(value, list) and not value
    return NotComputed("undefined", "no value") if value is None or empty else value


def _text(value: Any) -> str:
    try:
        return text_of(named(single_value(value)))
    except FAILURES:
        return str(value)


def _same(value: Any, other: Any) -> bool:
    try:
        kind = kind_of(value)
        return bool(kind.of(value) == kind.of(other))
    except FAILURES:
        return False


def _agrees(value: Any, gold: str, question: str, reading: QuestionReading) -> bool:
    unordered = isinstance(reading.tree, Node) and reading.tree.head == "ordered"
    try:
        return agrees(value, gold, question, unordered)
    except (Unreadable, NotComputed):
        raise Refusal("answer-unread", f"the document's answer cannot be read: {gold[:80]}") from None


def _read_again(understood: Readings, domain: Variation) -> None:
    """Rewrite the text with other numbers and read it: it must say the same of them. Raises Refusal."""
    question = understood.question
    for values, _ in _spread(domain.settings):
        texts = {
            slot: number_text(value, knob.places)
            for knob, value in zip(domain.knobs, values, strict=True)
            for slot in knob.slots
        }
        text = rewritten(question, texts)
        try:
            again = readings(text)
        except Refusal as refusal:
            raise Refusal("not-read-again", f"with other numbers: {refusal.message}") from None
        if not understood.programs <= again.programs or _numerals(again) != _numerals(understood, texts):
            raise Refusal("not-read-again", "with other numbers the question reads otherwise")


def _numerals(understood: Readings, texts: dict[int, str] | None = None) -> list[Fraction]:
    own = numbers_of(understood.question)
    return [Fraction((texts or {}).get(slot, one)) for slot, one in enumerate(own)]


def _spread(settings: Sequence[Any]) -> Sequence[Any]:
    rest = settings[1:]
    return [rest[place * (len(rest) - 1) // (REREAD - 1)] for place in range(REREAD)]


def number_text(value: Any, places: int) -> str:
    """A numeral."""
    return f"{float(value):.{places}f}" if places else str(value)


def _template(
    understood: Readings, numbers: Sequence[Any], found: Solved, kind: Kind, domain: Variation
) -> QuestionTemplate:
    question = understood.question
    names = names_for(len(domain.knobs))
    holes = {slot: name for name, knob in zip(names, domain.knobs, strict=True) for slot in knob.slots}
    reading = found.readings[0]
    written = {slot: holes.get(slot, _literal(number)) for slot, number in enumerate(numbers)}
    parameters = [
        VaryingNumber(name, knob.places, tuple(map(str, knob.values)))
        for name, knob in zip(names, domain.knobs, strict=True)
    ]
    return QuestionTemplate(
        phrasing=template(question, holes),
        parameters=tuple(parameters),
        table=tuple(tuple(map(str, row)) for row in domain.table),
        solve=_with_names(reading.program.solve, written),
        check=_with_names(reading.program.check, written),
        kind=kind.name,
        shape=kind.shape,
        size=kind.size,
        answer=str(kind.of(found.value)),
        trials=tuple((tuple(map(str, values)), str(answer)) for values, answer in domain.settings),
        answers=domain.answers,
        rate=domain.rate,
        how=domain.how,
        numerals=len(question.numerals),
        idle=_idle_share(reading, numbers, domain, kind),
        heads=_heads(reading),
    )


def _idle_share(reading: QuestionReading, numbers: Sequence[Any], domain: Variation, kind: Kind) -> float:
    """Share of the question's conditions that never matter."""
    settings = []
    for values, answer in domain.settings:
        setting = tuple(numbers)
        for knob, value in zip(domain.knobs, values, strict=True):
            setting = knob.set_to(setting, value)
        settings.append((setting, answer))
    idle, count = idle_conditions(reading, settings, kind)
    return round(idle / count, 2) if count else 0.0


def _literal(number: Any) -> str:
    return str(number) if isinstance(number, int) else f"Fraction({number.numerator}, {number.denominator})"


def _with_names(expression: str, written: dict[int, str]) -> str:
    """The program over the parameters instead of all numerals."""
    return re.sub(r"\bn(\d+)\b", lambda found: written[int(found[1])], expression)


def _heads(reading: QuestionReading) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.head for one in walk(reading.tree) if isinstance(one, Node)))
