"""Graded attempts → the numbers of an evaluation, over all problems and by groups.

An attempt that was cut off, or whose answer cannot be compared with the right one, counts as failed. One that the
server lost, or that agentprop failed to grade, says nothing and is left out, also of the number of attempts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from agentprop.answers.equivalence import DEFAULT_TIMEOUT_S
from agentprop.boundary import INTERNAL, RecordFailure, Tolerance, contained
from agentprop.grading.comparison import TextAnswers
from agentprop.grading.pass_at_k import (
    Estimate,
    Score,
    majority,
    majority_at_k,
    mean_at_k,
    pass_at_k,
    steps_passed,
)
from agentprop.grading.stepwise import StepsPassed, countable, passed
from agentprop.records import Attempt, Problem
from agentprop.stages.common.failures import is_unexpected
from agentprop.stages.common.layout_notes import without_layouts
from agentprop.stages.evaluate.items import AskedQuestion

VOTING = frozenset({"correct", "wrong", "undetermined"})
"""Outcomes of attempts that have an answer."""


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """Outcome of an attempt, as far as the totals need it."""

    code: str
    """Outcome code."""
    answer: str | None
    """The answer that was found."""
    answered: bool
    """There was a reply."""
    steps: StepsPassed | None = None
    """How far the reply follows the problem's intermediate values; None if it has none."""


def outcome_of(problem: Problem, attempt: Attempt) -> AttemptOutcome:
    """The outcome in an attempt's record."""
    return outcome(problem, attempt.code, attempt.answer, attempt.response)


def outcome(problem: Problem | None, code: str, answer: str | None, response: str | None) -> AttemptOutcome:
    """The outcome of a stored reply; the problem is None if it is no longer asked."""
    told = problem.solution.values if problem is not None and problem.solution is not None else ()
    values = countable(told, problem.statement) if problem is not None else ()
    steps = passed(values, response) if values and response is not None else None
    return AttemptOutcome(code, answer, response is not None, steps)


def score_of(problem: Problem, attempts: Sequence[AttemptOutcome]) -> Score:
    """What a model did on a problem; may take seconds."""
    answered = [attempt for attempt in attempts if attempt.answered and attempt.code != INTERNAL]
    correct = sum(attempt.code == "correct" for attempt in answered)
    followed = [attempt.steps.found / attempt.steps.of for attempt in answered if attempt.steps is not None]
    steps = fmean(followed) if followed else None
    if problem.answer_type == "program":
        return Score(len(answered), correct, None, steps)
    others = Counter(a.answer for a in answered if a.code in VOTING and a.code != "correct" and a.answer)
    same = TextAnswers(problem, DEFAULT_TIMEOUT_S)

    def alike(one: str, other: str) -> bool:
        """Answers that cannot be compared for a defect of agentprop are two answers."""
        return contained(lambda: same(one, other).status == "same", lambda failure: False)

    share = majority(correct, others, alike)
    return Score(len(answered), correct, share if answered else None, steps)


