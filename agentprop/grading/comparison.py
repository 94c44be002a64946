"""A problem → the comparison of two answers to it, by its answer type.

Texts meet through `equivalent`, with the kind of the answer and the unit and the precision of the statement. Strings
are compared letter by letter, because `0101` is not `101` and `abc` is not `ABC` where a string is asked for. Programs
are the same where both pass the hidden tests: they run in the sandbox, and what the tests expect never enters their
process. Nothing is asked of a model, so judging again is free.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from agentprop.answers.equivalence import DEFAULT_TIMEOUT_S, equivalent
from agentprop.answers.gold import GoldCheck, check_gold
from agentprop.answers.kinds import AnswerKind
from agentprop.answers.outcome import Equivalence, different, same, undetermined
from agentprop.answers.reading.extract import final_answer
from agentprop.composition.answer_text import read_value, same_json
from agentprop.errors import InputError
from agentprop.grading.consensus import CompareAnswers
from agentprop.records import AnswerType, Problem
from agentprop.sandbox import Sandbox
from agentprop.sandbox.records import DEFAULT_TIMEOUT_S as PROGRAM_TIMEOUT_S

KINDS: dict[AnswerType, AnswerKind] = {
    "integer": "number", "rational": "number", "quantity": "number", "boolean": "truth", "string": "string",
    "list": "list", "set": "set",
}  # fmt: skip
"""What an answer's type says of it; the others may be anything."""
CASE_IS_FREE = re.compile(
    r"\b(?:case[- ]insensitive(?:ly)?|ignor(?:e|ing) (?:the )?case|case does not matter|regardless of case"
    r"|in (?:upper|lower)[- ]?case or (?:upper|lower)[- ]?case)\b",
    re.IGNORECASE,
)
"""How a statement says that capitals do not matter."""
OUT_OF_LIMITS = frozenset({"timeout", "memory", "output-limit", "sandbox-unavailable"})
"""Ends of a run that are no evidence about the program."""


@dataclass(frozen=True)
class ComparisonLimits:
    """Time limits of comparisons."""

    comparison_s: float = DEFAULT_TIMEOUT_S
    """Seconds for two answers."""
    program_s: float = PROGRAM_TIMEOUT_S
    """Seconds for a program on all tests of a problem."""


def comparison_of(problem: Problem, sandbox: Sandbox, limits: ComparisonLimits) -> CompareAnswers:
    """Choose the comparison for a problem's answers. Calling it blocks: do so in a thread."""
    if problem.answer_type == "program":
        return HiddenTests(problem, sandbox, limits.program_s)
    return TextAnswers(problem, limits.comparison_s)


@dataclass(frozen=True)
class TextAnswers:
    """Comparison of answers that are texts."""

    problem: Problem
    timeout_s: float

    def __call__(self, gold: str, pred: str) -> Equivalence:
        """Compare two texts."""
        if gold == pred:
            return same("identical", "the texts are identical")
        if self.problem.answer_type == "list" and _same_values(gold, pred):
            return same("list", "equal lists")
        try:
            return self._equivalent(gold, pred, self.problem.unit)
        except InputError:  # a unit that only its proposer knows
            return self._equivalent(gold, pred, None)

    def _equivalent(self, gold: str, pred: str, unit: str | None) -> Equivalence:
        problem = self.problem
        return equivalent(
            gold=gold,
            pred=pred,
            precision=problem.figures,
            unit=unit,
            kind=KINDS.get(problem.answer_type),
            ignore_case=problem.answer_type == "string" and bool(CASE_IS_FREE.search(problem.statement)),
            question=problem.statement or None,
            timeout_s=self.timeout_s,
        )


def check_answer(problem: Problem) -> GoldCheck:
    """Whether the problem's own answer can be read to its end and is recognised; a program is not read."""
    if problem.answer_type == "program":
        return GoldCheck(True)
    return check_gold(problem.answer, kind=KINDS.get(problem.answer_type), question=problem.statement)


def _same_values(gold: str, pred: str) -> bool:
    try:
        return same_json(read_value(final_answer(gold)), read_value(final_answer(pred)))
    except ValueError:
        return False


@dataclass
class HiddenTests:
    """Comparison of answers that are programs, by a problem's hidden tests."""

    problem: Problem
    sandbox: Sandbox
    timeout_s: float
    _results: dict[str, Equivalence] = field(default_factory=dict)

    def __call__(self, gold: str, pred: str) -> Equivalence:
        """CompareAnswers if both pass the tests. A program that fails them is different even from itself."""
        found = self.passes(gold)
        return self.passes(pred) if found.status == "same" else found

    def passes(self, program: str) -> Equivalence:
        """CompareAnswers if a program passes the hidden tests. Every program is run once."""
        if program not in self._results:
            self._results[program] = self._run(unfenced(program))
        return self._results[program]

    def _run(self, program: str) -> Equivalence:
        try:
            arguments = [json.loads(test.arguments) for test in self.problem.tests]
            expected = [json.loads(test.expected) for test in self.problem.tests]
        except (ValueError, RecursionError):
            return undetermined("tests", "the stored tests cannot be read")
        if not arguments or not all(isinstance(values, list) for values in arguments):
            return undetermined("tests", "there are no tests to run")
        function = self.problem.entry_point or "solve"
        outcomes = self.sandbox.call(program, function, arguments, timeout_s=self.timeout_s)
        for number, (outcome, value) in enumerate(zip(outcomes, expected, strict=True), 1):
            if outcome.status in OUT_OF_LIMITS:
                return undetermined(outcome.status, f"test {number}: {outcome.error or outcome.status}")
            if outcome.status != "ok" or not same_json(outcome.value, value):
                why = outcome.error or "another value than expected"
                return different("tests", f"test {number} of {len(expected)}: {why}")
        return same("tests", f"all {len(expected)} tests pass")


def unfenced(program: str) -> str:
    """Strip the prose and the Markdown fences that models put around a program: keep the last fenced block, if any."""
    blocks = f"\n{program.strip()}".split("\n```")[1::2]
    return blocks[-1].partition("\n")[2] if blocks else program
