"""Rows with a reference program → those whose tests it passes; the others are left out before any model is asked.

Tests that a row's own program fails say nothing about another one. A reference that was stopped by a limit is run once
more by itself, with more time. What was decided stays decided: a resumed run looks only at rows it has never met.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from agentprop.answers.outcome import Equivalence, undetermined
from agentprop.grading.comparison import HiddenTests
from agentprop.grading.probers import PROGRAM_S, RERUN_S, ProgramJudge
from agentprop.grading.program_tests import BoundTests, ProgramTests
from agentprop.records import Problem, Reject
from agentprop.sandbox import Sandbox
from agentprop.stages.common.progress import Progress
from agentprop.stages.evaluate.items import AskedQuestion, Benchmark
from agentprop.storage.run import Run

FAILS, UNDECIDED = "reference-fails", "reference-undecided"
BESIDE = 4
"""References under way; the sandbox runs as many as it has places for."""
KEPT_AT_ONCE = 64
"""Rows looked at between two looks at the bar."""


def program_judge(
    tests: Mapping[str, ProgramTests], sandbox: Sandbox, problem: Problem, seconds: float
) -> ProgramJudge:
    """How programs for a problem are judged: by its row's tests, or by those that it carries itself."""
    found = tests.get(problem.id)
    return HiddenTests(problem, sandbox, seconds) if found is None else BoundTests(found, sandbox, seconds)


@dataclass
class ReferenceCheck:
    """Runs references, and keeps what became of them."""

    run_dir: Run
    sandbox: Sandbox
    asked: Set[str]
    """Problems that were asked before: their references passed."""
    quiet: bool = False
    counts: dict[str, Any] = field(default_factory=dict)
    """References that passed, and rows left out by reason."""

    def kept(self, benchmark: Benchmark) -> Benchmark:
        """The benchmark without the rows whose reference does not pass."""
        known = {one.item: one.code for one in self.run_dir.iter(Reject) if one.code in (FAILS, UNDECIDED)}
        checked = [item for item in benchmark.items if item.references and item.problem.id not in self.asked]
        fresh = [item for item in checked if item.source not in known]
        found = self._run(fresh)
        left_out = {item.source: known[item.source] for item in checked if item.source in known}
        for item, verdict in zip(fresh, found, strict=True):
            if verdict.status != "same":
                left_out[item.source] = FAILS if verdict.status == "different" else UNDECIDED
                self.run_dir.add(_reject(item, left_out[item.source], verdict))
        self.run_dir.commit({})
        passed = sum(bool(item.references) for item in benchmark.items) - len(left_out)
        if passed or left_out:
            self.counts = {"references": {"passed": passed, **Counter(left_out.values())}}
        return replace(benchmark, items=[item for item in benchmark.items if item.source not in left_out])

    def _run(self, items: list[AskedQuestion]) -> list[Equivalence]:
        """Whether each one's reference passes; those without a verdict once more, one after another."""
        found: list[Equivalence] = []
        with ThreadPoolExecutor(BESIDE) as beside, Progress("references", len(items), quiet=self.quiet) as bar:
            for start in range(0, len(items), KEPT_AT_ONCE):
                found += beside.map(self._passes, items[start : start + KEPT_AT_ONCE])
                bar.update(done=len(found))
        for place, item in enumerate(items):
            if found[place].status == "undetermined":
                found[place] = self._passes(item, RERUN_S)
        return found

    def _passes(self, item: AskedQuestion, seconds: float = PROGRAM_S) -> Equivalence:
        """The first of a row's references that passes decides; else the last."""
        tests = {} if item.tests is None else {item.problem.id: item.tests}
        judge = program_judge(tests, self.sandbox, item.problem, seconds)
        verdict = undetermined("tests", "there is no reference")
        for program in item.references:
            verdict = judge.passes(program)
            if verdict.status == "same":
                break
        return verdict


def _reject(item: AskedQuestion, code: str, verdict: Equivalence) -> Reject:
    """Why a row is left out."""
    told = "fails its tests" if code == FAILS else "is not shown to pass its tests"
    return Reject(
        stage="evaluate",
        item=item.source,
        outcome="rejected",
        code=code,
        message=f"the row's own reference program {told}: {verdict.why} ({verdict.rule})",
        record=item.problem.statement[:1000],
    )
