"""`agentprop show RUN [ID]`: a run's funnel and counts, or one of its records with its trajectory and verdicts."""

from __future__ import annotations

import json as json_
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from agentprop.cli import options
from agentprop.cli import render as views
from agentprop.cli import shared as stage
from agentprop.cli.lookup import find, open_runs, related
from agentprop.cli.shared import print_summary
from agentprop.records import Attempt, Problem, Record, Reject, Skill, Trajectory, Verdict
from agentprop.stages.common.layout_notes import without_layouts
from agentprop.storage.reader import FOLDERS, StoredRun

COUNTED: Mapping[type[Record], tuple[str, ...]] = {
    Problem: ("domain", "category", "answer_type", "operators", "skills", "evidence"),
    Verdict: ("value", "code"),
    Reject: ("code",),
    Trajectory: ("stop",),
    Skill: ("category", "origin"),
}
"""Columns whose values are counted."""


@stage.reads_files
def command(
    run: Annotated[str, typer.Argument(help="Run directory, or a file of problems.")],
    wanted: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="A record: its id or the beginning of it, its position, or a skill's name."
        ),
    ] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="RUN", help="Another run to search, such as the verify run; may be repeated."),
    ] = None,
    json: options.Json = False,
    *,
    layout: stage.LayoutOptions,
) -> None:
    """Show a run's funnel, or one of its records step by step."""
    runs = open_runs([run, *(beside or [])], layout.settings())
    if wanted is None:
        overview = describe(runs[0])
        print(json_.dumps(overview, ensure_ascii=False)) if json else _print_overview(overview)
        return
    records = gather(runs, find(runs, wanted))
    if json:
        print(json_.dumps([{"kind": r.kind, **r.model_dump(mode="json")} for r in records], ensure_ascii=False))
    else:
        views.show(records)


# --- a run ---


def describe(run: StoredRun) -> dict[str, Any]:
    """Describe a run: its stage, its settings, its records and their distribution."""
    held = [record_type for record_type in COUNTED if run.rows.get(record_type.kind)]
    if run.stage != "extract":
        held = [record_type for record_type in held if record_type is not Skill]  # other stages only carry skills along
    return {
        "run": run.name,
        "stage": run.stage,
        "complete": run.complete,
        "settings": chosen(run.config),
        "summary": run.summary,
        "records": run.rows,
        "counts": {record_type.kind: count(run, record_type) for record_type in held},
    }


def chosen(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are neither null nor empty."""
    return {key: value for key, value in settings.items() if value not in (None, [], {}, "")}


def count(run: StoredRun, record_type: type[Record]) -> dict[str, dict[str, int]]:
    """Count the values of the counted columns, the most frequent first."""
    columns = COUNTED[record_type]
    counters: dict[str, Counter[str]] = {column: Counter() for column in columns}
    for row in run.iter_rows(record_type, columns):
        for column in columns:
            value = row[column]
            counters[column].update(value if isinstance(value, list) else [str(value)])
    return {column: dict(counter.most_common()) for column, counter in counters.items() if counter}


def _print_overview(overview: Mapping[str, Any]) -> None:
    state = "complete" if overview["complete"] else "not finished"
    print(f"{overview['run']}: a run of {overview['stage']}, {state}\n")
    shown = {**overview, "summary": without_layouts(overview["summary"] or {})}
    for heading in ("settings", "records", "summary"):
        if shown[heading]:
            print_summary({heading: shown[heading]}, to_stdout=True)
            print()
    for kind, counters in overview["counts"].items():
        for column, values in counters.items():
            views.print_bars(f"{FOLDERS[kind].replace('_', ' ')} by {column.replace('_', ' ')}", values)


# --- a record ---


def gather(runs: Sequence[StoredRun], record: Record) -> list[Record]:
    """Collect a record and those that belong to it: its trajectory, its verdicts and the attempts behind them."""
    problem = _problem_of(runs, record)
    if problem is None:
        return [record]
    verdicts = related(runs, Verdict, "problem_id", problem.id)
    attempts = related(runs, Attempt, "problem_id", problem.id)
    trajectories = _by_id(runs, Trajectory, problem.trajectory_id)
    return [problem, *verdicts, *attempts, *trajectories]


def _problem_of(runs: Sequence[StoredRun], record: Record) -> Problem | None:
    if isinstance(record, Problem):
        return record
    if not isinstance(record, Trajectory | Verdict):
        return None
    return next(iter(_by_id(runs, Problem, record.problem_id)), None)


def _by_id(runs: Sequence[StoredRun], record_type: Any, wanted: str | None) -> list[Any]:
    if wanted is None:
        return []
    found = (r for run in runs if run.rows.get(record_type.kind) for r in run.find(record_type, wanted))
    return list({record.id: record for record in found}.values())
