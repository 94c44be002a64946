"""The reward for exported rows: the kind of an answer is read off it, and what cannot be shown is no zero."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentprop.export import reward
from agentprop.export.reward import compute_score, grade, trl_reward
from agentprop.export.solver import question_answer
from agentprop.grading.probers import Grade
from agentprop.records import Problem

CASES = [
    ("15", "so \\boxed{15}", 1.0),
    ("15", "the answer is \\boxed{16}", 0.0),
    ("15", "", 0.0),
    ("1/2", "\\boxed{0.5}", 1.0),
    ("abba", "\\boxed{abba}", 1.0),
    ("abba", "\\boxed{baba}", 0.0),
    ("0101", "\\boxed{101}", 0.0),
    ("true", "\\boxed{yes}", 1.0),
    ("[1, 2]", "\\boxed{[1,2]}", 1.0),
    ("[1, 2]", "\\boxed{[2, 1]}", 0.0),
    ("1.10 m/s", "\\boxed{1.1043}", 1.0),
    ("1.10 m/s", "\\boxed{1.12 m/s}", 0.0),
    ("1.10 m/s", "\\boxed{1.10 km/s}", 0.0),
    ("0.125", "\\boxed{0.1254}", 0.0),
    ("five", "\\boxed{5}", 1.0),
    ("five", "\\boxed{6}", 0.0),
    ("Monday", "It is \\boxed{monday}", 1.0),
    ("isosceles", "\\boxed{Isosceles}", 1.0),
    ("abba", "\\boxed{ABBA}", 0.0),
    ("aBc", "\\boxed{abc}", 0.0),
    ("NaCl", "\\boxed{NaCl}", 1.0),
    ("NaCl", "\\boxed{sodium chloride}", None),
    ("NaCl", "\\boxed{KCl}", 0.0),
    ("[1, 2)", "\\boxed{1 \\le x < 2}", 1.0),
    ("[1, 2]", "\\boxed{1 \\le x \\le 2}", 1.0),
    ("[1, 2]", "\\boxed{1 \\le x < 2}", 0.0),
    ("[1, 2]", "\\boxed{[1, 3]}", 0.0),
    ("[1, 2)", "\\boxed{1 \\le x \\le 2}", 0.0),
    ("[1, 2]", "\\boxed{(1, 2)}", 0.0),
    ("[1, 2]", "\\boxed{1, 2}", 1.0),
    ("[1, 2, 3]", "\\boxed{(1, 2, 3)}", 1.0),
    ("convergent", "The series is convergent.", 1.0),
    ("convergent", "\\boxed{\\text{The series is not convergent}}", 0.0),
    ("abba", "\\boxed{The word is abba}", 1.0),
    ("abba", "abba reads \\boxed{ABBA}", 0.0),
    ("blue", "\\boxed{red and blue}", 0.0),
    ("ABD", "\\boxed{A, B and D}", 1.0),
    ("ABD", "\\boxed{A, B}", 0.0),
    ("DNE", "\\boxed{\\text{does not exist}}", 1.0),
    ("noon", "\\boxed{12:00 PM}", 1.0),
    ("third", "\\boxed{3rd}", 1.0),
    ("Tuesday", "\\boxed{Tue}", 1.0),
    ("025", "\\boxed{25}", 1.0),
    ("x²", "\\boxed{x^2}", 1.0),
]
TESTS = json.dumps({"entry_point": "solve", "tests": [{"arguments": [[1, 2]], "expected": 3}]})
PROGRAMS = [
    ("```python\ndef solve(xs):\n    return sum(xs)\n```", 1.0),
    ("```python\ndef solve(xs):\n    return 0\n```", 0.0),
    ("I do not know", 0.0),
    ("```python\ndef other(xs):\n    return 3\n```", 0.0),
]


@pytest.mark.parametrize(("answer", "response", "expected"), CASES)
def test_an_answer_is_compared_as_what_it_is(answer: str, response: str, expected: float | None) -> None:
    assert grade(response, answer) == expected


@pytest.mark.parametrize(("response", "expected"), PROGRAMS)
def test_a_program_runs_its_hidden_tests(executor: Any, response: str, expected: float) -> None:
    assert grade(response, TESTS) == expected


def test_every_answer_of_a_run_earns_its_reward_and_another_one_none(executor: Any, problems: list[Problem]) -> None:
    for problem in problems:
        fence = problem.answer_type == "program"
        right = f"```python\n{problem.answer}\n```" if fence else f"\\boxed{{{problem.answer}}}"
        wrong = "```python\ndef solve(*_):\n    return 'no'\n```" if fence else "\\boxed{-123456789}"
        answer = question_answer(problem).answer
        assert (grade(right, answer), grade(wrong, answer)) == (1.0, 0.0), problem.statement


def test_trl_passes_conversations_or_texts() -> None:
    completions = [[{"role": "assistant", "content": "\\boxed{4}"}], [{"role": "assistant", "content": "\\boxed{5}"}]]
    assert trl_reward(completions=completions, solution=["4", "4"], prompts=[], trainer_state=None) == [1.0, 0.0]
    assert trl_reward(["\\boxed{4}"], ["4"]) == [1.0]


def test_what_cannot_be_shown_is_left_out_by_trl_and_earns_nothing_in_verl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reward, "grade_answer", lambda problem, response: Grade("timeout", "took too long"))
    assert trl_reward(["\\boxed{4}"], ["4"]) == [None]
    assert compute_score("agentprop", "\\boxed{4}", "4", extra_info={"index": 0}, num_turns=2) == 0.0
