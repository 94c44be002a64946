"""How far a reply follows the intermediate values of a problem, and what an evaluation tells of it."""

from __future__ import annotations

import pytest

from agentprop.grading.pass_at_k import Score, steps_passed
from agentprop.grading.stepwise import passed
from agentprop.records import Certificate, Problem, Solution
from agentprop.stages.evaluate.results import measures, outcome, score_of

VALUES = ("1514", "3/4", "62.622 °C", "[5, 4, 0]")
CASES = [
    ("1514, then 3/4, then 62.6 and [5,4,0]", 4, None),
    (r"$1{,}514$, $\frac{3}{4}$, $6.26\times10^{1}$ °C, [5, 4, 0]", 4, None),
    ("3/4 first, 1514 next, 62.62, [5, 4, 0]", 3, 1),
    ("15140, 3/45, 65.1, [5, 4, 0, 1]", 0, 0),
    ("1514 and -3/4 and 62.622", 2, 1),
    ("", 0, 0),
]


@pytest.mark.parametrize(("reply", "found", "missing"), CASES)
def test_values_count_where_they_stand_in_order(reply: str, found: int, missing: int | None) -> None:
    assert passed(VALUES, reply) == (found, 4, missing)


def problem(*values: str) -> Problem:
    return Problem(
        statement="How many?",
        answer="8",
        answer_type="integer",
        domain="mathematics",
        category="toy",
        skills=("a",),
        skill_ids=("b",),
        certificate=Certificate(form="none"),
        solution=Solution(text="The answer is 8.", values=values) if values else None,
    )


def test_the_share_of_values_passed_is_reported_beside_accuracy() -> None:
    asked = problem("20", "44")
    tries = [outcome(asked, "correct", "8", "20, 44, so 8"), outcome(asked, "wrong", "7", "20, so 7")]
    score = score_of(asked, tries)
    assert score.steps == 0.75
    assert measures([score, Score(2, 1, 0.5)], 2)["stepwise"]["value"] == 0.75


def test_a_problem_without_intermediate_values_is_not_counted() -> None:
    score = score_of(problem(), [outcome(problem(), "correct", "8", "8")])
    assert score.steps is None and steps_passed([score]) is None
    assert "stepwise" not in measures([score], 1)


def test_what_stands_in_any_reply_is_no_step() -> None:
    """The 4 of 472 mod 13 = 4 counts as little as the 472 that is given, and a guess of the answer passes no step."""
    question = {"statement": "What is the sum of the digits of 256 + (472 mod 13)?"}
    asked = problem("4", "472", "256").model_copy(update=question)
    assert score_of(asked, [outcome(asked, "correct", "8", "472 and 256 give 4, so 8")]).steps is None
    asked = problem("4", "260", "27").model_copy(update=question)
    assert outcome(asked, "correct", "8", "8").steps == (0, 2, 0)
    assert outcome(asked, "correct", "8", "4, so 260, so 8").steps == (1, 2, 1)
