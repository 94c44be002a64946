"""A term and the values that it passes → its solution in words: one paragraph for each skill, in order of evaluation.

A skill that explains itself is told in its own sentences; of any other the solution says honestly what its value is,
and no more. Every number stands in the statement, in the trace, or in a sentence of a skill. Example:

    First we look for the number of permutations of $5$ objects that leave exactly $2$ of them in place. The objects
    that keep their place are chosen first: $\\binom{5}{2} = 10$ ways. … so there are $10 \\cdot 2 = 20$ permutations.

    Finally, the number of zeros at the end of the base-$12$ representation of $20!$ is 8.

    The answer is 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from agentprop.composition import grammar
from agentprop.composition.draft_code import output_spec
from agentprop.composition.signs import may_be_negative
from agentprop.composition.solution.filling import enumerated, fill, parameter_text, shown, value_text
from agentprop.composition.solution.objects import in_words
from agentprop.composition.solution.outline import Key, Outline, Scope, answered, is_open, key_of
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Program,
    Relation,
    Remainder,
    Sought,
    Term,
    Total,
    Variable,
    measured,
    owner_of,
    pipeline,
)
from agentprop.skills import Hole, Package, Spec, holes, segments, worded
from agentprop.skills.explanations import VALUE
from agentprop.skills.values import parse

QUOTED = 16
"""Fewest characters of a wording by which a statement is seen to use it."""
SHOWN = 12
"""Most values of a sweep that are all listed; of more the first three and the last two are."""


class Row(NamedTuple):
    """One row of a trace."""

    value: Any
    """The value."""
    notes: Sequence[Sequence[Any]]
    """(name, value) of each step of a skill; (integer, value, other side, condition holds) of a sweep."""


@dataclass
class Narrator:
    """Tells the values of a term in words."""

    library: Mapping[str, Package]
    outline: Outline
    rows: Sequence[Row]
    last: Term
    """The value that the answer is."""
    statement: str = ""
    """The statement; empty if it is not known."""
    told: set[Key] = field(default_factory=set)
    paragraphs: list[str] = field(default_factory=list)

    def row(self, term: Term, scope: Scope) -> Row:
        """The row of a value."""
        return self.rows[self.outline.places[key_of(term, scope)]]

    def tell(self, term: Term, scope: Scope) -> None:
        """Tell all that a value is made of, and then the value; each once."""
        key = key_of(term, scope)
        if key in self.told:
            return
        self.told.add(key)
        match term:
            case Apply():
                for _, value in term.arguments:
                    if not isinstance(value, Given | Variable):
                        self.tell(value, key[1])
                self.paragraphs.append(self._applied(term, scope))
            case Least() | Total() | Count():
                self._sweep(term, scope)
            case Sought():
                self._datum(term, scope)
            case Combine():
                self.tell(term.left, scope)
                self.tell(term.right, scope)
                self.paragraphs.append(self._combined(term, scope))
            case LowestTerms() | Remainder():
                self.tell(term.body, scope)
                self.paragraphs.append(self._reduced(term, scope))
            case _:
                raise ValueError(f"a {type(term).__name__.lower()} has no solution")

    def _datum(self, term: Sought, scope: Scope) -> None:
        """Tell what the datum is, and then that it gives the value; that no other does was tried."""
        spec, name = owner_of(term, self.library)
        row, n = self.row(term, scope), term.variable
        found = parameter_text(spec.parameters[name], row.value)
        self.paragraphs.append(
            f"The steps below give the value for any ${n}$. It {self._course(row)} with ${n}$ all the time, so "
            f"the given value is reached only once. {self._enclosed(term, row)}they yield {found}; with this number "
            "they read as follows."
        )
        self.tell(term.body, (*scope, term))
        self.paragraphs.append("This is the value that was given.")

    def _course(self, row: Row) -> str:
        """Whether the value rises or falls, by the values at two numbers."""
        if len(row.notes) < 2:
            return "rises or falls"
        (_, low), (_, high) = row.notes
        return "rises" if low < high else "falls"

    def _enclosed(self, term: Sought, row: Row) -> str:
        """How the datum can be found: the values at two numbers between which it lies."""
        n, spec = term.variable, measured(term.body, self.library)
        if len(row.notes) < 2 or spec is None:
            return f"Solved for ${n}$, "
        at = [f"${n} = {shown(x, math=True)}$ they give {value_text(spec.output, value)}" for x, value in row.notes]
        return (
            f"For {at[0]}, for {at[1]}. The given value lies between these, and if the interval is halved again and "
            f"again, always keeping the half that still encloses the given value, "
        )

    # --- skills ---

    def _applied(self, term: Apply, scope: Scope) -> str:
        spec, row = self.library[term.skill].spec, self.row(term, scope)
        phrase = self.phrase(term, scope)
        steps = {str(name): value for name, value in row.notes}
        steps |= in_words(spec, steps)
        opening = self._opening(term)
        if not spec.explain:
            subject = phrase or _subject(spec, "asked for" if term == self.last else "needed next")
            return f"{opening[1]}{subject} is {value_text(spec.output, row.value)}."
        told = [worded(sentence, may_be_negative(term, self.library)) for sentence in spec.explain]
        texts = [fill(sentence, self._text(term, scope, steps)) for sentence in told]
        alone = term == self.last and len(self.outline.places) == 1
        head = [] if alone or phrase is None else [f"{self._leading(term, opening[0])} {phrase}."]
        return ("\n\n" if spec.is_object else " ").join([*head, *texts])

    def _leading(self, term: Apply, opening: str) -> str:
        """How the paragraph of a skill begins; of a question that the statement puts in other words it says so."""
        parts = [part for text in self.library[term.skill].spec.value for part in segments(text)]
        quoted = [part for part in parts if isinstance(part, str) and len(part) > QUOTED]
        if term != self.last or not self.statement or not quoted or any(part in self.statement for part in quoted):
            return opening
        return "Finally, the question comes down to" if opening.startswith("Finally") else opening

    def _opening(self, term: Term) -> tuple[str, str]:
        """How a paragraph begins: with an explanation, and with nothing but the value."""
        if len(self.outline.places) == 1:
            return "We look for", "Here "
        if len(self.paragraphs) == isinstance(self.last, Sought):
            return "First we look for", "First, "
        if term == self.last:
            return "Finally, we look for", "Finally, "
        return "Next we look for", "Next, "

    def _text(self, term: Apply, scope: Scope, steps: Mapping[str, Any]) -> Any:
        spec, value = self.library[term.skill].spec, self.row(term, scope).value

        def text(name: str, math: bool) -> str:
            if name in steps:
                figures = spec.output.figures if spec.output is not None else 3
                listed = isinstance(steps[name], list) and spec.domain != "coding"  # a list is no object of these
                return (enumerated if listed else shown)(steps[name], math=math, figures=figures)
            return (
                value_text(spec.output, value, math=math) if name == VALUE else self.argument(term, name, math, scope)
            )

        return text

    def argument(self, term: Apply, name: str, math: bool, scope: Scope) -> str:
        """The text of a parameter: what is given, or what was computed for it."""
        p, value = self.library[term.skill].spec.parameters[name], term.argument(name)
        if isinstance(value, Given):
            return parameter_text(p, parse(p, value.text), math=math)
        if isinstance(value, Variable):
            sought = next((term for term in scope if isinstance(term, Sought) and term.variable == value.name), None)
            if sought is not None:
                return parameter_text(p, self.row(sought, ()).value, math=math)
            return shown(self._example(value, scope), math=math)
        return parameter_text(p, self.row(value, scope).value, math=math)

    def _example(self, letter: Variable, scope: Scope) -> int:
        """The integer for which a sweep is worked out."""
        sweep = next(term for term in reversed(scope) if getattr(term, "variable", None) == letter.name)
        assert isinstance(sweep, Least | Total | Count)
        return _example_of(sweep, self.row(sweep, scope[: scope.index(sweep)]))

    def phrase(self, term: Apply, scope: Scope, letters: bool = False) -> str | None:
        """The noun phrase of a skill's value; None if it has none. `letters` leaves the letter of a sweep in it."""
        spec = self.library[term.skill].spec
        if not spec.value:
            return f"{spec.named[0]}{self._case(term, scope)}" if spec.named else None

        def text(name: str, math: bool) -> str:
            if name not in spec.parameters:
                return spec.flavour[name][0]
            value = term.argument(name)
            if letters and isinstance(value, Variable):
                return value.name if math else f"${value.name}$"
            return self.argument(term, name, math, scope)

        return fill(worded(spec.value[0], may_be_negative(term, self.library)), text)

    def _case(self, term: Apply, scope: Scope) -> str:
        """Tell a quantity from another one of the same name: by its letter in the statement, or by its own datum."""
        named = self.library[term.skill].spec.named[0]
        others = [other for other, _ in self.outline.places if isinstance(other, Apply) and other != term]
        twins = [other for other in others if named in self.library[other.skill].spec.named[:1]]
        given = {value for other in twins for _, value in other.arguments}
        own = [name for name, value in term.arguments if isinstance(value, Given) and value not in given]
        if not twins or not own:
            return ""
        spec = self.library[term.skill].spec
        measures = [(_measure(spec, name) or "{}").format(self.argument(term, name, False, scope)) for name in own]
        if (letter := _letter(self.statement, named, measures)) is not None:
            return f", called ${letter}$"
        name = max(own, key=lambda name: bool(_measure(spec, name)))
        return f", in the case with {(_measure(spec, name) or '{}').format(self.argument(term, name, False, scope))}"

    # --- sweeps ---

    def _sweep(self, term: Least | Total | Count, scope: Scope) -> None:
        inner = (*scope, term)
        parts = [term.body] + ([term.relation.other] if isinstance(term, Least | Count) and term.relation.other else [])
        for part in parts:
            self._closed(part)
        row = self.row(term, scope)
        names = [self._swept_name(part, term, inner) for part in parts]
        self.paragraphs.append(self._asked(term, names))
        example = _example_of(term, row)
        for part in parts:
            if is_open(part) and not isinstance(part, Variable):
                before = len(self.paragraphs)
                self.tell(part, inner)
                if len(self.paragraphs) > before:
                    text = grammar.capitalized(self.paragraphs[before].removeprefix("Next, ").removeprefix("Next "))
                    role = "where the search will end" if isinstance(term, Least) else "as an example"
                    comma = "," if isinstance(term, Least) else ""
                    self.paragraphs[before] = f"Take ${term.variable} = {example}${comma} {role}. {text}"
        self.paragraphs.append(self._found(term, row))

    def _closed(self, term: Term) -> None:
        """Tell the values inside a sweep that are the same for every integer."""
        if isinstance(term, Given | Variable):
            return
        if not is_open(term):
            self.tell(term, ())
        elif isinstance(term, Apply):
            for _, value in term.arguments:
                self._closed(value)

    def _swept_name(self, part: Term, sweep: Least | Total | Count, inner: Scope) -> str:
        plain = isinstance(part, Apply) and not any(
            is_open(value) and not isinstance(value, Variable) for _, value in part.arguments
        )
        phrase = self.phrase(part, inner, letters=True) if isinstance(part, Apply) and plain else None
        return phrase or f"the value that belongs to ${sweep.variable}$"

    def _asked(self, term: Least | Total | Count, names: Sequence[str]) -> str:
        first = "" if not self.paragraphs else "Next, "
        if isinstance(term, Total):
            text = rf"we add up, over the integers ${term.low} \le {term.variable} \le {term.high}$, {names[0]}."
        else:
            held = _relation(term.relation, names[-1])
            if isinstance(term, Least):
                what = rf"the smallest integer ${term.variable} \ge {term.low}$ for which"
            else:
                what = rf"the number of integers ${term.low} \le {term.variable} \le {term.high}$ for which"
            text = f"we look for {what} {names[0]} {held}."
        return f"{first}{text}" if first else grammar.capitalized(text)

    def _found(self, term: Least | Total | Count, row: Row) -> str:
        n, points = term.variable, row.notes
        integers = _listed([shown(point[0], math=True) for point in points])
        values = _listed([shown(point[1], math=True) for point in points])
        text = f"In the same way, for ${n} = {integers}$ the values are ${values}$."
        if isinstance(term, Total):
            return f"{text} Their sum is {shown(row.value)}."
        if term.relation.other is not None:
            text += f" On the other side stand ${_listed([shown(point[2], math=True) for point in points])}$."
        if isinstance(term, Least):
            return f"{text} The condition holds for the first time at ${n} = {shown(row.value, math=True)}$."
        met = ", ".join(shown(point[0], math=True) for point in points if point[3])
        return f"{text} The condition holds for ${n} = {met}$, which makes {shown(row.value)}."

    # --- operators ---

    def _combined(self, term: Combine, scope: Scope) -> str:
        left, right = (self.row(side, scope).value for side in (term.left, term.right))
        value = self.row(term, scope).value
        sign = {"sum": "+", "difference": "-", "product": r"\cdot"}[term.op]
        formula = _formula(f"<left> {sign} <right> = <value>", left=left, right=right, value=value)
        spec = measured(term, self.library)
        unit = spec.output.unit if spec is not None and spec.output is not None else None
        formula += f" {unit}" if unit and unit != "1" else ""
        told = {"sum": "The sum is", "difference": "The first value exceeds the second by", "product": "The product is"}
        return f"{told[term.op]} {formula}."

    def _reduced(self, term: LowestTerms | Remainder, scope: Scope) -> str:
        inner, value = self.row(term.body, scope).value, self.row(term, scope).value
        if isinstance(term, Remainder):
            formula = _formula(r"<left> \bmod <right> = <value>", left=inner, right=term.modulus, value=value)
            return f"What is left over on division by ${term.modulus}$ is {formula}."
        reduced = Fraction(inner)
        p, q = reduced.numerator, reduced.denominator
        quotient = rf"\frac{{p}}{{q}} = \frac{{{p}}}{{{q}}}"
        total = _formula("p + q = <left> + <right> = <value>", left=p, right=q, value=value)
        return f"In lowest terms ${quotient}$, so {total}."


