"""Runs at several temperatures, with verdicts → which temperature and band of difficulty has the best balance score.

A query is a bundle of skills, its samples the candidates that were asked for it. Compared are proposers at the
temperatures that their trajectories name, on the bundles that all of them tried, with as many samples of each as the
one that tried it least, the first ones; else a longer run would win. A submitted problem is right if V found it valid,
a repeat if its template was there, and selected if its pass rate lies in the band; without a band, every submitted
problem is selected. In place of B-STaR's reward model this is the only threshold. Nothing is sampled.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from agentprop.errors import InputError
from agentprop.grading.balance import WANTED, Sample, balance_of
from agentprop.grading.difficulty import Band
from agentprop.records import Problem, StopReason, Trajectory
from agentprop.stages.common.accepted import JoinedRuns, join

LOST = frozenset({StopReason.INFRASTRUCTURE, StopReason.TOOL_FAILURE})
"""Ends that say nothing about a proposer."""

Configuration = tuple[str, float]
"""Proposer and its temperature."""
Query = tuple[str, ...]
"""Names of a bundle's skills, sorted."""
Tries = Mapping[Configuration, Mapping[Query, Sequence[str | None]]]
"""Ids of the problems that were submitted, None for tries without one, in the order of the tries."""


def tune(runs: Sequence[str], bands: Sequence[str], wanted: int = WANTED) -> dict[str, Any]:
    """Return a row for every proposer, temperature and band, the best first. Raises InputError."""
    parsed = {text: Band.of(text) for text in bands} or {"": None}
    for text, band in parsed.items():
        if text and band is None:
            raise InputError(f"{text} is no range of pass rates", hint="give LO..HI, such as 0.1..0.9")
    joined = join(runs, band=next(iter(parsed.values())))
    tries = common(_tries(joined))
    templates = {
        row["id"]: row["template"] or row["id"]
        for stored in joined.runs
        for row in stored.iter_rows(Problem, ["id", "template"])
    }
    rows = [
        {
            "proposer": name,
            "temperature": temperature,
            **({"difficulty": text} if text else {}),
            "balance": _score(queries, joined, templates, band, wanted),
            "bundles": len(queries),
            "samples": sum(len(found) for found in queries.values()),
        }
        for (name, temperature), queries in tries.items()
        for text, band in parsed.items()
    ]
    rows.sort(key=lambda row: (-row["balance"], row["proposer"], row["temperature"]))
    return {"best": rows[0], "rows": rows}


def common(tries: Tries) -> Tries:
    """Return the tries of the bundles that all configurations tried, as many of each. Raises InputError if none is."""
    shared = set.intersection(*(set(queries) for queries in tries.values())) if tries else set()
    if len(tries) < 2 or not shared:
        names = ", ".join(f"{name} at {temperature:g}" for name, temperature in tries) or "no proposer"
        raise InputError(
            f"there is nothing to compare: {names}",
            hint="propose with one seed at two temperatures or more, and name all runs with their verify runs",
        )
    size = {query: min(len(queries[query]) for queries in tries.values()) for query in sorted(shared)}
    return {key: {query: queries[query][:n] for query, n in size.items()} for key, queries in tries.items()}


def _score(
    queries: Mapping[Query, Sequence[str | None]],
    joined: JoinedRuns,
    templates: Mapping[str, str],
    band: Band | None,
    wanted: int,
) -> float:
    def sample(problem: str | None) -> Sample:
        if problem is None:
            return Sample(False, False, "")
        rate = joined.rates.get(problem)
        selected = band is None or (rate is not None and band.holds(rate.c, rate.k))
        return Sample(selected, joined.verdicts.get(problem) == "valid", templates.get(problem, problem))

    scores = [balance_of([sample(one) for one in found], wanted) for found in queries.values()]
    return sum(scores) / len(scores)


def _tries(joined: JoinedRuns) -> Tries:
    found: dict[Configuration, dict[Query, list[tuple[int, str | None]]]] = defaultdict(lambda: defaultdict(list))
    for stored in joined.runs:
        for one in stored.iter(Trajectory):
            temperature = _temperature(one.made_by.sampling)
            if temperature is not None and one.stop not in LOST:
                query = tuple(sorted(one.task.skill_names))
                found[one.made_by.name, temperature][query].append((one.task.index, one.problem_id))
    return {
        key: {query: [problem for _, problem in sorted(tried, key=lambda t: t[0])] for query, tried in queries.items()}
        for key, queries in found.items()
    }


def _temperature(sampling: str | None) -> float | None:
    """Return the temperature of a record's sampling; None for the built-in proposer and models that name none."""
    value = json.loads(sampling).get("temperature") if sampling else None
    return None if value is None else float(value)
