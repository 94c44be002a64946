"""Problems → training rows for a solver: a question and its answer, and nothing else.

Skills, stages, traces, certificates and probers' results cannot leak: `question_answer` reduces a problem to two texts,
and every row of a solver's format is made of these. The paper trains solvers on these two alone.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from agentprop.export.rows import ChatMessage, PromptSolution, QuestionAnswer, RewardModel, RowPlace, VerlRow
from agentprop.prompts import prompt
from agentprop.records import Domain, Judging, Problem, TestCase


def question_answer(problem: Problem) -> QuestionAnswer:
    """Reduce a problem to the two texts. The answer of a program is its tests, because right programs differ."""
    answer = problem.answer if problem.answer_type != "program" else _tests(problem)
    return QuestionAnswer(question=problem.statement, answer=answer)


def with_answer_format(row: QuestionAnswer) -> QuestionAnswer:
    """Add the instructions on the form of the answer, the same as a prober gets."""
    tests = hidden_tests(row.answer)
    streams = tests is not None and tests.judging is not None and tests.judging.form == "stdio"
    told = prompt("prober_streams" if streams else "prober")
    return QuestionAnswer(question=f"{row.question}\n\n{told}", answer=row.answer)


def prompt_solution(row: QuestionAnswer) -> PromptSolution:
    """Make TRL's row."""
    return PromptSolution(prompt=_asked(row), solution=row.answer)


def verl_row(row: QuestionAnswer, domain: Domain, index: int, split: str) -> VerlRow:
    """Make verl's row."""
    reward_model = RewardModel(ground_truth=row.answer)
    place = RowPlace(index=index, split=split)
    return VerlRow(prompt=_asked(row), ability=domain, reward_model=reward_model, extra_info=place)


class HiddenCases(NamedTuple):
    """Tests that stand in place of an answer."""

    entry_point: str | None
    """Function that a program must define; null for one that reads and prints."""
    cases: tuple[TestCase, ...]
    """Arguments and expected values."""
    judging: Judging | None = None
    """How a judge runs them."""


def hidden_tests(answer: str) -> HiddenCases | None:
    """The tests that an answer is made of; None for an answer that is a text."""
    if not answer.startswith('{"entry_point": '):
        return None
    packed = json.loads(answer)
    if "judging" in packed:
        judging = Judging.model_validate(packed["judging"])
        return HiddenCases(packed["entry_point"], tuple(_judged_case(t, judging) for t in packed["tests"]), judging)
    return HiddenCases(packed["entry_point"] or "solve", tuple(map(_case, packed["tests"])))


def _case(test: dict[str, Any]) -> TestCase:
    """A test of texts; exports of older versions have the values themselves."""
    if isinstance(test["arguments"], str):
        return TestCase.model_validate(test)
    return TestCase.of(test["arguments"], test["expected"])


def _asked(row: QuestionAnswer) -> tuple[ChatMessage, ...]:
    return (ChatMessage(role="user", content=with_answer_format(row).question),)


def _judged_case(test: dict[str, str], judging: Judging) -> TestCase:
    """A test as judges store it; a judge makes its lists what the signature announces."""
    if judging.form == "stdio":
        return TestCase.of([test["input"]], test["output"])
    return TestCase.of([json.loads(line) for line in test["input"].split("\n")], json.loads(test["output"]))


def judged_tests(problem: Problem) -> list[dict[str, str]]:
    """The tests as LiveCodeBench stores them: texts, of a call one line of JSON for each argument."""
    assert problem.judging is not None  # only these are judged so
    stdio, cases = problem.judging.form == "stdio", [test.values() for test in problem.tests]
    if stdio:
        return [{"input": str(text), "output": str(out), "testtype": "stdin"} for [text], out in cases]
    return [
        {"input": "\n".join(map(json.dumps, given)), "output": json.dumps(out), "testtype": "functional"}
        for given, out in cases
    ]


_JUDGED = {"form", "signature", "ticks", "budget", "cpu_s", "checker"}
"""What a judge must know beside the tests."""


def _tests(problem: Problem) -> str:
    if problem.judging is not None:
        judging = problem.judging.model_dump(mode="json", include=_JUDGED, exclude_none=True)
        packed = {"entry_point": problem.entry_point, "judging": judging, "tests": judged_tests(problem)}
        return json.dumps(packed, ensure_ascii=False)
    tests = [{"arguments": test.arguments, "expected": test.expected} for test in problem.tests]
    return json.dumps({"entry_point": problem.entry_point, "tests": tests}, ensure_ascii=False)
