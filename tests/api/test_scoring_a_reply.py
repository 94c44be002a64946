"""The function by which every environment scores a reply."""

from __future__ import annotations

from typing import Any

import pytest
from toy_problems import problem

import agentprop


def test_a_problem_is_scored_by_what_its_source_allows_and_accepts() -> None:
    measured = problem(answer="50.7", answer_type="expression", tolerance="5%")
    assert [agentprop.score(measured, reply) for reply in ("\\boxed{50.66}", "\\boxed{45}", "")] == [1.0, 0.0, 0.0]
    named = problem(answer="United Kingdom", answer_type="expression", accepted=("UK",))
    assert agentprop.score(named, "The answer is UK.") == 1.0
    assert agentprop.score(named, "The answer is France.") != 1.0


def test_what_the_caller_allows_goes_before_what_the_problem_says() -> None:
    measured = problem(answer="50.7", answer_type="expression", tolerance="5%")
    assert agentprop.score(measured, "\\boxed{49}", tolerance="0.01") == 0.0
    assert agentprop.score("50.7", "\\boxed{49}", tolerance="5%") == 1.0
    assert agentprop.score("50.7", "\\boxed{49}") == 0.0


@pytest.mark.parametrize(("gold", "right"), [(42, "42"), (0.5, "1/2"), (True, "Yes"), ([1, 2], "[1, 2]")])
def test_a_gold_that_is_no_text_is_the_text_that_it_stands_for(gold: Any, right: str) -> None:
    assert agentprop.score(gold, rf"It is \boxed{{{right}}}.") == 1.0
    assert agentprop.score(gold, r"It is \boxed{17}.") == 0.0


def test_a_conversation_is_scored_by_its_last_message() -> None:
    reply: Any = [{"role": "user", "content": "7?"}, {"role": "assistant", "content": r"\boxed{8}"}]
    assert agentprop.score("8", reply) == 1.0


@pytest.mark.parametrize(("gold", "reply"), [(None, "8"), ({"answer": "8"}, "8"), ("8", 8)])
def test_what_is_no_answer_is_an_error_of_the_caller_and_no_score(gold: Any, reply: Any) -> None:
    with pytest.raises(agentprop.AgentpropError, match=r"not (NoneType|dict|int)"):
        agentprop.score(gold, reply)


def test_an_answer_that_is_missing_scores_nobody() -> None:
    assert agentprop.score("", "8") is agentprop.score(float("nan"), "8") is agentprop.score(" ", None) is None


@pytest.mark.parametrize(
    ("given", "told"), [({"answer_type": "int"}, "kind of answer int"), ({"tolerance": "lots"}, "lots")]
)
def test_a_kind_or_a_tolerance_that_there_is_not_is_no_reason_for_a_score(given: dict[str, str], told: str) -> None:
    with pytest.raises(agentprop.AgentpropError, match=told):
        agentprop.score("8", "8", **given)  # type: ignore[arg-type]
