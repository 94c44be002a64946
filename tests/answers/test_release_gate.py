"""Right answers of four public corpora and of our own problems, each beside answers that differ in one place.

No mutant is the same as its answer unless its value provably is, no cosmetic respelling is different, and nearly all
right answers can be read. The counts are printed by `pytest -s`.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence

import pytest
from mutants import mutants
from shared_cases import Gold, golds

from agentprop.answers import Equivalence, check_gold, equivalent_batch
from agentprop.answers.respellings import respellings
from agentprop.grading.comparison import TextAnswers, check_answer
from agentprop.records import Problem

PER_ANSWER = 4
"""Mutants that are tried of each answer; all of them with `-m slow`."""
NO_CHANGE = re.compile(
    r"\\(?:sin|cos|tan)|(?<![\d.}])\(?[01]\)?\^\{?\(?\d+|\d\^\{?0(?!\.)|(?<![\d.])0(?:\.0+)? ?\\?(?:times|cdot|\*)"
)
"""Periodic functions, powers of 1, powers to 0 and multiples of 0: a digit may change and the value stays."""
STILL_RIGHT = (
    "$$\n\\left|\\begin{array}{lll}",  # another matrix of the same determinant
    r"$i^{117}=",  # other powers of i^4
    r"$y=a_{0} \sum_{m=0}^{\infty}(-1)^{m+1}",  # m - 1 is as odd as m + 1
    r"We look at the differences",  # the modulus of the conjugate, if i is the imaginary unit
    r"Yes",  # without the reason
    r"$x=\frac{1}{6} \pi+\pi k",  # -k runs through all integers as k does
    r"$\pi / 6+2 n \pi, 5",  # and so does -n
    r"$y_{1}=x^{3 / 2}",  # two solutions of one equation, by other names
)
"""Beginnings of answers of which a mutant is as right."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(400, id="400 answers"), pytest.param(None, id="all answers", marks=pytest.mark.slow)],
)
def sample(request: pytest.FixtureRequest) -> list[Gold]:
    """Answers of the corpora, in a fixed random order."""
    found = golds()
    if not found:
        pytest.skip("the corpora are not here")
    random.Random(20).shuffle(found)
    return found[: request.param]


@pytest.mark.corpora
def test_98_of_100_right_answers_of_public_corpora_are_read(sample: Sequence[Gold]) -> None:
    unread = [gold for gold in sample if not check_gold(gold.text)]
    print(Counter(gold.corpus for gold in sample), "unread:", Counter(gold.corpus for gold in unread))
    assert len(unread) <= 0.02 * len(sample), unread


@pytest.mark.corpora
def test_no_mutant_is_the_same_unless_its_value_is(sample: Sequence[Gold]) -> None:
    pairs = [(gold.text, text) for gold in sample for _, text in chosen(gold.text, PER_ANSWER)]
    found = equivalent_batch(pairs)
    print(len(pairs), "mutants:", Counter(verdict.status for verdict in found))
    assert not accepted(pairs, found)
    assert sum(verdict.status == "different" for verdict in found) > 0.9 * len(pairs)


@pytest.mark.corpora
def test_no_respelling_is_different(sample: Sequence[Gold]) -> None:
    pairs = [(gold.text, one.text) for gold in sample for one in respellings(gold.text)]
    found = equivalent_batch(pairs)
    print(len(pairs), "respellings:", Counter(verdict.status for verdict in found))
    assert not [pair for pair, verdict in zip(pairs, found, strict=True) if verdict.status == "different"]


def test_our_own_answers_are_read_and_no_mutant_of_them_is_the_same(problems: list[Problem]) -> None:
    texts = [problem for problem in problems if problem.answer_type != "program"]
    assert len(texts) > 100
    assert all(map(check_answer, texts))
    for problem in texts:
        same = TextAnswers(problem, 5.0)
        pairs = [(problem.answer, text) for _, text in chosen(problem.answer, PER_ANSWER) if matters(problem, text)]
        assert not accepted(pairs, [same(*pair) for pair in pairs]), problem
        told = [one.text for one in respellings(problem.answer, string=problem.answer_type == "string")]
        assert all(same(problem.answer, text).status != "different" for text in told), problem


def chosen(answer: str, most: int) -> list[tuple[str, str]]:
    """Some of the mutants, the same in every run."""
    found = mutants(answer)
    random.Random(answer).shuffle(found)
    return [tuple(one) for one in found[:most]]


def matters(problem: Problem, mutant: str) -> bool:
    """Whether a mutant of a rounded quantity still differs in the figures that are asked for."""
    if problem.figures is None:
        return True
    one, other = (f"{float(text.split()[0].replace(' ', '')):.{problem.figures}g}" for text in (problem.answer, mutant))
    return one != other


def accepted(pairs: Sequence[tuple[str, str]], found: Sequence[Equivalence]) -> list[tuple[str, str]]:
    """Mutants that are called the same, save those whose value is."""
    wrong = [pair for pair, verdict in zip(pairs, found, strict=True) if verdict.status == "same"]
    return [pair for pair in wrong if not NO_CHANGE.search(pair[0]) and not pair[0].startswith(STILL_RIGHT)]
