"""Rows → decisions, on all cores: lint first, then every route that needs no model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from agentprop.boundary import CODES, RecordFailure, contained, died
from agentprop.config.curate import CurateConfig
from agentprop.engine import WorkerDied, batched, each_alone, flattened, ordered_map, usable_cores
from agentprop.grading.lints import LintFault, first_fault
from agentprop.grading.verifiers import BUILTIN
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.common.local_judge import JudgedProblem, LocalJudge, failed
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
    return list(await asyncio.gather(*map(_check, rows)))


async def _check(row: CuratedRow) -> CheckedRow:
    assert _judge is not None  # the engine ran prepare()
    if row.refusal is not None or row.found is None:
        return CheckedRow(row, refusal=row.refusal)
    fault = contained(partial(first_fault, row.found.problem, row.found.claim, _lints), _itself)
    if isinstance(fault, RecordFailure):
        return CheckedRow(row, refusal=RowRefusal("failed", fault.code, fault.told))
    if fault is not None:
        return CheckedRow(row, refusal=RowRefusal("rejected", fault.name, fault.message))
    judged = await _judge.judge(item_of(row.found))
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


def checked(
    config: CurateConfig,
    library: dict[str, Package],
    rows: Iterable[CuratedRow],
    stop: Callable[[], bool],
    idle: Callable[[], None],
) -> Iterator[list[CheckedRow]]:
    """Yield the checked rows, in order."""
    found = ordered_map(
        check,
        batched(rows, BATCH),
        workers=config.workers or usable_cores(),
        window=WINDOW,
        initializer=prepare,
        initargs=(library, config.lints, config.allow_weak_sandbox),
        stop=stop,
        idle=idle,
        split=each_alone,
    )
    return flattened(found, _lost)


def _lost(lost: WorkerDied) -> list[CheckedRow]:
    return [_died(row, lost.message) for row in lost.item]


def _died(row: CuratedRow, message: str) -> CheckedRow:
    if row.found is None:
        return CheckedRow(row, refusal=row.refusal)
    judged = failed(BUILTIN, item_of(row.found), died(message))
    return CheckedRow(row, judged, refusal_of(judged, ""))
