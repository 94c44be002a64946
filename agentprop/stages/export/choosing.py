"""Joined runs and the settings of an export → the problems that are left out besides those that V or the band refuse.

    reweight   more of the difficulties that are wanted in a domain
    route      by what a policy can do already

Both are off by default, and what they leave out is counted under a reason of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from agentprop.config import ExportConfig
from agentprop.errors import InputError
from agentprop.export.routes import Tried, learnt, route
from agentprop.export.weights import Preference, kept_share, raw
from agentprop.grading.difficulty import Band
from agentprop.records import Domain, Problem, StopReason, Trajectory
from agentprop.stages.common.accepted import JoinedRuns
from agentprop.training.data.splits import share_of

THINNED, UNMEASURED, ROUTED = "left out by reweight", "difficulty not measured", "left out by route"
LOST = frozenset({StopReason.INFRASTRUCTURE, StopReason.TOOL_FAILURE})
"""Ends that say nothing about a proposer."""


def choose(config: ExportConfig, joined: JoinedRuns) -> dict[str, Any]:
    """Mark what is left out in the joined runs; return what the summary tells of it. Raises InputError."""
    told: dict[str, Any] = {}
    if config.reweight:
        _reweigh(config.reweight, config.seed, joined)
    if config.route is not None:
        told["routes"] = _route(config.route, joined, Band.of(config.difficulty))
    return told


def _reweigh(preferences: Mapping[Domain, Preference], seed: int, joined: JoinedRuns) -> None:
    if not joined.rates:
        raise InputError("reweight needs measured difficulty", hint="run agentprop probe, and name its run too")
    found: dict[str, dict[str, float]] = {}
    for stored in joined.runs:
        for row in stored.iter_rows(Problem, ["id", "domain"]):
            name, rate, wanted = row["id"], joined.rates.get(row["id"]), preferences.get(row["domain"], "flat")
            if joined.verdicts.get(name) != "valid":
                continue
            if wanted != "flat" and (rate is None or not rate.k):
                joined.dropped[name] = UNMEASURED
                continue
            weight = 1.0 if rate is None or not rate.k else raw(wanted, rate.c, rate.k)
            found.setdefault(row["domain"], {})[name] = weight
    for name, share in kept_share(found).items():
        if share_of(seed, "reweight", name) >= share:
            joined.dropped[name] = THINNED


def _route(policy: str, joined: JoinedRuns, band: Band | None) -> dict[str, int]:
    bundles: dict[tuple[str, ...], list[Tried]] = {}
    for trajectory, problem in _tries(joined, band):
        bundles.setdefault(tuple(sorted(trajectory.task.skill_names)), []).append(
            Tried(
                *problem,
                sum(len(turn.message) for turn in trajectory.turns),
                policy in trajectory.made_by.name,
            )
        )
    routes = Counter(str(route(tried)) for tried in bundles.values())
    if set(routes) <= {"None"}:
        raise InputError(
            f"no trajectory is by {policy}", hint="name the policy's run, or a part of its proposer's name"
        )
    kept = {name for tried in bundles.values() for name in learnt(tried)}
    tried_ids = {one.problem for tried in bundles.values() for one in tried if one.problem is not None}
    joined.dropped.update(dict.fromkeys(tried_ids - kept, ROUTED))
    taught = sum(route(tried) == "teach" and bool(learnt(tried)) for tried in bundles.values())
    return {name: routes[name] for name in ("teach", "self", "skip")} | {"taught": taught}


def _tries(joined: JoinedRuns, band: Band | None) -> Iterator[tuple[Trajectory, tuple[str | None, str]]]:
    """All trajectories, with id and template of their problems if these were accepted; those lost say nothing."""
    accepted = {one.problem.trajectory_id: (one.problem.id, one.problem.template) for one in joined.problems(band)}
    every = (trajectory for stored in joined.runs for trajectory in stored.iter(Trajectory))
    return ((one, accepted.get(one.id, (None, ""))) for one in every if one.stop not in LOST)