def _subject(spec: Spec, purpose: str) -> str:
    """What a value is, by the noun of its story if it has one."""
    output = spec.output
    if output is None or output.role is None or not output.subject:
        return f"the value {purpose}"
    if output.kind == "integer":
        return f"the number of {output.subject}"
    return f"the {output.role.replace('-', ' ')} of the {output.subject}"


def _letter(statement: str, named: str, measures: Sequence[str]) -> str | None:
    """The letter by which a statement names a quantity behind the scene that gives its data; None if it names none.

    >>> scenes = "A ball, 2 mm wide, sinks.\\n\\nA ball sinks that is 3 mm wide. Call the speed $u$.\\n\\nFind it."
    >>> _letter(scenes, "the speed", ["3 mm"]), _letter(scenes, "the speed", ["2 mm"])
    ('u', None)
    """
    frames = [re.escape(frame).replace("<named>", re.escape(named)) for frame in grammar.TOLD]
    pattern = "|".join(frame.replace("<symbol>", "([A-Za-z])") for frame in frames)
    for scene in statement.split(grammar.APART):
        found = re.search(f"(?:{pattern})$", scene)
        if found is not None and all(measure in scene for measure in measures):
            return str(next(filter(None, found.groups())))
    return None


_BEHIND: Mapping[str, str] = {"%": "{}%", r"^\circ": r"${}^\circ$", " K": "{} K"}
"""What a wording writes behind a number that is no unit of its declaration → how the number reads by itself."""


