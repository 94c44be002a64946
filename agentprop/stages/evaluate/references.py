"""Rows with a reference program → those whose tests it passes; the others are left out before any model is asked.

Tests that a row's own program fails say nothing about another one, and neither do tests that a program passes which
does nothing but raise. A reference that was stopped by a limit is run once more by itself, with more time. What was
decided stays decided: a resumed run looks only at rows it has never met.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from agentprop.answers.outcome import undetermined
from agentprop.engine import WorkerLost
from agentprop.grading.probers import PROGRAM_S, RERUN_S
from agentprop.grading.program_check import TOLD, UNDECIDED, RowFault, row_fault
from agentprop.records import Reject
from agentprop.sandbox import Sandbox
from agentprop.stages.common.grading_workers import worker_sandbox
from agentprop.stages.common.progress import Progress
from agentprop.stages.evaluate.items import AskedQuestion, Benchmark
from agentprop.storage.run import Run

BESIDE = 4
"""References under way; the sandbox runs as many as it has places for."""
KEPT_AT_ONCE = 64
"""Rows looked at between two looks at the bar."""


@dataclass
class ReferenceCheck:
    """Runs references, and keeps what became of them."""

    run_dir: Run
    sandbox: Sandbox
    asked: Set[str]
    """Problems that were asked before: their references passed."""
    quiet: bool = False
    workers: Executor | None = None
    """Workers with sandboxes of their own; None means threads of this process and its sandbox."""
    counts: dict[str, Any] = field(default_factory=dict)
    """References that passed, and rows left out by reason."""

    def kept(self, benchmark: Benchmark) -> Benchmark:
        """The benchmark without the rows whose reference does not pass."""
        known = {one.item: one.code for one in self.run_dir.iter(Reject) if one.code in TOLD}
        programs = [item for item in benchmark.items if item.problem.answer_type == "program"]
        fresh = [one for one in programs if one.source not in known and one.problem.id not in self.asked]
        left_out = {item.source: known[item.source] for item in programs if item.source in known}
        for item, fault in zip(fresh, self._run(fresh), strict=True):
            if fault is not None:
                left_out[item.source] = fault.code
                self.run_dir.add(_reject(item, fault))
        self.run_dir.commit({})
        with_reference = sum(bool(item.references) and item.source not in left_out for item in programs)
        if with_reference or left_out:
            self.counts = {"references": {"passed": with_reference, **Counter(left_out.values())}}
        return replace(benchmark, items=[item for item in benchmark.items if item.source not in left_out])

    def _run(self, items: list[AskedQuestion]) -> list[RowFault | None]:
        """What is wrong with each row; where that was not decided, once more, one after another."""
        found: list[RowFault | None] = []
        with ThreadPoolExecutor(BESIDE) as beside, Progress("references", len(items), quiet=self.quiet) as bar:
            for start in range(0, len(items), KEPT_AT_ONCE):
                begun = [self._begin(item, beside) for item in items[start : start + KEPT_AT_ONCE]]
                found += map(_fault_in, begun)
                bar.update(done=len(found))
            for place, item in enumerate(items):
                fault = found[place]
                if fault is not None and fault.code == UNDECIDED:
                    found[place] = _fault_in(self._begin(item, beside, RERUN_S))
        return found

    def _begin(self, item: AskedQuestion, beside: Executor, seconds: float = PROGRAM_S) -> Future[RowFault | None]:
        if self.workers is not None:
            return self.workers.submit(fault_in_worker, item, seconds)
        return beside.submit(row_fault, item.problem, item.tests, item.references, self.sandbox, seconds)


def fault_in_worker(item: AskedQuestion, seconds: float) -> RowFault | None:
    """What is wrong with a row, found out in a worker."""
    return row_fault(item.problem, item.tests, item.references, worker_sandbox(), seconds)


def _fault_in(found: Future[RowFault | None]) -> RowFault | None:
    """Wait for what was found; of a reference that ends every worker nothing is known."""
    try:
        return found.result()
    except WorkerLost as lost:
        return RowFault(UNDECIDED, undetermined("worker-died", str(lost)))


def _reject(item: AskedQuestion, fault: RowFault) -> Reject:
    """Why a row is left out."""
    return Reject(
        stage="evaluate",
        item=item.source,
        outcome="rejected",
        code=fault.code,
        message=f"{TOLD[fault.code]}: {fault.verdict.why} ({fault.verdict.rule})",
        record=item.problem.statement[:1000],
    )
