"""The form that a statement promises, beside the answer that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentprop.composition.grammar import FIGURES
from agentprop.composition.lint.rule import Draft, Rule

MAX_DIGITS = 15
MAX_FRACTION = 18
_FRACTION = re.compile(r"\b(?:as|into) an? (?:common |simplified |reduced |irreducible )?fraction\b", re.IGNORECASE)
_DATUM = re.compile(r"value of \$|must \$[A-Za-z]\$ be|what is \$")
"""A question for a letter, whatever else it names."""
_INTEGER_TOO = re.compile(r"\binteger or (?:as )?a\b|\bif it is not an integer\b", re.IGNORECASE)
_FIGURES = re.compile(r"\bsignificant (?:figures|digits)\b", re.IGNORECASE)
_COUNTED_FIGURES = re.compile(rf"\bto ({'|'.join(FIGURES.values())}) significant figures\b")


def _fraction_promised(draft: Draft) -> Iterator[str]:
    if not re.fullmatch(r"-?\d+", draft.answer.strip()):
        return
    found = _FRACTION.search(draft.prose)
    if found and not _INTEGER_TOO.search(draft.prose):
        yield f"{found[0]}, and the answer is {draft.answer.strip()}"


def _figures_of_integer(draft: Draft) -> Iterator[str]:
    if draft.answer_type == "integer" and _FIGURES.search(draft.prose):
        yield f"significant figures, and the answer is {draft.answer[:40]}"


def _hidden_figures(draft: Draft) -> Iterator[str]:
    """10000 to three figures: nobody sees which of the zeros were rounded to; 1.00e+04 shows it."""
    if draft.answer_type != "quantity":
        return
    asked, number = _COUNTED_FIGURES.search(draft.prose), re.match(r"-?0*(\d+)(?![\d.e])", draft.answer.strip())
    if asked and number:
        figures = next(count for count, word in FIGURES.items() if word == asked[1])
        if len(number[1]) > figures and number[1][figures - 1 :].strip("0") == "":
            yield f"{asked[1]} significant figures, and the answer is {draft.answer.strip()}"


def _figures_of_ph(draft: Draft) -> Iterator[str]:
    asked = next((s for s in reversed(draft.sentences) if s.endswith("?") or re.match(r"Find|Calc|Det|What", s)), "")
    if (
        re.search(r"\bpH\b", asked)
        and not _DATUM.search(asked)
        and draft.sentences
        and _FIGURES.search(draft.sentences[-1])
    ):
        yield "a pH is rounded to decimal places"


def _idle_fallback(draft: Draft) -> Iterator[str]:
    if "-1 if" in draft.statement and "connected" in draft.statement and draft.answer not in ("", "-1"):
        yield "-1 if there is none, for a connected graph"


def _answer_in_statement(draft: Draft) -> Iterator[str]:
    answer = draft.answer.strip()
    if draft.answer_type == "integer" and answer in re.findall(
        r"(?<![\d.])\d+(?![\d.])", re.sub(r"\[[^\]]*\]", "", draft.prose)
    ):
        yield f"{answer} stands in the statement"


def _long_answer(draft: Draft) -> Iterator[str]:
    answer = draft.answer.strip()
    if re.fullmatch(r"-?\d+", answer) and len(answer.lstrip("-")) > MAX_DIGITS:
        yield f"an integer of {len(answer)} digits"
    if re.fullmatch(r"-?\d+/\d+", answer) and len(answer) > MAX_FRACTION:
        yield f"a fraction of {len(answer)} characters"


FRACTION_PROMISED = Rule("error", _fraction_promised)
FIGURES_OF_INTEGER = Rule("error", _figures_of_integer)
HIDDEN_FIGURES = Rule("error", _hidden_figures)
FIGURES_OF_PH = Rule("error", _figures_of_ph)
IDLE_FALLBACK = Rule("warning", _idle_fallback)
ANSWER_IN_STATEMENT = Rule("warning", _answer_in_statement)
"""Often a label or a bound: a hint."""
LONG_ANSWER = Rule("warning", _long_answer)
