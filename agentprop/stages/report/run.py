"""Finished or unfinished runs → a report of them as one HTML file.

Every kind of record is streamed, once or twice. In memory stay counters, some 200 bytes per problem, and the content of
the page, which is bounded by `problems` and `trajectories` and not by the size of the runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentprop.boundary import HINT_WITHOUT_RUN, Tolerance
from agentprop.errors import InputError, RunError
from agentprop.report.checkers import FILE as CHECKERS
from agentprop.report.comparison import Side, compare
from agentprop.report.journeys import choose_details
from agentprop.report.page import GENERATOR, page
from agentprop.stages.common.foreign import STAGE as FILES
from agentprop.stages.common.foreign import open_sources
from agentprop.stages.report.gathered import ReportData
from agentprop.stages.report.options import ReportOptions
from agentprop.stages.report.passes import (
    accepted_by,
    contested_problems,
    count_rejects,
    details_of,
    judge,
    list_episodes,
    list_problems,
    measure,
    opinions_on,
    register_skills,
)
from agentprop.stages.report.sides import name_of, side_of
from agentprop.stages.report.tables import tables_of
from agentprop.storage.durable import check_target, disk_errors, write_atomically
from agentprop.storage.reader import StoredRun, read_errors
from agentprop.storage.stores import check_here

ORDER = (FILES, "extract", "propose", "verify", "curate", "probe")
"""Order in which runs are read, so that a later record on a problem replaces an earlier one."""
OTHERS = frozenset((".csv", ".docx", ".json", ".jsonl", ".md", ".parquet", ".pdf", ".rst", ".tex", ".txt"))
"""Endings of files that promise another format than HTML."""


def run(paths: Sequence[str], out: str, options: ReportOptions) -> dict[str, Any]:
    """Write the report to a file, or to stdout if `out` is `-`; returns its key figures."""
    check_here(out, "a report")
    if Path(out).suffix.lower() in OTHERS:
        raise InputError(f"a report is HTML, which {out} does not say", hint="name a file that ends in .html")
    if out != "-":
        _check_replaceable(Path(out))
    runs = sorted(open_sources(paths, options.layout, quiet=options.quiet), key=_order)
    title = options.title or name_of(runs)
    data = ReportData(runs, shown=Tolerance(options.max_failures, hint=HINT_WITHOUT_RUN))
    tables, details = _gather(data, options, _other_side(options))
    data.shown.check(over=True)
    document = page(title, {"title": title, **tables}, details)
    if out == "-":
        sys.stdout.buffer.write(document)
    else:
        with disk_errors(Path(out)):
            Path(out).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(Path(out), document)
    failed = {"records not shown": data.shown.failures} if data.shown.failures else {}
    facts = {"listed": len(tables["items"]["id"]), "step by step": len(details), "bytes": len(document)}
    return {**tables["figures"], **failed, **facts}


def _other_side(options: ReportOptions) -> Side | None:
    """The runs to compare with, reduced to what a comparison shows."""
    if not options.compare:
        return None
    runs = sorted(open_sources(options.compare, options.layout, quiet=options.quiet), key=_order)
    data = ReportData(runs, shown=Tolerance(options.max_failures, hint=HINT_WITHOUT_RUN))
    problems = list_problems(data, options)
    rejects, refused = count_rejects(data, options)
    judge(data, problems)
    measure(data, [*problems.values(), *refused])
    data.shown.check(over=True)
    return side_of(data, problems, rejects)


def _order(stored: StoredRun) -> int:
    return ORDER.index(stored.stage) if stored.stage in ORDER else len(ORDER)


def _check_replaceable(path: Path) -> None:
    """Raises RunError where something lies that is not a report."""
    check_target(path)
    if path.is_dir():
        raise RunError(f"{path} is a directory", hint=f"name a file, such as {path / 'report.html'}")
    if not path.exists():
        return
    with read_errors(path), path.open("rb") as file:
        start = file.read(16_384)
    if GENERATOR.encode() not in start:
        raise RunError(f"{path} is not a report, so it is not replaced", hint="choose another --out")


def _gather(data: ReportData, options: ReportOptions, other: Side | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gather the page's tables, and its details by position in the list."""
    problems = list_problems(data, options)
    rejects, refused = count_rejects(data, options)
    listed = [*problems.values(), *refused, *list_episodes(data, options)]
    judge(data, problems)
    measure(data, listed)
    chosen = choose_details(listed, options.trajectories, options.seed)
    for position in chosen:
        listed[position].detail = True
    contested, ledger = contested_problems(data, options.seed)
    wanted = {data.index.find(i.problem) for n in chosen if (i := listed[n]).problem} | {place for place, _ in ledger}
    opinions, answers = opinions_on(data, wanted)
    details = details_of(data, listed, chosen, answers)
    register_skills(data)
    funnels = [
        rejects[n].funnel(n, stored.stage, accepted_by(data, n))
        for n, stored in enumerate(data.runs)
        if stored.rows or stored.file(CHECKERS) is None  # an audit judges no problem
    ]
    comparison = None if other is None else compare(side_of(data, problems, rejects), other)
    return {**tables_of(data, listed, funnels, contested, ledger, opinions), "comparison": comparison}, details