def _measure(spec: Spec, name: str) -> str:
    """How a datum reads by itself, with `{}` for its text; of one whose wording has no unit behind it the text alone.

    The result is empty for a bare number: nobody finds "the case with 57" in a statement.
    """
    p = spec.parameters[name]
    if p.unit or p.kind not in ("integer", "decimal", "rational"):
        return "{}"
    for wording in spec.phrasings[:1]:
        parts = segments(wording.text)
        for part, after in pairwise(parts):
            if isinstance(part, Hole) and part.name == name and isinstance(after, str):
                return next((text for mark, text in _BEHIND.items() if after.startswith(mark)), "")
    return ""


def _formula(text: str, **values: Any) -> str:
    return fill(f"${text}$", lambda name, math: shown(values[name], math=math))


def _relation(relation: Relation, other: str) -> str:
    text = grammar.RELATIONS[relation.comparison][0]
    return text.replace("<right>", other).replace("<value>", str(relation.value))


def _example_of(sweep: Least | Total | Count, row: Row) -> int:
    met = [point[0] for point in row.notes if point[3]]
    return int(met[0]) if met and not isinstance(sweep, Total) else sweep.low


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts if len(texts) <= SHOWN else [*texts[:3], r"\dots", *texts[-2:]])


# --- whole solutions ---


