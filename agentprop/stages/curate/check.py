"""Rows → decisions: lint first, then every route that needs no model, on all cores; or a panel of models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from agentprop.boundary import CODES, RecordFailure, contained, died
from agentprop.config import VerifyConfig
from agentprop.config.curate import CurateConfig
from agentprop.config.parts import Attempts
from agentprop.engine import WorkerDied, batched, each_alone, flattened, ordered_map, usable_cores
from agentprop.grading.lints import LintFault, first_fault
from agentprop.grading.verifiers import BUILTIN
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.common import panel_run
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.common.local_judge import JudgedProblem, LocalJudge, failed
from agentprop.stages.common.panel import Panel, open_panel, uses_models
from agentprop.stages.common.row_problems import RowProblem
from agentprop.stages.curate.rows import CuratedRow, RowRefusal

BATCH = 32
WINDOW = 8
DIFFER = "answers_differ"


@dataclass(frozen=True)
class CheckedRow:
    """A row with what became of it."""

    row: CuratedRow
    """The row."""
    judged: JudgedProblem | None = None
    """Its verdict, if it came so far."""
    refusal: RowRefusal | None = None
    """Why it is not accepted."""


# --- in the worker ---

_judge: LocalJudge | None = None
_lints: Sequence[str] | None = None


def prepare(library: dict[str, Package], lints: Sequence[str] | None, allow_weak: bool) -> None:
    """Set up a worker process with its own sandbox."""
    global _judge, _lints  # one per process, set up once by the engine's initializer
    _lints = lints
    _judge = LocalJudge(library, Executor(Sandbox(preload=(), slots=1, allow_weak=allow_weak)), BUILTIN)


def check(rows: Sequence[CuratedRow]) -> list[CheckedRow]:
    """Check a batch."""
    return asyncio.run(_check_all(rows))


async def _check_all(rows: Sequence[CuratedRow]) -> list[CheckedRow]:
    assert _judge is not None  # the engine ran prepare()
    return list(await asyncio.gather(*(check_row(row, _lints, _judge.judge) for row in rows)))


async def check_row(
    row: CuratedRow, lints: Sequence[str] | None, judge: Callable[[ProblemItem], Awaitable[JudgedProblem]]
) -> CheckedRow:
    """Check a row, which is judged only if there is no fault in it."""
    if row.refusal is not None or row.found is None:
        return CheckedRow(row, refusal=row.refusal)
    fault = contained(partial(first_fault, row.found.problem, row.found.claim, lints), _itself)
    if isinstance(fault, RecordFailure):
        return CheckedRow(row, refusal=RowRefusal("failed", fault.code, fault.told))
    if fault is not None:
        return CheckedRow(row, refusal=RowRefusal("rejected", fault.name, fault.message))
    judged = await judge(item_of(row.found))
    return CheckedRow(row, judged, refusal_of(judged, row.rival))


def _itself(failure: RecordFailure) -> LintFault | RecordFailure | None:
    return failure


def item_of(found: RowProblem) -> ProblemItem:
    """A row's problem as what is judged and probed."""
    return ProblemItem(found.problem, from_pipe=True, claim=found.claim)


def refusal_of(judged: JudgedProblem, rival: str) -> RowRefusal | None:
    """Why a verdict is no reason to accept; a row that an earlier one contradicts needs evidence of its own."""
    verdict = judged.verdict
    if verdict.value == "valid":
        return None
    if verdict.value == "invalid":
        return RowRefusal("rejected", verdict.code, verdict.message)
    if judged.failure is not None and verdict.code in CODES:
        return RowRefusal("failed", verdict.code, judged.failure.told)
    return RowRefusal("failed", DIFFER, rival) if rival else RowRefusal("failed", verdict.code, verdict.message)


# --- in the stage ---

Checked = Iterator[list[CheckedRow]]


class RowJudges(Protocol):
    """Who judges the rows: the routes without a model in worker processes, or a panel."""

    def results(self, rows: Iterator[CuratedRow], stop: Callable[[], bool], idle: Callable[[], None]) -> Checked:
        """Yield the checked rows, in order."""
        ...

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """Cost part of the summary."""
        ...


@dataclass(frozen=True)
class RowWorkers:
    """Worker processes."""

    config: CurateConfig
    library: dict[str, Package]

    def results(self, rows: Iterator[CuratedRow], stop: Callable[[], bool], idle: Callable[[], None]) -> Checked:
        """Yield the checked rows, in order."""
        found = ordered_map(
            check,
            batched(rows, BATCH),
            workers=self.config.workers or usable_cores(),
            window=WINDOW,
            initializer=prepare,
            initargs=(self.library, self.config.lints, self.config.allow_weak_sandbox),
            stop=stop,
            idle=idle,
            split=each_alone,
        )
        return flattened(found, _lost)

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """Nothing."""
        return {}


@dataclass(frozen=True)
class RowPanel:
    """A panel of models, with the routes without a model as one of its voters if `builtin` is named."""

    config: CurateConfig
    panel: Panel

    def results(self, rows: Iterator[CuratedRow], stop: Callable[[], bool], idle: Callable[[], None]) -> Checked:
        """Yield the checked rows, in order."""
        work = partial(check_row, lints=self.config.lints, judge=self.panel.judge)
        return panel_run.in_order(self.panel, rows, work, stop, idle)

    def spending(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """What was asked and what it cost."""
        return panel_run.spending(self.panel, counts, counts["valid"], counts["judged"])


@contextmanager
def row_judges(config: CurateConfig, library: dict[str, Package], folder: Path) -> Iterator[RowJudges]:
    """Open the verifiers that the settings name."""
    judging = judging_of(config)
    if not uses_models(judging):
        yield RowWorkers(config, library)
        return
    with open_panel(judging, library, folder) as panel:
        yield RowPanel(config, panel)


def judging_of(config: CurateConfig) -> VerifyConfig:
    """The settings of the verifiers; how probers sample is no concern of theirs."""
    common = CurateConfig.model_fields.keys() & VerifyConfig.model_fields.keys() - Attempts.model_fields.keys()
    return VerifyConfig(**{name: getattr(config, name) for name in common})


def _lost(lost: WorkerDied) -> list[CheckedRow]:
    return [_died(row, lost.message) for row in lost.item]


def _died(row: CuratedRow, message: str) -> CheckedRow:
    if row.found is None:
        return CheckedRow(row, refusal=row.refusal)
    judged = failed(BUILTIN, item_of(row.found), died(message))
    return CheckedRow(row, judged, refusal_of(judged, ""))
