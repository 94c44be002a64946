"""A mined question is restated only in sentences that read again as its computation."""

from __future__ import annotations

import re

import pytest

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.mine import mine
from agentprop.extraction.mining.question.own_sentences import phrases, sentences, wordings
from agentprop.extraction.mining.question.package import package
from agentprop.extraction.mining.question.question_parts import parts_of
from agentprop.extraction.mining.question.reading import readings
from agentprop.extraction.mining.question.restate import restated
from agentprop.skills import parse

FUNCTION = ("If $f(x) = x^2 - 5$, what is the value of $f(7)$?", "44")
FACTOR = ("Find the largest prime factor of $221$.", "17")


@pytest.mark.parametrize("document", [FUNCTION, FACTOR])
def test_own_sentences_replace_those_of_the_corpus(document: tuple[str, str]) -> None:
    template = mine(*document)
    told, phrases = restated(template, [template.phrasing])
    assert len(told) >= 3 and template.phrasing not in told
    assert phrases and all(phrase.startswith("the ") for phrase in phrases)
    name, skill_md, script = package(template, [template.phrasing], 1)
    spec = parse(skill_md, script, "mined").spec
    assert spec.name == name and [wording.ask for wording in spec.phrasings] == told and list(spec.value) == phrases


def test_what_is_given_stays_beside_what_is_asked() -> None:
    template = mine(*FUNCTION)
    told, phrases = restated(template, [template.phrasing])
    assert all("$f(x) = x^" in text for text in told)
    assert len(phrases) > 2 and all(re.search(r"\$(\w)\((\w)\) = \2\^", text) for text in phrases), phrases


@pytest.mark.parametrize(
    ("question", "given", "asked"),
    [
        ("Given that $x + 3 = 8$, find $x$.", "$x + 3 = 8$", "the value of $x$"),
        ("What is $a + b$ if $a = 2$ and $b = 3$?", "$a = 2$ and $b = 3$", "the value of $a + b$"),
        ("How many positive divisors does $24$ have?", "", "the number of positive divisors of $24$"),
        ("Evaluate $5!$. Express your answer as an integer.", "", "the value of $5!$"),
        ("Find the expression: $2 + 3$.", "", "the value of $2 + 3$"),
        ("Solve for $x$: $$2x = 6.$$", "$2x = 6$", "the value of $x$"),
        ("For what value of $t$ is $3t = 12$?", "$3t = 12$", "the value of $t$"),
        (
            "Let $a, b$ be the roots of $x^2 - 5x + 6 = 0$. Find $ab$.",
            "$a, b$ are the roots of $x^2 - 5x + 6 = 0$",
            "the value of $ab$",
        ),
        ("Let $n$ be a prime such that $n > 5$. Find $n$.", "$n$ is a prime such that $n > 5$", "the value of $n$"),
        # What makes an integer the one that is asked for stays with it.
        ("Find the least integer $n$ such that $n^2 > 50$.", "", "the least integer $n$ such that $n^2 > 50$"),
    ],
)
def test_a_question_is_taken_apart(question: str, given: str, asked: str) -> None:
    parts = parts_of(question)
    assert parts is not None and (parts.given, parts.asked) == (given, asked)


@pytest.mark.parametrize(
    "question",
    [
        "The sum of two numbers is $7$ and their product is $12$. Which ones are they?",
        "Consider the function $f(x) = x^2$. Find $f(3)$.",  # "given that the function" is no statement
        "If it is a multiple of $3$, find the number.",
        "Find $x$ if $x + y = 3$ when $y = 1$, given that $x > 0$.",
    ],
)
def test_a_question_of_another_form_is_left_whole(question: str) -> None:
    assert parts_of(question) is None


def test_a_condition_has_its_verb_wherever_it_stands() -> None:
    parts = parts_of("Let $a$ and $b$ be the roots of $x^2 - 5x + 6 = 0$. Find $a^2 + b^2$.")
    assert parts is not None
    told = list(sentences(parts))
    assert len(set(told)) >= 10 and all((" be " in text) == text.startswith("Let ") for text in told)
    assert all(text[0].isupper() and text[-1] in ".?" and "  " not in text for text in told)
    assert next(phrases(parts)).endswith("$a^2 + b^2$, where $a$ and $b$ are the roots of $x^2 - 5x + 6 = 0$")


ASKED = {
    "unknown": ("Find $x$ if $2x = 6$.", 10),
    "value": ("Find $2 + 3 \\cdot 5$.", 8),
    "remainder": ("Find the remainder when $7^{10}$ is divided by $6$.", 6),
    "units digit": ("Find the units digit of $7^{10}$.", 8),
    "greatest common divisor": ("Find the greatest common divisor of $84$ and $60$.", 8),
    "least common multiple": ("Find the least common multiple of $12$ and $18$.", 8),
    "number of things in few words": ("How many positive integers less than $50$ are divisible by $3$?", 6),
    "sum of a set": ("Find the sum of all positive integers less than $20$ that are odd.", 8),
    "least of a set": ("Find the smallest prime greater than $50$.", 8),
    "greatest of a set": ("Find the largest prime less than $50$.", 8),
    "coefficient": ("Find the coefficient of $x^2$ in the expansion of $(x + 3)^4$.", 8),
    "sum of roots": ("Find the sum of the roots of $x^2 - 5x + 6 = 0$.", 8),
    "mean": ("Find the mean of $4$, $7$ and $10$.", 8),
    "distance": ("Find the distance between the points $(1, 2)$ and $(4, 6)$.", 6),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_kind_has_many_own_sentences_that_are_read(name: str) -> None:
    question, least = ASKED[name]
    parts = parts_of(question)
    assert parts is not None
    [kind] = [one for one in wordings().kinds if one.name == name]
    assert kind.asked.fullmatch(parts.asked), parts.asked
    told = list(dict.fromkeys(sentences(parts)))[:14]
    read = [text for text in told if _is_read(text)]
    assert len(read) >= least, [text for text in told if text not in read]


def _is_read(text: str) -> bool:
    try:
        return bool(readings(text).values)
    except Refusal:
        return False
