"""A problem that says how it is judged, and a program → whether it passes every test within the budget.

Ticks decide what is too slow, so the verdict is the same on every machine and under every load. Seconds only stop what
ticks do not see; that is undetermined, and a caller runs it once more alone. Every expected value stays outside of the
program's process. If several outputs are right, the problem's checker looks at each in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from agentprop.answers.outcome import Equivalence, different, undetermined
from agentprop.composition import output_checker
from agentprop.composition.announced import case_of
from agentprop.composition.output_checker import Seen
from agentprop.grading import comparison
from agentprop.grading.comparison import ComparisonLimits, HiddenTests, all_passed, each_call, unfenced
from agentprop.grading.consensus import CompareAnswers
from agentprop.grading.program_tests import StreamTests, printed, same_output
from agentprop.records import Problem
from agentprop.sandbox import Job, Result, Sandbox

TOO_SLOW = "too_slow"
"""Rule of a program that exceeds its budget of ticks."""
OVER = "OutOfTicks"


def program_tests(problem: Problem, sandbox: Sandbox, seconds: float) -> HiddenTests | JudgedTests:
    """How programs for a problem are judged by the tests that it carries itself."""
    return (HiddenTests if problem.judging is None else JudgedTests)(problem, sandbox, seconds)


def comparison_of(problem: Problem, sandbox: Sandbox, limits: ComparisonLimits) -> CompareAnswers:
    """Choose the comparison for a problem's answers, judged programs among them. Calling it blocks."""
    if problem.judging is not None:
        return JudgedTests(problem, sandbox, limits.program_s)
    return comparison.comparison_of(problem, sandbox, limits)


@dataclass
class JudgedTests:
    """The tests of a problem that says how it is judged."""

    problem: Problem
    sandbox: Sandbox
    timeout_s: float
    """Seconds for all calls of a function, or for each run of a program that reads and prints."""
    origin: str | None = None
    """Whose programs these are, if they are a skill's own: runs of one share a process then."""
    _results: dict[str, Equivalence] = field(default_factory=dict)

    def __call__(self, gold: str, pred: str) -> Equivalence:
        """CompareAnswers if both pass the tests."""
        found = self.passes(gold)
        return self.passes(pred) if found.status == "same" else found

    def program(self, text: str) -> str | None:
        """The program of a reply; None if there is none."""
        judging = self.problem.judging
        if judging is not None and judging.form == "stdio":
            return StreamTests(()).program(text)
        return HiddenTests(self.problem, self.sandbox, self.timeout_s).program(text)

    def passes(self, program: str) -> Equivalence:
        """Whether a program passes every test within the budget. It blocks; every program is run once."""
        if program not in self._results:
            self._results[program] = self._run(unfenced(program))
        return self._results[program]

    def each(self, program: str) -> list[Equivalence]:
        """What each test says of a program, all tests run in as few processes as can be. It blocks."""
        found = list(self._each(unfenced(program)))
        return found if len(found) == len(self.problem.tests) else found * len(self.problem.tests)

    def _run(self, program: str) -> Equivalence:
        judging, count = self.problem.judging, len(self.problem.tests)
        stream = judging is not None and judging.form == "stdio"
        return all_passed(
            self._each(program), f"all {count} outputs are right" if stream else f"all {count} tests pass"
        )

    def _each(self, program: str) -> Iterable[Equivalence]:
        """What the tests say, one after the other; a single answer if they cannot be run."""
        judging = self.problem.judging
        assert judging is not None  # chosen by `program_tests`
        try:
            cases = [case_of(test, judging) for test in self.problem.tests]
        except ValueError:
            return [undetermined("tests", "the stored tests cannot be read")]
        if judging.form == "function":
            target = self.problem.entry_point or "solve"
            accepted = self._accepted if judging.checker is not None else None
            return each_call(
                self.sandbox, program, target, cases, self.timeout_s, ticks=judging.ticks, accepted=accepted
            )
        if any([type(one) for one in given] != [str] for given, _ in cases):
            return [undetermined("tests", "a stored test is not one text for standard input")]
        return self._streams(program, [(str(given), str(wanted)) for [given], wanted in cases], judging.ticks)

    def _streams(self, program: str, pairs: list[tuple[str, str]], ticks: int) -> Iterator[Equivalence]:
        jobs = [
            Job(program, stdin=given, timeout_s=self.timeout_s, ticks=ticks, origin=self.origin) for given, _ in pairs
        ]
        for number, (result, right) in enumerate(self._results_of(jobs, pairs), 1):
            which = f"test {number} of {len(pairs)}"
            if (result.error or "").startswith(OVER):
                yield different(TOO_SLOW, f"{which}: {result.error}")
            else:
                yield printed(result, which, right)

    def _results_of(self, jobs: list[Job], pairs: list[tuple[str, str]]) -> Iterator[tuple[Result, bool | None]]:
        """What each run gave and whether it is right: one by one, so that a fault ends it, or all together."""
        if self.origin is None:
            for job, pair in zip(jobs, pairs, strict=True):
                result = self.sandbox.run_job(job)
                yield result, self._said([result], [pair])[0]
        else:
            results = list(self.sandbox.run_in_turn(jobs))
            yield from zip(results, self._said(results, pairs), strict=True)

    def _said(self, results: Sequence[Result], pairs: Sequence[tuple[str, str]]) -> list[bool | None]:
        """Whether outputs are right; None if neither the layout nor the checker lets that be said."""
        assert self.problem.judging is not None
        said: list[bool | None] = [None] * len(results)
        whole = [place for place, result in enumerate(results) if result.status == "ok" and not result.truncated]
        if self.problem.judging.checker is None:
            found: Sequence[bool | None] = [same_output(results[place].stdout, pairs[place][1]) for place in whole]
        else:
            found = self._accepted([([pairs[place][0]], results[place].stdout, pairs[place][1]) for place in whole])
        for place, right in zip(whole, found, strict=True):
            said[place] = right
        return said

    def _accepted(self, seen: Sequence[Seen]) -> list[bool | None]:
        judging = self.problem.judging
        assert judging is not None and judging.checker is not None
        return output_checker.accepted(judging.checker, seen, self.sandbox, self.timeout_s)


def remembered(
    problem: Problem, program: str, sandbox: Sandbox, seconds: float, origin: str | None = None
) -> Equivalence:
    """Whether a program passes; of problems with the same tests and program only one is run.

    `origin` says that the program is a skill's own.
    """
    assert problem.judging is not None
    judging = problem.judging
    key = (program, problem.tests, judging.form, judging.ticks, judging.checker)
    found = _VERDICTS.get(key)
    if found is None:
        found = JudgedTests(problem, sandbox, seconds, origin).passes(program)
        if found.status != "undetermined":
            _VERDICTS[key] = found
    return found


_VERDICTS: dict[object, Equivalence] = {}