def solution(term: Term, outline: Outline, rows: Sequence[Row], answer: str, statement: str = "") -> str:
    """Write the solution of a term from its outline. Raises ValueError or LookupError if it cannot be told."""
    root = answered(term)
    narrator = Narrator(outline.library, outline, rows, root, statement)
    narrator.tell(root, ())
    return "\n\n".join([*narrator.paragraphs, closing_line(term, outline.library, answer)])


def closing_line(term: Term, library: Mapping[str, Package], answer: str) -> str:
    """The last line: the answer, in the form that the statement asks for."""
    if root_is_printed(term):
        return f"The program prints {answer}."
    spec = output_spec(term, library)
    output = spec.output if spec is not None else None
    if output is None or output.kind != "quantity":
        return f"The answer is {answer}."
    if output.decimals is not None:
        return f"To {_word(output.decimals)} decimal places, the answer is {answer}."
    return f"To {_word(output.figures)} significant figures, the answer is {answer}."


def root_is_printed(term: Term) -> bool:
    """True if the answer is what a program prints."""
    return answered(term) is not term and not isinstance(term, Program)


_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _word(number: int) -> str:
    return _WORDS[number]


def method(term: Program, library: Mapping[str, Package], reference: str) -> str:
    """Write the method of a program, skill by skill, and its reference. Raises ValueError if it is no chain."""
    chain = pipeline(term.body, library)
    if not chain:
        raise ValueError("the program is no chain of steps")
    told = [" ".join(_method_of(node, library)) for node in chain]
    head = f"The function takes `{term.variable}` through {'one step' if len(told) == 1 else 'these steps in turn'}."
    if len(told) > 1:  # numbered as the statement's steps are
        told = [f"{number}. {text}" for number, text in enumerate(told, 1)]
    return "\n\n".join([head, *told, f"As a program:\n\n```python\n{reference}\n```"])


