"""A question to its readings: every way to take the whole of it, each as a tree and as the two programs of its value.

Nothing here knows the answer. Readings that come to the same programs are one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.execute import compiled, exact_number
from agentprop.extraction.mining.question.grammar.chart import Chart
from agentprop.extraction.mining.question.grammar.load import grammar
from agentprop.extraction.mining.question.latex.lexer import plain_number
from agentprop.extraction.mining.question.latex.tree import Tree, Unreadable, symbols
from agentprop.extraction.mining.question.meaning import understand
from agentprop.extraction.mining.question.program import RouteProgram, program, slot_names
from agentprop.extraction.mining.question.text import QuestionText, read

FIGURE = re.compile(r"\[asy\]|\\begin\{(?:tabular|picture|tikzpicture)|\\includegraphics|<image|!\[")
MOST_CHARACTERS = 1500


@dataclass(frozen=True)
class QuestionReading:
    """One way to take a question."""

    tree: Tree
    """Its value."""
    program: RouteProgram
    """The value as two expressions over the numerals n0, n1, …"""
    count: int
    """How many numerals the question has."""

    @cached_property
    def solve(self) -> Any:
        """The exact route as a function of the numerals."""
        return compiled(self.program.solve, self.count)

    @cached_property
    def check(self) -> Any:
        """The other route."""
        return compiled(self.program.check, self.count)


@dataclass(frozen=True)
class LetterForm:
    """A reading that asks for an expression in the letters of the question."""

    tree: Tree
    """The expression."""
    asked: str
    """What is to be done with it."""


@dataclass(frozen=True)
class Readings:
    """Everything that a question can mean."""

    question: QuestionText
    """Its pieces and numerals."""
    values: tuple[QuestionReading, ...]
    """Readings with a value."""
    forms: tuple[LetterForm, ...]
    """Readings that ask for a form."""

    @property
    def programs(self) -> frozenset[str]:
        """What the question says, for comparing it with another one."""
        return frozenset(one.program.solve for one in self.values)


def readings(text: str) -> Readings:
    """The readings of a question. Raises Refusal: needs-figure, unread, unmeant."""
    if FIGURE.search(text):
        raise Refusal("needs-figure", "the question has a figure or a table")
    if len(text) > MOST_CHARACTERS:
        raise Refusal("unread", f"the question is longer than {MOST_CHARACTERS} characters")
    question = read(text)
    try:
        trees = list(dict.fromkeys(Chart(grammar(), question.pieces).whole("question")))
    except Unreadable as problem:
        raise Refusal("unread", str(problem)) from None
    return _understood(question, trees)


def _understood(question: QuestionText, trees: Sequence[Tree]) -> Readings:
    values: dict[str, QuestionReading] = {}
    forms: dict[str, LetterForm] = {}
    reasons: list[str] = []
    names = slot_names(len(question.numerals))
    for tree in trees:
        try:
            meaning = understand(question, tree)
            if meaning.form and (symbols(meaning.tree) or meaning.form == "antiderivative"):
                forms.setdefault(f"{meaning.form} {meaning.tree}", LetterForm(meaning.tree, meaning.form))
                continue
            made = program(meaning.tree, names)
        except Unreadable as problem:
            reasons.append(str(problem))
            continue
        values.setdefault(_core(made.solve), QuestionReading(meaning.tree, made, len(question.numerals)))
    if not values and not forms:
        raise Refusal("unmeant", "; ".join(dict.fromkeys(reasons))[:300])
    return Readings(question, tuple(values.values()), tuple(forms.values()))


_WRAPPER = re.compile(r"(?:only|ordered)\((.*)\)", re.DOTALL)


def _core(expression: str) -> str:
    """A program without what only says how many values there are, and whether they are known to be real."""
    while found := _WRAPPER.fullmatch(expression):
        expression = found[1]
    return re.sub(r"\], (?:True|None)(?=[,)])", "]", expression)


def numbers_of(question: QuestionText) -> list[Any]:
    """The values of a question's numerals."""
    return [exact_number(plain_number(token.text)) for token in question.numerals]
