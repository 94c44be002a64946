"""The function by which every environment scores a reply."""

from __future__ import annotations

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
