"""Problems that others wrote: what each route finds, and that what cannot be read is never invalid."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from agentprop.agent.candidates import tools
from agentprop.extraction.mining.question.document import Disagreement
from agentprop.grading.claims import Claim
from agentprop.grading.claims.by_question import against, read_claim
from agentprop.grading.claims.claim import Means
from agentprop.grading.claims.judge import judge_claim
from agentprop.grading.judgement import Judgement
from agentprop.grading.program_tests import CallTests, StreamTests
from agentprop.records import AnswerType, Certificate, Problem
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import bundled_directory, load

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))["case"]
ZEROS = "number-theory-factorial-zeros"


@pytest.fixture(scope="module")
def means() -> Iterator[Means]:
    library = load([bundled_directory() / ZEROS], bundled=False)
    with Sandbox(preload=(), slots=2) as sandbox:
        yield Means(library, tools(), Executor(sandbox))


def problem(statement: str, answer: str, kind: AnswerType = "expression") -> Problem:
    return Problem(
        statement=statement,
        answer=answer,
        answer_type=kind,
        domain="mathematics",
        category="benchmark",
        skills=(),
        skill_ids=(),
        certificate=Certificate(form="none"),
        evidence="none",
        entry_point="twice" if kind == "program" else None,
    )


def judged(given: Problem, claim: Claim, means: Means) -> Judgement:
    found = asyncio.run(judge_claim(given, claim, means))
    assert isinstance(found, Judgement), found
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_row_is_judged_by_what_can_be_read_of_it(case: dict[str, Any], means: Means) -> None:
    claim = Claim(case["question"], case["gold"], case.get("named", True), tuple(case.get("programs", ())))
    found = judged(problem(case["question"], case["gold"]), claim, means)
    assert (found.value, found.code) == (case["value"], case["code"]), found.message


def test_evidence_says_by_which_route(means: Means) -> None:
    asked = "Solve for $x$: $4x - 7 = 21$."
    by_question = judged(problem(asked, "7"), Claim(asked, "7"), means)
    story = "How many cans are there?"
    by_program = judged(problem(story, "7"), Claim(story, "7", programs=("answer = 7",)), means)
    assert (by_question.evidence, by_program.evidence) == ("self-consistent", "certificate")


def test_a_statement_of_the_library_is_judged_without_being_told_its_skills(means: Means) -> None:
    text = "How many zeros stand at the end of $25!$ when it is written in base $10$?"
    right, wrong = (judged(problem(text, gold), Claim(text, gold), means) for gold in ("6", "5"))
    assert (right.value, right.code, right.evidence) == ("valid", "agrees", "independent"), right.message
    assert (wrong.value, wrong.code) == ("invalid", "answer_differs"), wrong.message


TWICE = CallTests("twice", (([2], 4), ([5], 10)))


@pytest.mark.parametrize(
    ("reference", "value", "code"),
    [
        ("def twice(n):\n    return 2 * n", "valid", "tests_pass"),
        ("def twice(n):\n    return n", "invalid", "reference_fails"),
        ("import no_such_module\ndef twice(n):\n    return 2 * n", "undetermined", "reference_undecided"),
        ("", "undetermined", "no_reference"),
    ],
)
def test_a_program_is_run_through_the_tests_of_its_row(reference: str, value: str, code: str, means: Means) -> None:
    claim = Claim("Double a number.", tests=TWICE, references=(reference,) if reference else ())
    found = judged(problem("Double a number.", "", "program"), claim, means)
    assert (found.value, found.code) == (value, code), found.message


def test_another_output_than_the_tests_want_is_no_fault_where_the_question_accepts_several(means: Means) -> None:
    tests = StreamTests((("3\n", "2 1\n"),))
    claim = Claim("", tests=tests, references=("n = int(input())\nprint(1, n - 1)",))
    for told, code in (("Print any two numbers with the sum n.", "several_outputs"), ("Print two.", "reference_fails")):
        assert judged(problem(told, "", "program"), claim, means).code == code


def test_a_program_in_another_language_shows_nothing_of_the_tests(means: Means) -> None:
    found = judged(problem("Double n.", "print 2 * input()", "program"), Claim("", tests=TWICE), means)
    assert (found.value, found.code) == ("undetermined", "no_reference")


def test_a_question_is_never_against_an_answer_that_it_did_not_read() -> None:
    for question in ("", "Prove it.", "$$$", "Solve $x +", "What is the height of the tower in the picture?"):
        assert read_claim(Claim(question, "12")).value == "undetermined"


@pytest.mark.parametrize(
    ("found", "gold", "value"),
    [
        (Fraction(-13860, 19601), r"-\sqrt{2} / 2", "undetermined"),
        (Fraction(1, 3), "0.333", "undetermined"),
        (Fraction(1, 4), "25", "undetermined"),
        (4, "2, -2", "undetermined"),
        (Fraction(17, 15), r"-\frac{19}{20}", "invalid"),
        (4, "5", "invalid"),
    ],
)
def test_what_may_be_the_same_number_is_no_evidence_against_an_answer(found: object, gold: str, value: str) -> None:
    assert against(Disagreement(str(found), found, ""), Claim("What is it?", gold)).value == value
