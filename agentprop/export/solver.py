"""Problems → training rows for a solver: a question and its answer, and nothing else.

Skills, stages, traces, certificates and probers' results cannot leak: `question_answer` reduces a problem to two texts,
and every row of a solver's format is made of these. The paper trains solvers on these two alone.
"""

from __future__ import annotations

import json
from typing import Any

from agentprop.export.rows import ChatMessage, PromptSolution, QuestionAnswer, RewardModel, RowPlace, VerlRow
from agentprop.prompts import prompt
from agentprop.records import Domain, Problem


def question_answer(problem: Problem) -> QuestionAnswer:
    """Reduce a problem to the two texts. The answer of a program is its tests, because right programs differ."""
    answer = problem.answer if problem.answer_type != "program" else _tests(problem)
    return QuestionAnswer(question=problem.statement, answer=answer)


def with_answer_format(row: QuestionAnswer) -> QuestionAnswer:
    """Add the instructions on the form of the answer, the same as a prober gets."""
    return QuestionAnswer(question=f"{row.question}\n\n{prompt('prober')}", answer=row.answer)


def prompt_solution(row: QuestionAnswer) -> PromptSolution:
    """Make TRL's row."""
    return PromptSolution(prompt=_asked(row), solution=row.answer)


def verl_row(row: QuestionAnswer, domain: Domain, index: int, split: str) -> VerlRow:
    """Make verl's row."""
    reward_model = RewardModel(ground_truth=row.answer)
    place = RowPlace(index=index, split=split)
    return VerlRow(prompt=_asked(row), ability=domain, reward_model=reward_model, extra_info=place)


def hidden_tests(answer: str) -> dict[str, Any] | None:
    """The hidden tests in an answer; None for an answer that is a text."""
    if not answer.startswith('{"entry_point": '):
        return None
    tests: dict[str, Any] = json.loads(answer)
    return tests


def _asked(row: QuestionAnswer) -> tuple[ChatMessage, ...]:
    return (ChatMessage(role="user", content=with_answer_format(row).question),)


def _tests(problem: Problem) -> str:
    tests = [{"arguments": json.loads(t.arguments), "expected": json.loads(t.expected)} for t in problem.tests]
    return json.dumps({"entry_point": problem.entry_point, "tests": tests}, ensure_ascii=False)
