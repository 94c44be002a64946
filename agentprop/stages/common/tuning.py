"""Runs at several temperatures, with verdicts → which temperature and band of difficulty has the best balance score.

A query is a bundle of skills, its samples the candidates that were asked for it. Compared are proposers at the
temperatures that their trajectories name, on the bundles that all of them tried, with as many samples of each as the
one that tried it least, the first ones; else a longer run would win. A submitted problem is right if V found it valid,
a repeat if its template was there, and selected if its pass rate lies in the band; without a band, every submitted
problem is selected. In place of B-STaR's reward model this is the only threshold. Nothing is sampled.

The same tries say whether a proposer that was trained still reaches what it reached before: for each k the different
templates among k tries of a bundle, and the bundles that it and the first configuration managed at least once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from agentprop.errors import InputError
from agentprop.grading.balance import WANTED, Sample, balance_of
from agentprop.grading.difficulty import Band
from agentprop.grading.support import coverage, support
from agentprop.records import Problem, StopReason, Trajectory
from agentprop.stages.common.accepted import JoinedRuns, join

LOST = frozenset({StopReason.INFRASTRUCTURE, StopReason.TOOL_FAILURE})
"""Ends that say nothing about a proposer."""

UNNAMED = "no trajectory names the temperature that it was sampled at"
"""Said of built-in proposers, and of models whose temperature only agentprop.toml or their server knows."""

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
    rows: list[dict[str, Any]] = []
    for text, band in parsed.items():
        sampled = {key: _sampled(queries, joined, templates, band) for key, queries in tries.items()}
        before = next(iter(sampled.values()))
        rows += [
            {
                "proposer": name,
                "temperature": temperature,
                **({"difficulty": text} if text else {}),
                "balance": fmean(balance_of(found, wanted) for found in samples),
                "bundles": len(samples),
                "samples": sum(map(len, samples)),
                "coverage": _coverage(samples),
                **({} if samples is before else {"against_first": _against(before, samples)}),
            }
            for (name, temperature), samples in sampled.items()
        ]
    rows.sort(key=lambda row: (-row["balance"], row["proposer"], row["temperature"]))
    return {"best": rows[0], "rows": rows}


def common(tries: Tries) -> Tries:
    """Return the tries of the bundles that all configurations tried, as many of each. Raises InputError if none is."""
    shared = set.intersection(*(set(queries) for queries in tries.values())) if tries else set()
    if len(tries) < 2 or not shared:
        names = ", ".join(f"{name} at {temperature:g}" for name, temperature in tries) or UNNAMED
        raise InputError(
            f"there is nothing to compare: {names}",
            hint="propose with one seed at two temperatures or more, by --set temperature=0.7 and so on, and name all "
            "runs with their verify runs",
        )
    size = {query: min(len(queries[query]) for queries in tries.values()) for query in sorted(shared)}
    return {key: {query: queries[query][:n] for query, n in size.items()} for key, queries in tries.items()}


def _sampled(
    queries: Mapping[Query, Sequence[str | None]], joined: JoinedRuns, templates: Mapping[str, str], band: Band | None
) -> list[list[Sample]]:
    """Return the samples of each bundle, in the order of the bundles."""

    def sample(problem: str | None) -> Sample:
        if problem is None:
            return Sample(False, False, "")
        rate = joined.rates.get(problem)
        selected = band is None or (rate is not None and band.holds(rate.c, rate.k))
        return Sample(selected, joined.verdicts.get(problem) == "valid", templates.get(problem, problem))

    return [[sample(one) for one in found] for found in queries.values()]


def _coverage(samples: Sequence[Sequence[Sample]]) -> dict[str, float]:
    """Return the mean number of different templates that are right among k tries of a bundle, for k = 1, 2, 4, …"""
    most = min(map(len, samples))
    named = [[one.template if one.selected and one.right else None for one in found] for found in samples]
    ks = [1 << n for n in range(most.bit_length())]
    return {str(k): fmean(coverage(found, k) for found in named) for k in ks}


def _against(before: Sequence[Sequence[Sample]], after: Sequence[Sequence[Sample]]) -> dict[str, float]:
    """Count the bundles that were managed at least once by both, only now, only before, or never, with McNemar's p."""
    tried = [[(len(found), sum(one.selected and one.right for one in found)) for found in of] for of in (before, after)]
    found = support(*tried)
    return {**asdict(found), "p": found.p}


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