def family_method(node: Apply, library: Mapping[str, Package], reference: str) -> str:
    """Write the method of a judged program and its reference. Raises ValueError if its family does not explain it."""
    told = " ".join(_method_of(node, library))
    return f"{told}\n\nAs a program:\n\n```python\n{reference}\n```"


def _method_of(node: Apply, library: Mapping[str, Package]) -> Iterator[str]:
    spec, negative = library[node.skill].spec, may_be_negative(node, library)

    def text(name: str, math: bool) -> str:
        p, value = spec.parameters[name], node.argument(name)
        if isinstance(value, Given):
            return parameter_text(p, parse(p, value.text), math=math)
        if isinstance(value, Variable):
            return value.name if math else f"`{value.name}`"
        return name if math else f"the {_NOUNS.get(p.kind, 'value')} found so far"

    general = [s for s in spec.explain if {*holes(s)} <= {*spec.parameters}]
    if general:
        yield from (fill(worded(sentence, negative), text) for sentence in general)
    elif spec.step is not None:
        sentence = fill(worded(spec.step, negative), text)
        yield f"{grammar.capitalized(sentence)}."
    elif (phrase := spec.finish or next(iter(spec.value), None)) is not None:
        yield f"Return {fill(worded(phrase, negative), text)}."
    else:
        raise ValueError(f"{spec.name} has no words for what it does")


_NOUNS = {"list": "list", "words": "list of strings", "string": "string", "graph": "graph", "integer": "number"}
