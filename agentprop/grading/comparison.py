"""A problem → the comparison of two answers to it, by its answer type.

Texts meet through `equivalent`, with the kind of the answer and the unit and the precision of the statement. Strings
are compared letter by letter, because `0101` is not `101` and `abc` is not `ABC` where a string is asked for. Programs
are the same where both pass the hidden tests: they run in the sandbox, and what the tests expect never enters their
process. Nothing is asked of a model, so judging again is free.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentprop.answers.equivalence import DEFAULT_TIMEOUT_S, equivalent
from agentprop.answers.gold import GoldCheck, check_gold
from agentprop.answers.kinds import AnswerKind
from agentprop.answers.outcome import Equivalence, different, same, undetermined
from agentprop.answers.reading.extract import final_answer
from agentprop.composition.answer_text import read_value, same_json
from agentprop.composition.output_checker import Seen
from agentprop.composition.returned import agrees
from agentprop.errors import InputError
from agentprop.grading.consensus import CompareAnswers
from agentprop.records import AnswerType, Problem
from agentprop.sandbox import CallOutcome, Sandbox
from agentprop.sandbox.body import BodyTooLarge
from agentprop.sandbox.records import DEFAULT_TIMEOUT_S as PROGRAM_TIMEOUT_S
from agentprop.sandbox.verify import says_nothing

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
        """Compare two texts; one that is another answer that the problem accepts is the same as its own."""
        found = self._compared(gold, pred)
        if found.status == "same" or gold != self.problem.answer:
            return found
        others = [self._compared(answer, pred) for answer in self.problem.accepted or ()]
        settled = [one for status in ("same", "undetermined") for one in others if one.status == status]
        return settled[0] if settled else found

    def _compared(self, gold: str, pred: str) -> Equivalence:
        if gold == pred:
            return same("identical", "the texts are identical")
        if self.problem.answer_type == "list" and _same_values(gold, pred):
            return same("list", "equal lists")
        try:
            return self._equivalent(gold, pred, self.problem.unit)
        except InputError:  # a unit that only its proposer knows
            pass
        try:
            return self._equivalent(gold, pred, None)
        except InputError as problem:  # a precision that says nothing, which is this problem's fault alone
            return undetermined("question", problem.message)

    def _equivalent(self, gold: str, pred: str, unit: str | None) -> Equivalence:
        problem = self.problem
        return equivalent(
            gold=gold,
            pred=pred,
            precision=f"±{problem.tolerance}" if problem.tolerance else problem.figures,
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

    def program(self, text: str) -> str | None:
        """The program of a reply."""
        return program_of(text, self.problem.entry_point or "solve")

    def passes(self, program: str) -> Equivalence:
        """CompareAnswers if a program passes the hidden tests. Every program is run once."""
        if program not in self._results:
            self._results[program] = self._run(unfenced(program))
        return self._results[program]

    def _run(self, program: str) -> Equivalence:
        try:
            calls = [test.values() for test in self.problem.tests]
        except ValueError:
            return undetermined("tests", "the stored tests cannot be read")
        found = each_call(self.sandbox, program, self.problem.entry_point or "solve", calls, self.timeout_s)
        return all_passed(found, f"all {len(calls)} tests pass")


def each_call(
    sandbox: Sandbox,
    program: str,
    target: str,
    calls: Sequence[tuple[Sequence[Any], Any]],
    timeout_s: float,
    *,
    shared: str = "",
    exact: bool = True,
    ticks: int | None = None,
    accepted: Callable[[Sequence[Seen]], Sequence[bool | None]] | None = None,
) -> list[Equivalence]:
    """What each call says of a program: same if it returns what is expected, which stays outside its process.

    `exact` wants the very types; without it numbers are compared by value, as Python does. Each call may use so many
    `ticks`; a program that uses more is too slow. If several values are right, `accepted` says which; without it only
    the expected one is.
    """
    given = [arguments for arguments, _ in calls]
    try:
        outcomes = sandbox.call(program, target, given, shared=shared, timeout_s=timeout_s, ticks=ticks)
    except BodyTooLarge as problem:
        return [undetermined("too-large", str(problem))] * len(calls)
    returned = [number for number, outcome in enumerate(outcomes) if outcome.status == "ok"]
    seen: list[Seen] = [(given[number], outcomes[number].value, calls[number][1]) for number in returned]
    agree = (
        [agrees(value, expected, exact=exact) for _, value, expected in seen] if accepted is None else accepted(seen)
    )
    right = dict(zip(returned, agree, strict=True))
    return [
        _called(outcome, right.get(number), ticks, f"test {number + 1} of {len(calls)}")
        for number, outcome in enumerate(outcomes)
    ]


def all_passed(tests: Iterable[Equivalence], why: str) -> Equivalence:
    """Reduce what single tests say: same if all of them do. The first that is different, or out of time, decides."""
    doubt, seen = None, False
    for found in tests:
        seen = True
        if found.status == "different" or found.rule == "timeout":
            return found
        if found.status == "undetermined" and doubt is None:
            doubt = found
    if not seen:
        return undetermined("tests", "there are no tests to run")
    return same("tests", why) if doubt is None else doubt


def _called(outcome: CallOutcome, agree: bool | None, ticks: int | None, which: str) -> Equivalence:
    """What one call says of a program, whose value is right, wrong or neither."""
    told = outcome.error or ""
    if outcome.status != "ok":
        nothing = says_nothing(outcome.status, outcome.error, outcome.exception or told.partition(":")[0])
        if nothing is not None:
            rule = outcome.status if outcome.status != "error" else "refused"
            return undetermined(rule, f"{which}: {nothing}")
        if ticks is not None and told.startswith("OutOfTicks"):
            return different("too_slow", f"{which}: {told}")
        return different("tests", f"{which}: {told or outcome.status}")
    if agree is None:
        return undetermined("type", f"{which}: nothing can tell if the value returned is right")
    return same("tests", which) if agree else different("tests", f"{which}: another value than expected")


def program_of(text: str, *names: str) -> str | None:
    """The last fenced block that defines one of the names; the whole text if it has no fences."""
    parts = text.split("```")
    blocks = [body.partition("\n")[2] for body in parts[1::2]] if len(parts) > 1 else [text]
    wanted = "|".join(map(re.escape, names))
    defines = re.compile(rf"^[ \t]*(?:(?:async )?def|class) (?:{wanted})\b|^(?:{wanted})[ \t]*=", re.MULTILINE)
    return next((block for block in reversed(blocks) if defines.search(block)), None)


def unfenced(program: str) -> str:
    """Strip the prose and the Markdown fences that models put around a program: keep the last fenced block, if any."""
    blocks = f"\n{program.strip()}".split("\n```")[1::2]
    return blocks[-1].partition("\n")[2] if blocks else program
