"""Problems → what a solver learns from: a question and its answer, by an allow-list.

Skills, stages, traces, certificates and what probers made of a problem cannot come along: `allowed` makes two texts of
it, and every row of a solver's format is made of them. The paper trains solvers on these two alone.
"""

from __future__ import annotations

import json
from typing import Any

from agentprop.export.rows import PromptSolution, QuestionAnswer, RewardModel, RowPlace, Said, VerlRow
from agentprop.prompts import prompt
from agentprop.records import Domain, Problem


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


def hidden_tests(answer: str) -> dict[str, Any] | None:
    """The tests that an answer is made of; None for an answer that is a text."""
    if not answer.startswith('{"entry_point": '):
        return None
    tests: dict[str, Any] = json.loads(answer)
    return tests


def _asked(row: QuestionAnswer) -> tuple[Said, ...]:
    return (Said(role="user", content=prompted(row).question),)


def _tests(problem: Problem) -> str:
    tests = [{"arguments": json.loads(t.arguments), "expected": json.loads(t.expected)} for t in problem.tests]
    return json.dumps({"entry_point": problem.entry_point, "tests": tests}, ensure_ascii=False)
