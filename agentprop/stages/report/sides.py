"""Runs → one side of a comparison: what a report sets against other runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agentprop.report.comparison import Side
from agentprop.report.funnel import Rejects
from agentprop.report.items import (
    ListedProblem,
)
from agentprop.report.text import shareable
from agentprop.stages.report.gathered import ReportData
from agentprop.storage.reader import StoredRun
from agentprop.storage.stores import is_url


def name_of(runs: Sequence[StoredRun]) -> str:
    return " · ".join(dict.fromkeys(map(_title, runs)))


def side_of(data: ReportData, problems: Mapping[str, ListedProblem], rejects: Sequence[Rejects]) -> Side:
    reasons: Counter[str] = Counter()
    for counted in rejects:
        reasons.update(counted.by_code())
    settings = {
        f"{stored.stage}.{name}": value
        for stored in data.runs
        for name, value in shareable(stored.config).items()
        if value not in (None, [], {}, "")
    }
    return Side(
        name=name_of(data.runs),
        settings=settings,
        verdicts=data.verdicts.counts(),
        reasons=reasons,
        categories=Counter(item.category or "" for item in problems.values()),
        pass_rates={found.prober: found.mean for found in data.difficulties if found.mean is not None},
        statuses={item.id: item.status for item in problems.values()},
    )


def _title(stored: StoredRun) -> str:
    """The last part of where a run lies."""
    return stored.name.rpartition("/")[2] if is_url(stored.name) else stored.path.resolve().name
