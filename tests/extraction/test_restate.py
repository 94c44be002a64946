"""A mined question is restated only in sentences that read again as its computation."""

from __future__ import annotations

import pytest

from agentprop.extraction.mining.question.mine import mine
from agentprop.extraction.mining.question.package import package
from agentprop.extraction.mining.question.restate import restated, taken_apart
from agentprop.skills import parse

FUNCTION = ("If $f(x) = x^2 - 5$, what is the value of $f(7)$?", "44")
FACTOR = ("Find the largest prime factor of $221$.", "17")


@pytest.mark.parametrize("document", [FUNCTION, FACTOR])
def test_own_sentences_replace_those_of_the_corpus(document: tuple[str, str]) -> None:
    template = mine(*document)
    told, phrases = restated(template, [template.phrasing])
    assert len(told) >= 3 and template.phrasing not in told
    assert len(phrases) == 1 and phrases[0].startswith("the ")
    name, skill_md, script = package(template, [template.phrasing], 1)
    spec = parse(skill_md, script, "mined").spec
    assert spec.name == name and [wording.ask for wording in spec.phrasings] == told and list(spec.value) == phrases


def test_what_is_given_stays_beside_what_is_asked() -> None:
    template = mine(*FUNCTION)
    told, phrases = restated(template, [template.phrasing])
    assert all("$f(x) = x^" in text for text in (*told, *phrases))


@pytest.mark.parametrize(
    ("question", "given", "asked"),
    [
        ("Given that $x + 3 = 8$, find $x$.", "$x + 3 = 8$", "the value of $x$"),
        ("What is $a + b$ if $a = 2$ and $b = 3$?", "$a = 2$ and $b = 3$", "the value of $a + b$"),
        ("How many positive divisors does $24$ have?", "", "the number of positive divisors of $24$"),
        ("Evaluate $5!$. Express your answer as an integer.", "", "the value of $5!$"),
    ],
)
def test_a_question_is_taken_apart(question: str, given: str, asked: str) -> None:
    parts = taken_apart(question)
    assert parts is not None and (parts.given, parts.asked) == (given, asked)


def test_a_question_of_another_form_is_left_whole() -> None:
    assert taken_apart("The sum of two numbers is $7$ and their product is $12$. Which ones are they?") is None
