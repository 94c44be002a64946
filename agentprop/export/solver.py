"""Problems → what a solver learns from: a question and its answer, by an allow-list.

Skills, stages, traces, certificates and what probers made of a problem cannot come along: `allowed` makes two texts of
it, and every row of a solver's format is made of them. The paper trains solvers on these two alone.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from agentprop.export.rows import PromptSolution, QuestionAnswer, RewardModel, RowPlace, Said, VerlRow
from agentprop.prompts import prompt
from agentprop.records import Domain, Problem, TestCase


def allowed(problem: Problem) -> QuestionAnswer:
    """The two texts. A program is known by its tests: a reference program compares with no other."""
    answer = problem.answer if problem.answer_type != "program" else _tests(problem)
    return QuestionAnswer(question=problem.statement, answer=answer)


def prompted(row: QuestionAnswer) -> QuestionAnswer:
    """With the sentences that tell a solver, as they tell a prober, how to give its answer."""
    return QuestionAnswer(question=f"{row.question}\n\n{prompt('prober')}", answer=row.answer)


def prompt_solution(row: QuestionAnswer) -> PromptSolution:
    """For TRL."""
    return PromptSolution(prompt=_asked(row), solution=row.answer)


def verl_row(row: QuestionAnswer, domain: Domain, index: int, split: str) -> VerlRow:
    """For verl."""
    reward_model = RewardModel(ground_truth=row.answer)
    place = RowPlace(index=index, split=split)
    return VerlRow(prompt=_asked(row), ability=domain, reward_model=reward_model, extra_info=place)


class HiddenCases(NamedTuple):
    """Tests that stand in place of an answer."""

    entry_point: str
    """Function that a program must define."""
    cases: tuple[TestCase, ...]
    """Arguments and expected values."""


def hidden_tests(answer: str) -> HiddenCases | None:
    """The tests that an answer is made of; None for an answer that is a text."""
    if not answer.startswith('{"entry_point": '):
        return None
    packed = json.loads(answer)
    return HiddenCases(packed["entry_point"] or "solve", tuple(map(_case, packed["tests"])))


def _case(test: dict[str, Any]) -> TestCase:
    """A test of texts; exports of older versions have the values themselves."""
    if isinstance(test["arguments"], str):
        return TestCase.model_validate(test)
    return TestCase.of(test["arguments"], test["expected"])


def _asked(row: QuestionAnswer) -> tuple[Said, ...]:
    return (Said(role="user", content=prompted(row).question),)


def _tests(problem: Problem) -> str:
    tests = [{"arguments": test.arguments, "expected": test.expected} for test in problem.tests]
    return json.dumps({"entry_point": problem.entry_point, "tests": tests}, ensure_ascii=False)
