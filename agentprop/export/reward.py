"""A response and the answer of an exported row → a reward, under the names by which other trainers call one.

    TRL     GRPOTrainer(reward_funcs=trl_reward, …)
    verl    reward.custom_reward_function.path=<this file> reward.custom_reward_function.name=compute_score

An exported answer is one text, so its kind is read off it: tests of a program, a list, words, a measured quantity whose
decimals say its figures, else a value. Answers are compared as everywhere in agentprop; programs run in the sandbox.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from agentprop.boundary import contained
from agentprop.export.solver import hidden_tests
from agentprop.grading.comparison import HiddenTests
from agentprop.grading.probers import grade_answer, graded, program_of
from agentprop.records import AnswerType, Problem, TestCase
from agentprop.sandbox import Sandbox

PROGRAM_S = 10.0
"""Seconds for all tests of a program."""
WORDS = re.compile(r"(?!(?:true|false|yes|no|pi|inf)$)[^\W\d_]{2,}|0\d+", re.IGNORECASE)
"""Answers that are compared letter by letter: as mathematics, `abba` would be a product and `0101` a number."""
MEASURED = re.compile(r"[-+]?(\d+\.\d+)\S*\s+[^\W\d_].*")
"""A decimal with a unit."""


def grade(response: str, answer: str) -> float | None:
    """1 right, 0 wrong, None where neither could be shown in time, or grading failed: no other reply pays for that."""
    return contained(lambda: _grade(response, answer), lambda failure: None)


def _grade(response: str, answer: str) -> float | None:
    tests = hidden_tests(answer)
    outcome = _outcome(response, answer) if tests is None else _passes(response, tests)
    return {"correct": 1.0, "wrong": 0.0, "too_slow": 0.0}.get(outcome)


def trl_reward(completions: Sequence[Any], solution: Sequence[str], **_: object) -> list[float | None]:
    """For TRL: None leaves an example out."""
    return [grade(_text(completion), answer) for completion, answer in zip(completions, solution, strict=True)]


def compute_score(
    data_source: str, solution_str: str, ground_truth: str, extra_info: object = None, **_: object
) -> float:
    """For verl, which has no word for what cannot be shown: it earns nothing."""
    return grade(solution_str, ground_truth) or 0.0


def _text(completion: Any) -> str:
    return completion if isinstance(completion, str) else str(completion[-1]["content"])


def _outcome(response: str, answer: str) -> str:
    problem = Problem.model_construct(answer=answer, answer_type=_kind(answer), figures=_figures(answer), unit=None)
    return grade_answer(problem, response).outcome


def _kind(answer: str) -> AnswerType:
    if answer.startswith("["):
        return "list"
    return "string" if WORDS.fullmatch(answer) else "expression"


def _figures(answer: str) -> int | None:
    found = MEASURED.fullmatch(answer)
    return len(found[1].replace(".", "").lstrip("0")) or None if found else None


def _passes(response: str, tests: dict[str, Any]) -> str:
    program = program_of(response, tests["entry_point"])
    if program is None:
        return "wrong"
    cases = [TestCase(arguments=json.dumps(t["arguments"]), expected=json.dumps(t["expected"])) for t in tests["tests"]]
    problem = Problem.model_construct(tests=tuple(cases), entry_point=tests["entry_point"])
    return graded(HiddenTests(problem, _sandbox(), PROGRAM_S).passes(program), program, overran="too_slow").outcome


@cache
def _sandbox() -> Sandbox:
    """One for the process; refused where untrusted code cannot be isolated."""
    return Sandbox(preload=())
