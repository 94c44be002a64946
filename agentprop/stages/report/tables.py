"""What the passes found → the tables of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agentprop import __version__
from agentprop.report.checkers import FILE as CHECKERS
from agentprop.report.checkers import audits
from agentprop.report.contamination import FILE as CONTAMINATION
from agentprop.report.contamination import contamination
from agentprop.report.difficulty import declared_bands
from agentprop.report.funnel import Funnel
from agentprop.report.graph import picture
from agentprop.report.items import (
    ListedProblem,
    table,
)
from agentprop.report.messages import written_messages
from agentprop.report.skills import SkillPairs
from agentprop.report.spending import spending
from agentprop.report.text import shareable
from agentprop.stages.report.gathered import ReportData
from agentprop.storage.reader import StoredRun


def tables_of(
    data: ReportData,
    listed: Sequence[ListedProblem],
    funnels: Sequence[Funnel],
    contested: Mapping[str, int],
    ledger: Sequence[tuple[int, str]],
    opinions: Mapping[str, Any],
) -> dict[str, Any]:
    judges, difficulties = data.votes.judges(), list(data.difficulties)
    makers = {*data.makers, *(judge.name for judge in judges), *(found.prober for found in difficulties)}
    verdicts = data.verdicts.counts()
    good = sum(verdicts.get(value, 0) for value in ("valid", "unverified"))
    summaries = [(stored.stage, stored.summary or {}) for stored in data.runs]
    by_place = {data.index.find(problem): problem for problem in opinions}
    return {
        "version": __version__,
        "runs": [_described(stored) for stored in data.runs],
        "figures": {
            "problems": sum(verdicts.values()),
            "good": good,
            **verdicts,
            "contested": sum(contested.values()),
            "judged elsewhere": data.elsewhere,
        },
        "makers": dict(data.makers),
        "verdicts": verdicts,
        "evidence": data.verdicts.evidence(),
        "stops": dict(data.stops.most_common()),
        "funnels": [asdict(funnel) for funnel in funnels],
        "judges": [asdict(judge) for judge in judges],
        "agreements": [asdict(pair) for pair in data.votes.agreements()],
        "contested": dict(contested),
        "ledger": [[by_place[place], reason, *data.verdicts.of(by_place[place])] for place, reason in ledger],
        "opinions": opinions,
        "difficulty": [asdict(found) for found in difficulties],
        "declared": asdict(bands) if (bands := declared_bands(data.declared)) else None,
        "skills": _grid(data.pairs),
        "spending": asdict(spending(summaries, makers, good)),
        "messages": [asdict(entry) for entry in written_messages(summary for _, summary in summaries)],
        "contamination": asdict(contamination(_texts(data.runs, CONTAMINATION))),
        "checkers": audits(_texts(data.runs, CHECKERS)),
        "items": table(listed),
    }


def _grid(pairs: SkillPairs) -> dict[str, Any]:
    grid = pairs.grid()
    cells = [[cell.first, cell.second, cell.drawn, cell.kept, cell.covered] for cell in grid.cells]
    drawn = asdict(picture(grid))
    return {"names": grid.skills, "categories": grid.categories, "cells": cells, "total": grid.total, "graph": drawn}


def _described(stored: StoredRun) -> dict[str, Any]:
    manifest = stored.manifest
    settings = {key: value for key, value in stored.config.items() if value not in (None, [], {}, "")}
    return {
        "path": stored.name,
        "stage": stored.stage,
        "complete": stored.complete,
        "rows": stored.rows,
        "version": manifest.agentprop if manifest else None,
        "settings": shareable(settings),
        "summary": stored.summary,
    }


def _texts(runs: Sequence[StoredRun], name: str) -> dict[str, str]:
    """Read the files with a name beside the data, by path."""
    found = {f"{stored.name}/{name}": stored.file(name) for stored in runs}
    return {path: data.decode(errors="replace") for path, data in found.items() if data is not None}
