"""A problem → how two answers to it are compared: as its kind of answer asks for.

Texts meet through `equivalent`, with the unit and the precision of the statement. Words are compared as words, because
`0101` is not `101` where a string is asked for. Programs are the same where both pass the hidden tests: they run in the
sandbox, and what the tests expect never enters their process. Nothing is asked of a model, so judging again is free.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from agentprop.answers.equivalence import DEFAULT_TIMEOUT_S, equivalent
from agentprop.answers.outcome import Equivalence, different, same, undetermined
from agentprop.answers.reading.extract import final_answer
from agentprop.answers.reading.words import same_text
from agentprop.composition.answer_text import read_value, same_json
from agentprop.errors import InputError
from agentprop.grading.consensus import Same
from agentprop.records import Problem
from agentprop.sandbox import UNDECIDED, Sandbox
from agentprop.sandbox.records import DEFAULT_TIMEOUT_S as PROGRAM_TIMEOUT_S

QUOTES = "\"'`“”‘’"
OUT_OF_LIMITS = UNDECIDED
"""Ends of a program that say nothing about whether it is right."""


@dataclass(frozen=True)
class ComparisonLimits:
    """What a comparison may take."""

    comparison_s: float = DEFAULT_TIMEOUT_S
    """Seconds for two answers."""
    program_s: float = PROGRAM_TIMEOUT_S
    """Seconds for a program on all tests of a problem."""


def comparison_of(problem: Problem, sandbox: Sandbox, limits: ComparisonLimits) -> Same:
    """How answers to a problem are compared. It blocks: call it in a thread."""
    if problem.answer_type == "program":
        return HiddenTests(problem, sandbox, limits.program_s)
    return Texts(problem, limits.comparison_s)


@dataclass(frozen=True)
class Texts:
    """Answers that are texts."""

    problem: Problem
    timeout_s: float

    def __call__(self, gold: str, pred: str) -> Equivalence:
        """Do both give the same answer?"""
        if gold == pred:
            return same("identical", "the texts are identical")
        match self.problem.answer_type:
            case "string":
                return _strings(gold, pred)
            case "list" if _same_values(gold, pred):
                return same("list", "equal lists")
        return self._equivalent(gold, pred)

    def _equivalent(self, gold: str, pred: str) -> Equivalence:
        precision, unit = self.problem.figures, self.problem.unit
        try:
            return equivalent(gold=gold, pred=pred, precision=precision, unit=unit, timeout_s=self.timeout_s)
        except InputError:  # a unit that only its proposer knows
            pass
        try:
            return equivalent(gold=gold, pred=pred, precision=precision, timeout_s=self.timeout_s)
        except InputError as problem:  # a precision that says nothing, which is this problem's fault alone
            return undetermined("question", problem.message)


def _strings(gold: str, pred: str) -> Equivalence:
    left, right = (final_answer(text).strip().strip(QUOTES) for text in (gold, pred))
    if left == right or same_text(left, right):
        return same("text", "the same words")
    return different("text", "the strings differ")


def _same_values(gold: str, pred: str) -> bool:
    try:
        return same_json(read_value(final_answer(gold)), read_value(final_answer(pred)))
    except ValueError:
        return False


@dataclass
class HiddenTests:
    """Answers that are programs."""

    problem: Problem
    sandbox: Sandbox
    timeout_s: float
    _known: dict[str, Equivalence] = field(default_factory=dict)

    def __call__(self, gold: str, pred: str) -> Equivalence:
        """Do both pass the tests? What fails them is different even from itself."""
        found = self.passes(gold)
        return self.passes(pred) if found.status == "same" else found

    def passes(self, program: str) -> Equivalence:
        """Whether a program passes the hidden tests; each is run once."""
        if program not in self._known:
            self._known[program] = self._run(unfenced(program))
        return self._known[program]

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
    """A program without the prose and the Markdown fences that models put around it: the last fenced block, if any."""
    blocks = f"\n{program.strip()}".split("\n```")[1::2]
    return blocks[-1].partition("\n")[2] if blocks else program