@dataclass
class EvaluationTotals:
    """Totals over the problems so far."""

    k: int
    max_failures: float = 1.0
    """Share of the attempts that may fail unexpectedly."""
    unread: int = 0
    """Rows of the benchmark that could not be read for a defect of agentprop."""
    counts: Counter[str] = field(default_factory=Counter)
    last_failure: str = ""
    """Message of the last unexpected failure."""
    scores: list[Score] = field(default_factory=list)
    by: dict[str, dict[str, list[Score]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(
        self,
        item: AskedQuestion,
        score: Score,
        attempts: Sequence[AttemptOutcome],
        failure: str | None,
        unexpected: RecordFailure | None = None,
    ) -> None:
        """Count a problem."""
        lost = failure is not None or unexpected is not None or not score.attempts
        self.counts.update({"problems": 1, "failed" if lost else "accepted": 1})
        if lost:
            self.counts[f"reason {_reason(failure, unexpected)}"] += 1
        self.last_failure = unexpected.message if unexpected is not None else self.last_failure
        self.counts.update(f"attempts {attempt.code if attempt.answered else 'lost'}" for attempt in attempts)
        followed = [attempt.steps for attempt in attempts if attempt.steps is not None]
        self.counts.update(f"missing {'none' if s.first_missing is None else s.first_missing + 1}" for s in followed)
        if not score.attempts:
            return
        self.scores.append(score)
        for column, value in item.groups.items():
            self.by[column][value].append(score)

    def tolerance(self, problems: int) -> Tolerance:
        """How many attempts failed unexpectedly; a problem that failed as a whole counts as one of them."""
        c = self.counts
        whole = sum(n for name, n in c.items() if name.startswith("reason ") and is_unexpected(name[7:])) + self.unread
        attempts = whole + sum(n for name, n in c.items() if name.startswith("attempts "))
        failures = whole + c[f"attempts {INTERNAL}"]
        return Tolerance(self.max_failures, problems * self.k, attempts, failures, self.last_failure)

    @property
    def mean(self) -> float:
        """Mean@k so far."""
        found = mean_at_k(self.scores)
        return found.value if found else 0.0

    def summary(self) -> dict[str, Any]:
        """Summarise; in = accepted + failed."""
        c = self.counts
        if c["problems"] != c["accepted"] + c["failed"]:
            raise AssertionError(f"problems are not accounted for: {dict(c)}")
        return {
            **{name: c[name] for name in ("problems", "accepted", "failed")},
            "reasons": {k.removeprefix("reason "): v for k, v in sorted(c.items()) if k.startswith("reason ")},
            "k": self.k,
            "attempts": {k.removeprefix("attempts "): v for k, v in sorted(c.items()) if k.startswith("attempts ")},
            **measures(self.scores, self.k),
            **({"first_missing_step": missing} if (missing := self._missing()) else {}),
            "by": {
                column: {value: measures(scores, self.k) for value, scores in _in_order(values.items())}
                for column, values in self.by.items()
            },
        }

    def _missing(self) -> dict[str, int]:
        """Attempts by the first intermediate value that they lack, counted from 1."""
        found = {k.removeprefix("missing "): v for k, v in self.counts.items() if k.startswith("missing ")}
        return dict(sorted(found.items(), key=lambda item: (item[0] == "none", item[0].zfill(3))))


def _reason(failure: str | None, unexpected: RecordFailure | None) -> str:
    """Return the reason code of a problem that failed."""
    if unexpected is not None:
        return unexpected.code
    return "infrastructure" if failure is not None else "unmeasured"


def measures(scores: Sequence[Score], k: int) -> dict[str, Any]:
    """Compute Mean@k, pass@k for powers of two, and majority@k."""
    solved = {str(n): _plain(pass_at_k(scores, n)) for n in powers_of_two(k)}
    return {
        "mean": _plain(mean_at_k(scores)),
        "pass_at": {n: found for n, found in solved.items() if found is not None},
        "majority": _plain(majority_at_k(scores)),
        **({"stepwise": _plain(found)} if (found := steps_passed(scores)) is not None else {}),
    }


def powers_of_two(most: int) -> list[int]:
    """List 1, 2, 4, … and `most` itself."""
    return sorted({most, *(2**i for i in range(most.bit_length()) if 2**i <= most)})


def readable(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Shorten a summary for people: one line for an estimate, and only Mean@k for the values of a column."""
    by = {column: {value: found["mean"] for value, found in values.items()} for column, values in summary["by"].items()}
    return _readable({**without_layouts(summary), "by": by})


def _readable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _line(value) if isinstance(value, Mapping) else value for key, value in values.items()}


def _line(value: Mapping[str, Any]) -> Any:
    if set(value) != set(Estimate.__dataclass_fields__):
        return _readable(value)
    problems = f"{value['problems']:,} problem{'s' if value['problems'] != 1 else ''}"
    return f"{value['value']:.1%}  ({value['low']:.1%} to {value['high']:.1%}, {problems})"


def _plain(found: Estimate | None) -> dict[str, Any] | None:
    return None if found is None else asdict(found)


def _in_order(values: Iterable[tuple[str, list[Score]]]) -> list[tuple[str, list[Score]]]:
    """Sort values: numbers by size, then words."""
    return sorted(values, key=lambda item: (not item[0].isdigit(), item[0].zfill(12) if item[0].isdigit() else item[0]))
